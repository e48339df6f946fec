/** What a tracker fetcher says of one call to an upstream. */
import type { CallCircumstances } from '../worker/upstream-calls.ts'
import type { Upstream } from './metrics.ts'

export interface ApiCall extends CallCircumstances {
  /** Default `apple`. */
  readonly upstream?: Upstream
  /** Milliseconds, >= 0. */
  readonly durationMs: number
  /** Absent for a successful call; one of `ERROR_TYPES`, anything else becomes `_OTHER`. */
  readonly errorType?: string
}
