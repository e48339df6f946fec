/** How often, and by how much, a level fell: what leaves a queue is seen by nothing else where nobody tells of the work. */
import type { FallsSelector } from '../types.ts'
import type { Kept } from './kept.ts'
import { levelOf, type Level } from './level.ts'
import { Ring } from './ring.ts'

export interface Falls extends Kept<FallsSelector> {
  readonly kind: 'falls'
  readonly level: Level
  readonly ring: Ring
  readonly totals: [times: number, amount: number]
  last: number | undefined
}

export function createFalls(selector: FallsSelector, level: Level, now: number): Falls {
  return { kind: 'falls', selector, seen: false, level, ring: new Ring(2, now), totals: [0, 0], last: undefined }
}

/** At the end of a collection. What was not watched is no fall. */
export function lookForFall(keeper: Falls, now: number, isWatched: boolean): void {
  const { totals, ring, last } = keeper
  const level = levelOf(keeper.level, now)
  if (!level || level.stale) return
  keeper.last = level.value
  if (last === undefined || level.value >= last || !isWatched) return
  totals[0]++
  totals[1] += last - level.value
  ring.push(totals, now)
}
