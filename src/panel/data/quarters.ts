/** The worst status in each quarter of an hour of a day. Pure. */
import type { Status } from '../../types.ts'
import type { EpisodeRow } from '../protocol.ts'
import type { Minute } from './history-minutes.ts'

export const QUARTER_MS = 900_000
export const QUARTERS = 96

const BADNESS: readonly (Status | null)[] = [null, 'healthy', 'degraded', 'unhealthy']

export function worse(a: Status | null, b: Status | null): Status | null {
  return BADNESS.indexOf(a) >= BADNESS.indexOf(b) ? a : b
}

/** Of all instances; `null`: nobody said anything in it. */
export function worstOf(minutes: readonly Pick<Minute, 'status'>[]): Status | null {
  return minutes.reduce<Status | null>((worst, { status }) => worse(worst, status ?? null), null)
}

/** Which quarter of time it is, counted from 1970. */
export function quarterOf(at: number): number {
  return Math.floor(at / QUARTER_MS)
}

/**
 * `known`: what instances said, by quarter. An open alert is as bad as it is in every quarter that it touches, though nobody is left who says
 * so. `last`: the newest quarter. `now`: an alert that is open is so until now; epoch milliseconds.
 */
export function quartersUntil(
  last: number,
  known: ReadonlyMap<number, Status | null>,
  episodes: readonly Pick<EpisodeRow, 'severity' | 'from' | 'to'>[],
): readonly (Status | null)[] {
  const first = last - QUARTERS + 1
  const quarters = Array.from({ length: QUARTERS }, (_, i) => known.get(first + i) ?? null)
  for (const { severity, from, to = Infinity } of episodes) {
    const end = Math.min(quarterOf(Math.min(to, (last + 1) * QUARTER_MS - 1)), last)
    for (let quarter = Math.max(quarterOf(from), first); quarter <= end; quarter++) {
      quarters[quarter - first] = worse(quarters[quarter - first]!, severity === 'CRITICAL' ? 'unhealthy' : 'degraded')
    }
  }
  return quarters
}
