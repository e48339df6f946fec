/**
 * A function that does what another does and tells how each call ended. To the caller there is no difference: the wrapper is
 * a Proxy, so `this`, `new`, own properties (those set later too), `length`, `name` and `prototype` are the function's own,
 * and what it returns or throws is handed out as it is. See promise-outcome.ts and generator-outcome.ts for how the end of
 * a promise and of a generator is learned.
 *
 * A thenable that is no promise ends when it is returned: many run when they are asked, and to ask would be to run them twice.
 *
 * What can still be told: `util.types.isProxy` and `isAsyncFunction`, `Function.prototype.toString.call(wrapped)` (its own
 * `toString()` gives the function's text), `util.inspect`, which from Node 26 on writes `Proxy(…)` around it, one more frame in
 * stack traces, and one more promise in `async_hooks`.
 */
import { isAsyncFunction, isGeneratorObject, isPromise } from 'node:util/types'

import { diag } from '../../diag.ts'
import type { Clock } from '../../types.ts'
import type { Piece, WorkInHand } from '../../record/work-in-hand.ts'
import { watchGenerator } from './generator-outcome.ts'
import type { PromiseListener } from './promise-outcome.ts'
import { callBegins, callReturns, watchPromise } from './promise-outcome.ts'

export interface Call {
  /** Milliseconds from the call until its end: the return, the promise settled, the generator finished, the callback called. */
  readonly durationMs: number
  readonly args: readonly unknown[]
  /** What it returned, resolved to, or gave its callback; absent if it failed. */
  readonly value?: unknown
  /** What it threw, rejected with, or gave its callback; also absent where that could not be learned unnoticed. */
  readonly error?: unknown
  readonly failed: boolean
}

export interface CallListener {
  /** It never throws, so that nobody has to see to that. */
  readonly isSafe?: true
  /** When the call begins. Like `onCall` it must not throw; if it does, that is said once and the service does not notice. */
  readonly onBegin?: (args: readonly unknown[]) => void
  readonly onCall: (call: Call) => void
  /** Counts calls while they run. Must not throw. */
  readonly running?: RunningCounter
}

export interface RunningCounter {
  /** What is called. */
  readonly name: string
  readonly counts: Pick<WorkInHand, 'add' | 'end'>
}

export interface WatchFunctionOptions extends CallListener {
  readonly clock: Clock
  /** The last argument, if it is a function, is a Node callback `(error, value)`, and the call ends when it is called. */
  readonly callback?: boolean
  /** Whether a call on this object is recorded; default: every one. */
  readonly when?: (self: unknown) => boolean
}

export type AnyFunction = (this: unknown, ...args: never[]) => unknown

/** Wrapper -> function, so that a wrapper gives the text of the function. */
const originals = new WeakMap<object, object>()
const functionToString: (this: unknown) => string = Reflect.get(Function.prototype, 'toString')
const toString = new Proxy(functionToString, {
  apply: (target, self: object, args) => Reflect.apply(target, originals.get(self) ?? self, args),
})

export function watchFunction<F extends AnyFunction>(original: F, options: WatchFunctionOptions): F {
  const { clock, callback = false, when } = options
  const sayOnce = sayer(`otel-health: a call of ${original.name || 'a function'} could not be recorded:`)
  const listener = options.isSafe ? options : guarded(options, sayOnce)
  const isAsync = isAsynchronous(original)
  const isClass = functionToString.call(original).startsWith('class')

  const wrapped: F = standIn(original, {
    apply(target, self, args: unknown[]) {
      if (when !== undefined && !when(self)) return Reflect.apply(target, self, args)
      const call = new RunningCall(args, listener, clock)
      let result: unknown
      callBegins(isAsync, clock)
      try {
        if (callback && typeof args.at(-1) === 'function') {
          return Reflect.apply(target, self, [...args.slice(0, -1), call.endingWith(args.at(-1) as AnyFunction)])
        }
        result = Reflect.apply(target, self, args)
      } catch (error) {
        call.rejected(error)
        throw error
      } finally {
        callReturns()
      }
      if (typeof result !== 'object' || result === null) call.fulfilled(result)
      else if (isPromise(result)) watchPromise(result, call, clock)
      else if (!isGeneratorObject(result) || !watchGenerator(result, target, call, clock)) call.fulfilled(result)
      return result
    },
    construct(target, args: unknown[], newTarget) {
      if (when !== undefined && !when(undefined)) return Reflect.construct(target, args, newTarget) as object
      const call = new RunningCall(args, listener, clock)
      try {
        // The name of a class means the class itself inside of it, the name of a function what stands in its place.
        const instance: unknown = Reflect.construct(target, args, isClass && newTarget === wrapped ? target : newTarget)
        call.fulfilled(instance)
        return instance as object
      } catch (error) {
        call.rejected(error)
        throw error
      }
    },
  })
  return wrapped
}

