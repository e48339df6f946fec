/** The last value of the series of one selector, and how old it is. */
import type { LastReading, LevelSelector } from '../types.ts'
import type { Kept } from './kept.ts'

export interface Level extends Kept<LevelSelector> {
  readonly kind: 'level'
  value: number
  setAt: number | undefined
}

export function levelOf({ value, setAt, selector }: Level, now: number): LastReading<number> | undefined {
  // A level that is no number (NaN, Infinity) is not known.
  return setAt === undefined || !Number.isFinite(value) ? undefined : lastReading(value, setAt, selector.staleAfterSeconds, now)
}

export function lastReading<T>(value: T, setAt: number, staleAfterSeconds: number | undefined, now: number): LastReading<T> {
  const ageSeconds = Math.max(0, now - setAt) / 1000
  return { value, ageSeconds, stale: staleAfterSeconds !== undefined && ageSeconds > staleAfterSeconds }
}

export function addLevel(keeper: Level, value: number, setAt: number): void {
  const { fold = 'sum' } = keeper.selector
  if (fold === 'sum' || keeper.setAt === undefined) keeper.value += value
  else keeper.value = fold === 'max' ? Math.max(keeper.value, value) : Math.min(keeper.value, value)
  // It is as old as its oldest part.
  keeper.setAt = Math.min(keeper.setAt ?? Infinity, setAt)
}
