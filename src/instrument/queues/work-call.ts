/** The call by which a queue library has a piece of work done: its end is told, and the library gets what it would have got. */
import { isPromise } from 'node:util/types'

import type { Clock } from '../../types.ts'
import type { LibraryListener, QueueAttempt } from './queue-library.ts'

export type Outcome = Pick<QueueAttempt, 'failed' | 'error' | 'postponed'>

export interface WorkCall {
  readonly clock: Clock
  /** Whether what was thrown says that the work goes on later; left out: it never does. May throw. */
  readonly isPostponing?: (error: unknown) => boolean
  /** Milliseconds after which the library takes the work for failed, whatever becomes of it; `undefined` or 0: it waits for its end. */
  readonly limitMs?: (args: readonly unknown[]) => number | undefined
  /** That the promise which is returned was made by the library: it may be asked twice, and the library gets that one and no other. */
  readonly isLibraryPromise?: boolean
  /** Whether the library awaits what was returned; left out: whatever can be awaited. */
  readonly awaits?: (result: unknown) => boolean
  /**
   * Must not throw. `outcome` may: it looks at what the service has thrown. `durationMs`: until it returned or its promise settled. `result`:
   * what it gave unless it failed.
   */
  readonly tell: (self: unknown, args: readonly unknown[], durationMs: number, outcome: () => Outcome, result: unknown) => void
}

/** The longest that a timer waits, in milliseconds; one that is to wait longer ends at once. */
const LONGEST_TIMER_MS = 0x7fffffff

/**
 * What goes around a method or function that does the work, as `replaceMethod` takes it. Only for libraries that await what is returned and
 * handle its rejection: then to listen as well hides nothing from anybody.
 */
export function aroundWork({
  clock,
  isPostponing = () => false,
  limitMs = () => undefined,
  isLibraryPromise = false,
  awaits = isObject,
  tell,
}: WorkCall) {
  return (self: unknown, args: unknown[], original: (this: unknown, ...args: unknown[]) => unknown): unknown => {
    const startedAt = clock.monotonicMs()
    let ended = false
    let cancelLimit = (): void => {}
    const end = (outcome: () => Outcome, result?: unknown): void => {
      if (ended) return
      ended = true
      cancelLimit()
      tell(self, args, clock.monotonicMs() - startedAt, outcome, result)
    }
    const completed = (value: unknown): void => end(() => ({ failed: false, postponed: false }), value)
    const threw = (error: unknown): void =>
      end(() => (isPostponing(error) ? { failed: false, postponed: true } : { failed: true, postponed: false, error }))
    let result: unknown
    try {
      result = Reflect.apply(original, self, args)
    } catch (error) {
      threw(error)
      throw error
    }
    if (!awaits(result)) {
      completed(result)
      return result
    }
    // Only a plain promise may be asked twice; to ask another thenable twice may be to run it twice, so the library is given a promise
    // that asks it once.
    const promise =
      isLibraryPromise || isPlainPromise(result) ? (result as Promise<unknown>) : new Promise<unknown>((resolve) => resolve(result))
    promise.then(completed, threw)
    const limit = Number(limitMs(args))
    if (limit > 0 && limit <= LONGEST_TIMER_MS)
      cancelLimit = clock.after(limit, () => threw(new TimedOut(`it took longer than ${limit} ms`)))
    return promise
  }
}

export type Handler = (...args: unknown[]) => unknown

/** What a library has made of the service's function, and keeps to call it: it does the same and tells. `limitMs`: as above. */
export function tellingHandler(
  handler: Handler,
  queue: string,
  limitMs: NonNullable<WorkCall['limitMs']>,
  { clock, onAttempt }: LibraryListener,
): Handler {
  const around = aroundWork({
    clock,
    limitMs,
    isLibraryPromise: true,
    tell: (_self, _args, durationMs, outcome) => onAttempt(() => ({ queue, durationMs, ...outcome() })),
  })
  return new Proxy(handler, { apply: (target, self, args: unknown[]) => around(self, args, target) })
}

function isObject(value: unknown): boolean {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

/** What the library does not wait for any longer. */
class TimedOut extends Error {
  override readonly name = 'TimeoutError'
}

/** Nobody can tell it from another promise that settles alike (async_hooks adds symbols). */
function isPlainPromise(value: unknown): value is Promise<unknown> {
  return isPromise(value) && Object.getPrototypeOf(value) === Promise.prototype && Object.getOwnPropertyNames(value).length === 0
}
