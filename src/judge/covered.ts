import type { EventsReading } from '../types.ts'

/**
 * Whether enough of a window was watched to judge by it: the larger of three ticks and the smaller of 10 % and 30 s.
 * Less than that is never extrapolated from.
 */
export function isCovered(reading: Pick<EventsReading, 'windowSeconds' | 'coveredSeconds'>, tickSeconds: number): boolean {
  return reading.coveredSeconds >= Math.max(3 * tickSeconds, Math.min(reading.windowSeconds / 10, 30))
}
