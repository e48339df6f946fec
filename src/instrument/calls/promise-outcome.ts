/**
 * Tells how a promise of somebody else ended without anybody noticing: it is handed out as it is, and whether its rejection
 * counts as handled stays the business of those who were given it.
 *
 * To attach a handler marks a rejection as handled, so nothing is attached until that no longer matters. `v8.promiseHooks`
 * tells that a promise was derived from it (`then`, `await`: it was asked) and that it settles:
 * - asked, then settled: ours is attached as it settles. (Not earlier: of a promise with two handlers V8 finds no callers,
 *   and `at async …` would be missing in the stacks of errors.)
 * - settled, then asked, as a call that awaited nothing: ours is attached at once, or, of the call made last, when whoever asked has
 *   gone on, which settles a promise or asks another. So nobody who waits for one call after the other waits for us.
 * - settled, and nobody asked until the next turn of the event loop: what it is can be seen by `util.inspect`, which asks
 *   nothing. A fulfilled promise can be asked; a rejected one is left to Node ('unhandledRejection', the end of the process)
 *   until somebody asks it. If nobody does, it failed for a reason that is not known. (Not in the same turn: to inspect a
 *   reason formats its stack, and Node would no longer show the line that ended the process.)
 *
 * A derived promise handed out instead would cost nearly as much and could be told by its identity, by its class, by one
 * microtask of delay, and by an 'unhandledRejection' of a promise that nobody knows.
 *
 * The hooks cost each promise of the process 25 to 45 ns (an awaited async call: 70 to 120 ns without, 120 to 210 with them,
 * on Node 22, 24 and 26; a `fetch` on loopback: 1 to 2 %), so they are on only while watched calls are made or a watched
 * promise is pending. To switch them costs 0.4 µs, so that is decided ten times a second. One that is pending for half a
 * minute is asked then, if it can be.
 *
 * Trap: the derived promise of a subclass is made by its constructor and has no parent, so its handlers are not seen. A
 * rejection of such a promise is recorded without its reason. A class whose `constructor` is a getter has it asked once more.
 */
import { setImmediate } from 'node:timers'
import { inspect } from 'node:util'
import v8 from 'node:v8'

import type { Cancel, Clock } from '../../types.ts'

export interface PromiseListener {
  /** Milliseconds on the clock. */
  readonly startedAt: number
  /** Milliseconds on the clock; set before the outcome is told, unless it is told at once. */
  settledAt: number | undefined
  /** Whether somebody else has attached a handler. Starts as false. */
  asked: boolean
  /** What it listens to, for who watches it. Starts as `undefined`. */
  promise: Promise<unknown> | undefined
  fulfilled(value: unknown): void
  rejected(reason: unknown): void
  /** Rejected; to ask for the reason would mark it as handled. */
  rejectedSomehow(): void
}

const DECIDE_EVERY_MS = 100
const ASK_AFTER_MS = 30_000
const INSPECT = { depth: 0, customInspect: false, showProxy: true, maxArrayLength: 0, maxStringLength: 0, breakLength: Infinity } as const

/** A service may put another in its place. */
const nativePromise = Promise
const then = Reflect.get(nativePromise.prototype, 'then') as (this: Promise<unknown>, ...handlers: ((value: unknown) => void)[]) => void

/** Of the one watched last, until ours is attached: where calls follow one another no promise ever costs an entry in the map. */
let last: PromiseListener | undefined
/** It has settled and was asked; who asked has not gone on yet. */
let isDue = false
/** Those watched before it that are pending. */
const others = new WeakMap<object, PromiseListener>()
let othersCount = 0
/** Pending ones to look at when it is decided next, and what was seen of them then. */
let undecided: { readonly promise: Promise<unknown>; readonly listener: PromiseListener; isPending: boolean }[] = []
/** Watched calls that have not returned: what settles meanwhile may be handed out settled. */
let running = 0
let lastSettled: Promise<unknown> | undefined
let called = false
let stopHooks: Cancel | undefined
let now: () => number

/** Before a call. `isAsync`: it will return a promise. One that settles while the hooks are off is looked at a moment later. */
export function callBegins(isAsync: boolean, clock: Clock): void {
  running++
  if (isAsync && stopHooks === undefined) startHooks(clock)
}

/** A call that began has returned or thrown. */
export function callReturns(): void {
  running--
}

/** Tells how the promise ends, or has ended. The listener must not throw. */
export function watchPromise(promise: Promise<unknown>, listener: PromiseListener, clock: Clock): void {
  called = true
  if (stopHooks === undefined) startHooks(clock)
  // An async function that awaited nothing.
  if (promise === lastSettled) listener.settledAt = now()
  if (isDue) listenToLast()
  const known = listenerOf(promise)
  if (known) {
    // A cached promise is handed out again, and each call has its end.
    if (known.settledAt !== undefined) listener.settledAt ??= listener.startedAt
    forget(promise)
    listener = both(known, listener)
  }
  if (last !== undefined) keep(last)
  listener.promise = promise
  last = listener
}

