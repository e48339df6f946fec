/** What a worker says of its work: attempts, and the batches they are made in. */

import type { Success } from '../../types.ts'

/** One piece of work, such as a fetch or a job, after in-line retries. */
export interface WorkAttempt {
  /** `unknown`: it is an attempt, but neither a success nor a failure. */
  readonly success: Success
  /** What kind of work it is; few different ones, never an id. */
  readonly name?: string | undefined
  /** Milliseconds, >= 0. */
  readonly durationMs?: number | undefined
  /** Why it failed: a code, an HTTP status or the name of an error class; never a message. */
  readonly errorType?: string | number | undefined
  /** What a success found, >= 0: reports, rows, messages. Default 0. */
  readonly reportsFound?: number | undefined
  /** Events it generated, >= 0. Default 0. */
  readonly events?: number | undefined
}

/** What became of many pieces of work that were done at once, by one call. */
export interface WorkBatch {
  /** Of every attempt that has none of its own. */
  readonly name?: string
  readonly attempts: readonly WorkAttempt[]
  /** Events besides those of the attempts, >= 0. */
  readonly events?: number
  /** Why the whole batch failed. */
  readonly errorType?: string | number
}

/** As services with queue tiers say it: the tier is the name of the work, what it generated are its events. */
export interface TieredWork {
  readonly tier?: string | undefined
  readonly geofenceEvents?: number | Readonly<Record<string, number | undefined>> | undefined
}

export type AnyAttempt = WorkAttempt & TieredWork
export type AnyBatch = Omit<WorkBatch, 'attempts'> & TieredWork & { readonly attempts: readonly AnyAttempt[] }
