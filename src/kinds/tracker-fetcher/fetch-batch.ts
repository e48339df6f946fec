/** What a tracker fetcher says of its work: attempts, and the batches they are made in. */
import type { Success } from '../../types.ts'
import type { GeofenceTransition, SkipReason, Tier } from './metrics.ts'

/** One tracker looked up, after in-line retries. */
export interface FetchAttempt {
  /** Authenticated, parseable, complete answer; no reports in it is a success too. `unknown`: an attempt, but neither success nor failure. */
  readonly success: Success
  /** Reports in the answer that had not been seen before, >= 0. Default 0. */
  readonly reportsFound?: number
  /** Reports in the answer that had been seen before, >= 0. Default 0. */
  readonly duplicateReports?: number
  /** Events generated from the new reports: how many, or how many of each transition. */
  readonly geofenceEvents?: number | Partial<Record<GeofenceTransition, number>>
  /** Queue the tracker came from. */
  readonly tier?: Tier
  /** Why it failed; one of `ERROR_TYPES`, anything else becomes `_OTHER`. */
  readonly errorType?: string
  /** In-line retries before this outcome, by what was answered. */
  readonly retries?: readonly string[]
}

/** What became of one batch: the trackers of one upstream call. */
export interface FetchBatch {
  readonly tier?: Tier
  /** Empty if no call was made. */
  readonly attempts: readonly FetchAttempt[]
  /** In-line repetitions of the call, by what was answered before. */
  readonly retries?: readonly string[]
  /** Trackers that were due but not tried, because anisette or every account was gone. */
  readonly skipped?: { readonly reason: SkipReason; readonly count: number } | null
  readonly geofenceEvents?: number | Partial<Record<GeofenceTransition, number>>
  /** Why the whole call failed. */
  readonly errorType?: string
}
