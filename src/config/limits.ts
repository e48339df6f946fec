/** What a service is judged against, as its settings say. */
import type { Settings } from './settings.ts'

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
  /** Seconds between two evaluations. Default 1. */
  readonly tickSeconds?: number
}

export function limitsOf(settings: Settings): Limits {
  return { ...settings, maxApiResponseTimeMs: settings.maxApiResponseTime, tickSeconds: settings.evaluationInterval }
}