/** Whether it is declared with `async`, also behind a wrapper of ours. */
export function isAsynchronous(fn: AnyFunction): boolean {
  return isAsyncFunction(originals.get(fn) ?? fn)
}

/** A Proxy whose `toString()` gives the text of the function. */
export function standIn<F extends AnyFunction>(original: F, handler: ProxyHandler<F>): F {
  const proxy = new Proxy(original, {
    ...handler,
    get(target, key, receiver) {
      const value: unknown = Reflect.get(target, key, receiver)
      return value === functionToString && receiver === proxy ? toString : value
    },
  })
  originals.set(proxy, originals.get(original) ?? original)
  return proxy
}

/** Tells its end once. */
class RunningCall implements PromiseListener, Piece {
  readonly #args: readonly unknown[]
  readonly #clock: Clock
  #listener: CallListener | undefined
  readonly startedAt: number
  readonly name: string
  readonly id: undefined
  before: Piece | undefined = undefined
  after: Piece | undefined = undefined
  hasEnded = false
  settledAt: number | undefined = undefined
  asked = false
  promise: Promise<unknown> | undefined = undefined

  constructor(args: readonly unknown[], listener: CallListener, clock: Clock) {
    this.#args = args
    this.#clock = clock
    this.#listener = listener
    if (listener.onBegin !== undefined) listener.onBegin(args)
    this.startedAt = clock.monotonicMs()
    const { running } = listener
    this.name = running === undefined ? '' : running.name
    if (running !== undefined) running.counts.add(this)
  }

  fulfilled(value: unknown): void {
    const listener = this.#listener
    if (listener === undefined) return
    this.#listener = undefined
    if (listener.running !== undefined) listener.running.counts.end(this)
    listener.onCall({ durationMs: this.#elapsed(), args: this.#args, value, failed: false })
  }

  rejected(error: unknown): void {
    const listener = this.#listener
    if (listener === undefined) return
    this.#listener = undefined
    if (listener.running !== undefined) listener.running.counts.end(this)
    listener.onCall({ durationMs: this.#elapsed(), args: this.#args, error, failed: true })
  }

  rejectedSomehow(): void {
    this.rejected(undefined)
  }

  endingWith(callback: AnyFunction): AnyFunction {
    return standIn(callback, {
      apply: (target, self, args: unknown[]) => {
        if (args[0]) this.rejected(args[0])
        else this.fulfilled(args[1])
        return Reflect.apply(target, self, args)
      },
    })
  }

  #elapsed(): number {
    return (this.settledAt ?? this.#clock.monotonicMs()) - this.startedAt
  }
}

function guarded({ onBegin, onCall, running }: CallListener, sayOnce: (detail: unknown) => void): CallListener {
  return {
    ...(running && { running }),
    ...(onBegin && {
      onBegin(args) {
        try {
          onBegin(args)
        } catch (error) {
          sayOnce(error)
        }
      },
    }),
    onCall(call) {
      try {
        onCall(call)
      } catch (error) {
        sayOnce(error)
      }
    },
  }
}

function sayer(message: string): (detail: unknown) => void {
  let said = false
  return (detail) => {
    if (!said) diag.warn(message, detail)
    said = true
  }
}
