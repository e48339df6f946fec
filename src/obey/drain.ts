/** Waits until nothing is in hand. */
import type { WorkInHand } from '../record/work-in-hand.ts'
import type { Cancel, Clock } from '../types.ts'

/** Milliseconds between two looks. */
const LOOK_MS = 50
/** Milliseconds for which nothing is in hand, and nothing begins: what was taken just before may not have begun yet. */
const QUIET_MS = 500

export type DrainEnd = 'drained' | 'limit' | 'called off'

export interface Drain {
  readonly ended: Promise<DrainEnd>
  /** It is not waited for any more. */
  readonly callOff: Cancel
}

export function drain(inHand: Pick<WorkInHand, 'isNone' | 'begun'>, clock: Clock, limitMs: number): Drain {
  const { promise, resolve } = Promise.withResolvers<DrainEnd>()
  const startedAt = clock.monotonicMs()
  let quietSince: number | undefined
  let begun = inHand.begun
  const look = (): void => {
    const now = clock.monotonicMs()
    if (!inHand.isNone || inHand.begun !== begun) quietSince = undefined
    begun = inHand.begun
    if (inHand.isNone) quietSince ??= now
    if (quietSince !== undefined && now - quietSince >= QUIET_MS) resolve('drained')
    else if (now - startedAt >= limitMs) resolve('limit')
  }
  const cancel = clock.every(LOOK_MS, look)
  look()
  void promise.then(cancel)
  return { ended: promise, callOff: () => resolve('called off') }
}
