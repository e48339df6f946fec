/** The call by which a queue library has a piece of work done: its end is told, and the library gets what it would have got. */
import { isPromise } from 'node:util/types'

import type { Clock } from '../../types.ts'
import type { BegunPiece, LibraryListener, QueueAttempt } from './queue-library.ts'

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
  /** Whom to tell that it begins and, whatever became of it before, is over; left out: somebody else does. `piece` may throw. */
  readonly counts?: { readonly listener: Counting; readonly piece: (self: unknown, args: readonly unknown[]) => BegunPiece }
  /**
   * Must not throw. `outcome` may: it looks at what the service has thrown. `durationMs`: until it returned or its promise settled. `result`:
   * what it gave unless it failed.
   */
  readonly tell: (self: unknown, args: readonly unknown[], durationMs: number, outcome: () => Outcome, result: unknown) => void
}

type Counting = Pick<LibraryListener, 'onBegin' | 'onEnd'>

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
  counts,
  tell,
}: WorkCall) {
  return (self: unknown, args: unknown[], original: (this: unknown, ...args: unknown[]) => unknown): unknown => {
    const startedAt = clock.monotonicMs()
    const piece = counts?.listener.onBegin(() => counts.piece(self, args))
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
      counts?.listener.onEnd(piece)
      threw(error)
      throw error
    }
    if (!awaits(result)) {
      counts?.listener.onEnd(piece)
      completed(result)
      return result
    }
    // Only a plain promise may be asked twice; to ask another thenable twice may be to run it twice, so the library is given a promise
    // that asks it once.
    const promise =
      isLibraryPromise || isPlainPromise(result) ? (result as Promise<unknown>) : new Promise<unknown>((resolve) => resolve(result))
    const over = (): void => counts?.listener.onEnd(piece)
    if (counts) promise.then(over, over)
    promise.then(completed, threw)
    const limit = Number(limitMs(args))
    if (limit > 0 && limit <= LONGEST_TIMER_MS)
      cancelLimit = clock.after(limit, () => threw(new TimedOut(`it took longer than ${limit} ms`)))
    return promise
  }
}

/**
 * What goes around a method by which a library has work done and notes its end: the work is in hand until what the method returned settles.
 * `pieces` may throw; of what it gives none nothing is counted.
 */
export function inHandDuring({ onBegin, onEnd }: Counting, pieces: (self: unknown, args: readonly unknown[]) => readonly BegunPiece[]) {
  return (self: unknown, args: unknown[], original: (this: unknown, ...args: unknown[]) => unknown): unknown => {
    const begun = piecesOf(() => pieces(self, args)).map((piece) => onBegin(() => piece))
    const over = (): void => {
      for (const piece of begun) onEnd(piece)
    }
    let result: unknown
    try {
      result = Reflect.apply(original, self, args)
    } catch (error) {
      over()
      throw error
    }
    // The library has made it and looks after its rejection: some have a promise of their own.
    if (isThenable(result)) result.then(over, over)
    else over()
    return result
  }
}

function piecesOf(look: () => readonly BegunPiece[]): readonly BegunPiece[] {
  try {
    return look()
  } catch {
    return []
  }
}

/** An id as a library has it, which may be a number. */
export function idOf(id: unknown): { readonly id?: string } {
  return typeof id === 'string' || typeof id === 'number' ? { id: String(id) } : {}
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
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
