import type { EventsReading } from '../types.ts'

/** Of most windows so many seconds are enough to judge by them. */
export const ENOUGH_SECONDS = 30

/**
 * Whether enough of a window was watched to judge by it: the larger of three ticks and the smaller of 10 % and 30 s.
 * Less than that is never extrapolated from.
 */
export function isCovered(reading: Pick<EventsReading, 'windowSeconds' | 'coveredSeconds'>, tickSeconds: number): boolean {
  return reading.coveredSeconds >= Math.max(3 * tickSeconds, Math.min(reading.windowSeconds / 10, ENOUGH_SECONDS))
}

/** Share of a window that must have been watched for all of it to be known: a pause or a start takes a little of it. */
const WATCHED = 0.9

/** Whether what did not happen in a window did not happen, rather than was not seen. */
export function isWatchedWhole({ windowSeconds, coveredSeconds }: Pick<EventsReading, 'windowSeconds' | 'coveredSeconds'>): boolean {
  return coveredSeconds >= WATCHED * windowSeconds
}
