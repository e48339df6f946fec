/** What a rule reads of a minute of the past: its counts, or the level of its gauge. */
import { isOfSome, isOwed, type CountedPair } from '../rules/counted-pair.ts'
import type { Readings } from '../types.ts'
import type { CountedPast } from './counted-past.ts'

const HOUR = 3600
const DAY = 24 * HOUR

export interface CountedNow {
  readonly pair: CountedPair
  readonly past: CountedPast
  /** Epoch milliseconds. */
  readonly now: number
  /** For so long somebody has watched. Seconds. */
  readonly watchedSeconds: number
  /** What is due, where a gauge says it. */
  readonly due: number | undefined
}

export function countedReadings({ pair, past, now, watchedSeconds, due }: CountedNow): Readings {
  const known = Math.max(0, Math.min(DAY, (now - (past.since ?? now)) / 1000))
  const coveredSeconds = (windowSeconds: number) => Math.min(windowSeconds, watchedSeconds)
  const grew = (place: number, seconds: number) => past.grew(place, seconds, now)
  return {
    ...NOTHING,
    counts: () => ({ grew, reachSeconds: known - (known % (known > HOUR ? 60 : 10)) }),
    events: (selector, windowSeconds) => ({
      count: grew(isOfSome(selector, pair) ? 1 : 0, windowSeconds),
      windowSeconds,
      coveredSeconds: coveredSeconds(windowSeconds),
    }),
    timeAbove: (_, windowSeconds) => ({ seconds: grew(1, windowSeconds) / 1000, coveredSeconds: coveredSeconds(windowSeconds) }),
    level: (selector) => (isOwed(selector, pair) ? { value: due ?? (grew(1, 60) > 0 ? 1 : 0), ageSeconds: 0, stale: false } : undefined),
    coveredSeconds,
  }
}

/** `undefined`: not known. */
export function levelReadings(value: number | undefined): Readings {
  return { ...NOTHING, level: () => (value === undefined ? undefined : { value, ageSeconds: 0, stale: false }) }
}

const NOTHING: Readings = {
  counts: notKept,
  events: notKept,
  timeAbove: notKept,
  falls: notKept,
  level: notKept,
  coveredSeconds: () => 0,
  distribution: notKept,
  quantile: notKept,
  state: notKept,
  lastSeenSeconds: notKept,
  groups: notKept,
  within: notKept,
}

function notKept(): never {
  throw new Error('The history does not hold what this rule reads.')
}
