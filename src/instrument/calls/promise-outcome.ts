/**
 * Tells how a promise of somebody else ended without anybody noticing: it is handed out as it is, and whether its rejection
 * counts as handled stays the business of those who were given it.
 *
 * To attach a handler marks a rejection as handled, so nothing is attached until that no longer matters. `v8.promiseHooks`
 * tells that a promise was derived from it (`then`, `await`: it was asked) and that it settles:
 * - asked, then settled: ours is attached as it settles. (Not earlier: of a promise with two handlers V8 finds no callers,
 *   and `at async …` would be missing in the stacks of errors.)
 * - settled, and nobody asked until the next turn of the event loop: what it is can be seen by `util.inspect`, which asks
 *   nothing. A fulfilled promise can be asked; a rejected one is left to Node ('unhandledRejection', the end of the process)
 *   until somebody asks it. If nobody does, it failed for a reason that is not known. (Not in the same turn: to inspect a
 *   reason formats its stack, and Node would no longer show the line that ended the process.)
 *
 * A derived promise handed out instead would cost nearly as much (170 to 220 ns a call, this 220 to 260 of two clock reads
 * at 90 to 115) and could be told by its identity, by its class, by one microtask of delay, and by an 'unhandledRejection'
 * of a promise that nobody knows.
 *
 * The hooks cost each promise of the process 25 to 45 ns (an awaited async call: 70 to 120 ns without, 120 to 210 with them,
 * on Node 22, 24 and 26; a `fetch` on loopback: 1 to 2 %), so they are on only while watched calls are made or a watched
 * promise is pending. To switch them costs 0.4 µs, so that is decided ten times a second. One that is pending for half a
 * minute is asked then, if it can be.
 *
 * Trap: the derived promise of a subclass is made by its constructor and has no parent, so its handlers are not seen. A
 * rejection of such a promise is recorded without its reason.
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
  fulfilled(value: unknown): void
  rejected(reason: unknown): void
  /** Rejected; to ask for the reason would mark it as handled. */
  rejectedSomehow(): void
}

const DECIDE_EVERY_MS = 100
const ASK_AFTER_MS = 30_000
const INSPECT = { depth: 0, customInspect: false, showProxy: true, maxArrayLength: 0, maxStringLength: 0, breakLength: Infinity } as const

const promisePrototype = Promise.prototype
const then = Reflect.get(promisePrototype, 'then') as (this: Promise<unknown>, ...handlers: ((value: unknown) => void)[]) => void

/** The one watched last, while it is pending: where calls follow one another no promise ever costs an entry in the map. */
let last: Promise<unknown> | undefined
let lastListener: PromiseListener | undefined
/** Those watched before it that are pending. */
const others = new WeakMap<object, PromiseListener>()
let othersCount = 0
/** Pending ones to look at when it is decided next, and what was seen of them then. */
let undecided: { readonly promise: Promise<unknown>; readonly listener: PromiseListener; isPending: boolean }[] = []
/** So that it is known when a promise settled that is handed out later in the same tick. */
let lastSettled: Promise<unknown> | undefined
let called = false
let stopHooks: Cancel | undefined
let now: () => number

/** Before a call that is known to return a promise: one that settles while the hooks are off is looked at a moment later. */
export function expectPromise(clock: Clock): void {
  if (stopHooks === undefined) startHooks(clock)
}

/** Tells how the promise ends, or has ended. The listener must not throw. */
export function watchPromise(promise: Promise<unknown>, listener: PromiseListener, clock: Clock): void {
  called = true
  if (stopHooks === undefined) startHooks(clock)
  // An async function that awaited nothing.
  if (promise === lastSettled) listener.settledAt = now()
  const known = listenerOf(promise)
  if (known) {
    // A cached promise is handed out again, and each call has its end.
    forget(promise)
    listener = both(known, listener)
  }
  if (last !== undefined) keepLast()
  last = promise
  lastListener = listener
}

function keepLast(): void {
  others.set(last!, lastListener!)
  othersCount++
  undecided.push({ promise: last!, listener: lastListener!, isPending: false })
  last = undefined
  lastListener = undefined
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
  if (parent === undefined) return
  const listener = listenerOf(parent)
  if (listener === undefined) return
  listener.asked = true
  if (listener.settledAt !== undefined) listen(parent, listener)
}

/** Runs inside of `resolve` and `reject`, also where a promise is resolved with another that is pending. */
function onSettled(promise: Promise<unknown>): void {
  lastSettled = promise
  const listener = listenerOf(promise)
  if (listener === undefined) return
  if (listener.asked) {
    listen(promise, listener)
    return
  }
  const at = now()
  setImmediate(() => {
    if (listenerOf(promise) !== listener || stateOf(promise) === 'pending') return
    listener.settledAt ??= at
    if (listener.asked || stateOf(promise) === 'fulfilled') listen(promise, listener)
  })
}

function decide(): void {
  lastSettled = undefined
  if (last !== undefined) keepLast()
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
  if (promise === last) return lastListener
  return othersCount > 0 ? others.get(promise) : undefined
}

function forget(promise: Promise<unknown>): void {
  if (promise === last) {
    last = undefined
    lastListener = undefined
  } else if (others.delete(promise)) othersCount--
}

function both(one: PromiseListener, other: PromiseListener): PromiseListener {
  let settledAt = other.settledAt ?? one.settledAt
  return {
    startedAt: other.startedAt,
    asked: one.asked,
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
  if (Object.getPrototypeOf(promise) === promisePrototype && !Object.hasOwn(promise, 'constructor')) {
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
