import type { Account } from './account-pool.ts'
import type { GeofenceTransition } from '../service/geofence.ts'
import type { Lease, Tier } from './queues.ts'

/** Trackers of one tier that are looked up with one call to Apple. */
export interface Batch extends Lease {
  /** The account to use; undefined while none can be used. */
  readonly account: Account | undefined
}

/** One tracker of one batch, counted once after in-line retries. No reports is a success: the tracker was just not seen. */
export interface Attempt {
  readonly outcome: 'reports' | 'empty' | 'failed'
  readonly errorType?: string
  readonly newReports: number
  readonly duplicateReports: number
}

export interface BatchResult {
  readonly tier: Tier
  /** All attempts of one call to Apple; empty if none was made. */
  readonly attempts: readonly Attempt[]
  /** Why requests were repeated in line, one entry per repetition. */
  readonly retries: readonly string[]
  /** Trackers that were due but not tried, because anisette or every account is gone. They stay due. */
  readonly skipped: { readonly reason: 'anisette' | 'auth'; readonly count: number } | null
  readonly geofence: Readonly<Record<GeofenceTransition, number>>
  readonly decryptFailures: number
  /** Why the call failed for the whole batch. */
  readonly errorType?: string
}

export const NO_EVENTS: BatchResult['geofence'] = { enter: 0, exit: 0, dwell: 0 }
