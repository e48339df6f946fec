import type { HomeTier } from './fleet.ts'
import type { Placement } from './queues.ts'
import type { TrackerState } from './tracker-states.ts'

export interface ScheduleSettings {
  /** Polls every tracker within this range, in milliseconds, instead of at its tier's pace. */
  readonly pollMs?: { readonly min: number; readonly max: number }
  /** Whether trackers change tier with the age of their newest report. */
  readonly tierMoves: boolean
  readonly retryBaseMs: number
  readonly retryCapMs: number
  /** After so many failures in a row the tracker waits for its tier's turn again. */
  readonly retryMax: number
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const TIER_INTERVAL_MS: Readonly<Record<HomeTier, number>> = { hot: 15 * MINUTE, warm: HOUR, cold: 6 * HOUR }

/** A tracker seen within the hour is worth a look every 15 min; one that was silent for a day, every 6 h. */
export function tierByAge(lastReportAt: number | undefined, now: number): HomeTier {
  const age = now - (lastReportAt ?? -Infinity)
  return age < HOUR ? 'hot' : age < 24 * HOUR ? 'warm' : 'cold'
}

/** Milliseconds until the tracker's next turn. Spread a little, so that what was due together does not stay together. */
export function pollDelayMs(tier: HomeTier, settings: ScheduleSettings, random: () => number): number {
  const { min, max } = settings.pollMs ?? { min: 0.95 * TIER_INTERVAL_MS[tier], max: 1.05 * TIER_INTERVAL_MS[tier] }
  return min + (max - min) * random()
}

/** Exponential backoff with full jitter: anything from 0 to base x 2^(failures - 1), so that a failed batch does not come back as one. */
export function retryDelayMs(failures: number, settings: ScheduleSettings, random: () => number): number {
  return random() * Math.min(settings.retryCapMs, settings.retryBaseMs * 2 ** (failures - 1))
}

/** Where a tracker goes after a successful attempt (`state.failures` is 0) or a failed one. */
export function placement(
  trackerId: string,
  state: TrackerState,
  settings: ScheduleSettings,
  now: number,
  random: () => number,
  retryAfterMs = 0,
): Placement {
  if (state.failures > 0 && state.failures <= settings.retryMax) {
    return { trackerId, tier: 'retry', dueAt: now + Math.max(retryAfterMs, retryDelayMs(state.failures, settings, random)) }
  }
  return { trackerId, tier: state.tier, dueAt: state.tier ? now + pollDelayMs(state.tier, settings, random) : now }
}
