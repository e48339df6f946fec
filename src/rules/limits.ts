/** What a service is judged against. */

export interface Limits {
  /** Due items: WARNING above. */
  readonly largeQueue: number
  /** Due items: CRITICAL above. */
  readonly veryLargeQueue: number
  /** Percent: WARNING below. */
  readonly minSuccessRateHealthy: number
  /** Percent: CRITICAL below. */
  readonly minSuccessRateDegraded: number
  /** Attempts per hour while work is owed. */
  readonly minFetchRate: number
  /** Milliseconds. */
  readonly maxApiResponseTimeMs: number
  /** Seconds that a process which was asked to end may take. Default 600. */
  readonly drainLimit?: number
  /** Seconds between two evaluations. Default 1. */
  readonly tickSeconds?: number
}
