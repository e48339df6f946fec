/**
 * Tells how a promise of somebody else ended without anybody noticing: it is handed out as it is, and whether its rejection
 * counts as handled stays the business of those who were given it.
 *
 * To attach a handler marks a rejection as handled, so nothing is attached until that no longer matters:
 * - somebody else attaches a handler or awaits it: `v8.promiseHooks` tells that a promise was derived from it, and ours is
 *   attached just before theirs. This is nearly always so, in the tick in which the promise is handed out.
 * - it settles and nobody has: what it is can be seen by `util.inspect`, which attaches nothing. A fulfilled promise can
 *   be asked; a rejected one is left to Node ('unhandledRejection', the end of the process) until somebody asks it. If
 *   nobody does, it failed for a reason that is not known.
 *
 * A derived promise handed out instead would cost as much (measured: 170 to 220 ns a call, this 200 to 260) and could be told
 * by its identity, by its class, by one microtask of delay, and by an 'unhandledRejection' of a promise nobody knows.
 *
 * The hooks cost every promise of the process 25 to 45 ns (Node 22, 24 and 26: 70 to 120 ns an awaited async call without,
 * 120 to 210 ns with both), so they are on only while watched calls are made or a promise nobody has asked is pending; to
 * switch them costs 0.4 µs, so that is decided ten times a second.
 *
 * Trap: the derived promise of a subclass is made by its constructor and has no parent, so its handlers are not seen. A
 * rejection of such a promise is recorded without its reason.
 */
import { inspect } from 'node:util'
import v8 from 'node:v8'

import type { Cancel, Clock } from '../types.ts'

export interface PromiseListener {
  /** Milliseconds on the clock. */
  readonly startedAt: number
  /** Milliseconds on the clock; set before the outcome is told, unless it is told at once. */
  settledAt: number | undefined
  fulfilled(value: unknown): void
  rejected(reason: unknown): void
  /** Rejected; to ask for the reason would mark it as handled. */
  rejectedSomehow(): void
}

const DECIDE_EVERY_MS = 100
const INSPECT = { depth: 0, customInspect: false, showProxy: true, maxArrayLength: 0, maxStringLength: 0, breakLength: Infinity } as const

const promisePrototype = Promise.prototype
const then = Reflect.get(promisePrototype, 'then') as (this: Promise<unknown>, ...handlers: ((value: unknown) => void)[]) => void

/** The last promise that was handed out, until somebody asks it: most are asked at once and never cost an entry in a map. */
let last: Promise<unknown> | undefined
let lastListener: PromiseListener | undefined
/** Those handed out before it that nobody has asked. */
const unasked = new WeakMap<object, PromiseListener>()
let unaskedCount = 0
/** Of those, the ones to look at when it is decided next. */
let doubtful: Promise<unknown>[] = []
/** So that it is known when a promise settled that was handed out later in the same tick. */
let lastSettled: Promise<unknown> | undefined
let called = false
let stopHooks: Cancel | undefined
let now: () => number

/** Tells how the promise ends, or has ended. The listener must not throw. */
export function watchPromise(promise: Promise<unknown>, listener: PromiseListener, clock: Clock): void {
  called = true
  if (stopHooks === undefined) startHooks(clock)
  // An async function that awaited nothing.
  if (promise === lastSettled) listener.settledAt = now()
  if (last !== undefined) keepLast()
  last = promise
  lastListener = listener
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
  if (parent === last) listen(parent, forgetLast())
  else if (unaskedCount > 0) {
    const listener = forget(parent)
    if (listener) listen(parent, listener)
  }
}

/** Runs inside of `resolve` and `reject`, also where a promise is resolved with another that is pending. */
function onSettled(promise: Promise<unknown>): void {
  lastSettled = promise
  if (promise !== last && !(unaskedCount > 0 && unasked.has(promise))) return
  const at = now()
  queueMicrotask(() => look(promise, at))
}

function look(promise: Promise<unknown>, at: number): void {
  const listener = promise === last ? lastListener : unasked.get(promise)
  if (!listener) return
  const state = stateOf(promise)
  if (state === 'pending') return
  listener.settledAt ??= at
  if (state === 'fulfilled') listen(promise, forget(promise)!)
  else {
    if (promise === last) keepLast()
    else doubtful.push(promise)
  }
}

function decide(): void {
  if (last !== undefined) keepLast()
  lastSettled = undefined
  const promises = doubtful
  doubtful = []
  for (const promise of promises) {
    if (!unasked.has(promise)) continue
    const state = stateOf(promise)
    if (state === 'pending') continue
    const listener = forget(promise)!
    // Nobody saw it settle, so it had before it was handed out.
    listener.settledAt ??= listener.startedAt
    if (state === 'fulfilled') listen(promise, listener)
    else listener.rejectedSomehow()
  }
  if (!called && unaskedCount === 0) stopHooks?.()
  called = false
}

function keepLast(): void {
  const promise = last!
  // The same promise may be handed out twice, as a cached one is; each call has its end.
  const before = unasked.get(promise)
  const listener = forgetLast()
  if (!before) unaskedCount++
  unasked.set(promise, before ? both(before, listener) : listener)
  doubtful.push(promise)
}

function forgetLast(): PromiseListener {
  const listener = lastListener!
  last = undefined
  lastListener = undefined
  return listener
}

function forget(promise: Promise<unknown>): PromiseListener | undefined {
  const listener = unasked.get(promise)
  if (listener && unasked.delete(promise)) unaskedCount--
  if (promise !== last) return listener
  return listener ? both(listener, forgetLast()) : forgetLast()
}

function both(one: PromiseListener, other: PromiseListener): PromiseListener {
  return {
    startedAt: one.startedAt,
    get settledAt() {
      return undefined
    },
    set settledAt(at: number | undefined) {
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