function keep(listener: PromiseListener): void {
  const promise = listener.promise!
  others.set(promise, listener)
  othersCount++
  undecided.push({ promise, listener, isPending: false })
  last = undefined
}

function startHooks(clock: Clock): void {
  now = () => clock.monotonicMs()
  const off = v8.promiseHooks.createHook({ init: onInit, settled: onSettled }) as Cancel
  const cancel = clock.every(DECIDE_EVERY_MS, decide)
  stopHooks = () => {
    off()
    cancel()
    stopHooks = undefined
  }
}

/** Runs inside of `then` or `await`, for every promise of the process. */
function onInit(_derived: Promise<unknown>, parent: Promise<unknown> | undefined): void {
  if (isDue) listenToLast()
  if (parent === undefined) return
  const listener = listenerOf(parent)
  if (listener === undefined) return
  listener.asked = true
  if (listener.settledAt === undefined) return
  if (listener === last) isDue = true
  else listen(parent, listener)
}

function listenToLast(): void {
  listen(last!.promise!, last!)
}

/** Runs as a promise is fulfilled or rejected: where it is resolved with another, not before that one is. */
function onSettled(promise: Promise<unknown>): void {
  if (isDue) listenToLast()
  if (running > 0) lastSettled = promise
  const listener = listenerOf(promise)
  if (listener === undefined) return
  // Not when it is told: whoever waited goes on before, and may take long.
  listener.settledAt = now()
  if (listener.asked) {
    listen(promise, listener)
    return
  }
  setImmediate(() => {
    if (listenerOf(promise) !== listener) return
    if (listener.asked || stateOf(promise) === 'fulfilled') listen(promise, listener)
  })
}

function decide(): void {
  lastSettled = undefined
  if (isDue) listenToLast()
  if (last !== undefined) keep(last)
  const before = undecided
  undecided = []
  for (const each of before) {
    const { promise, listener } = each
    if (listenerOf(promise) !== listener) continue
    const state = each.isPending && listener.settledAt === undefined ? 'pending' : stateOf(promise)
    if (state === 'pending') {
      each.isPending = true
      if (listener.asked && now() - listener.startedAt > ASK_AFTER_MS) listen(promise, listener)
      else undecided.push(each)
      continue
    }
    // Nobody saw it settle, so it had before it was handed out.
    listener.settledAt ??= listener.startedAt
    if (listener.asked || state === 'fulfilled') listen(promise, listener)
    else {
      forget(promise)
      listener.rejectedSomehow()
    }
  }
  if (!called && last === undefined && othersCount === 0) stopHooks?.()
  called = false
}

function listenerOf(promise: Promise<unknown>): PromiseListener | undefined {
  if (last !== undefined && last.promise === promise) return last
  return othersCount > 0 ? others.get(promise) : undefined
}

function forget(promise: Promise<unknown>): void {
  if (last !== undefined && last.promise === promise) {
    last = undefined
    isDue = false
  } else if (others.delete(promise)) othersCount--
}

function both(one: PromiseListener, other: PromiseListener): PromiseListener {
  let settledAt = other.settledAt ?? one.settledAt
  return {
    startedAt: other.startedAt,
    asked: one.asked,
    promise: undefined,
    get settledAt() {
      return settledAt
    },
    set settledAt(at: number | undefined) {
      settledAt = at
      one.settledAt ??= at
      other.settledAt ??= at
    },
    fulfilled(value) {
      one.fulfilled(value)
      other.fulfilled(value)
    },
    rejected(reason) {
      one.rejected(reason)
      other.rejected(reason)
    },
    rejectedSomehow() {
      one.rejectedSomehow()
      other.rejectedSomehow()
    },
  }
}

function listen(promise: Promise<unknown>, listener: PromiseListener): void {
  forget(promise)
  const fulfilled = (value: unknown): void => listener.fulfilled(value)
  const rejected = (reason: unknown): void => listener.rejected(reason)
  // To ask for the prototype would cost more than the rest of this function.
  if (!Object.hasOwn(promise, 'constructor') && promise.constructor === nativePromise) {
    then.call(promise, fulfilled, rejected)
    return
  }
  // A subclass would be asked to construct the derived promise; one whose `constructor` is undefined is not.
  const own = Object.getOwnPropertyDescriptor(promise, 'constructor')
  const hidden = Reflect.defineProperty(promise, 'constructor', { value: undefined, configurable: true })
  if (!hidden) return
  then.call(promise, fulfilled, rejected)
  if (own) Reflect.defineProperty(promise, 'constructor', own)
  else Reflect.deleteProperty(promise, 'constructor')
}

/** Asks nothing of the promise. */
function stateOf(promise: Promise<unknown>): 'pending' | 'fulfilled' | 'rejected' {
  const state = /\{\s+<(pending|rejected)>/u.exec(inspect(promise, INSPECT))?.[1]
  return (state as 'pending' | 'rejected' | undefined) ?? 'fulfilled'
}
