/** What makes a monitor one of a certain kind of service: how it is judged and which figures it shows. */
import type { KeyMetrics, Profile, Readings, Sample } from '../types.ts'
import type { Limits, RuleOverrides } from './limits.ts'

export interface KeyMetricsInput {
  readonly readings: Readings
  readonly samples: readonly Sample[]
  /** Milliseconds on the monotonic clock, as of which the samples are told. */
  readonly now: number
  /** Seconds between two evaluations. */
  readonly tickSeconds: number
}

export interface KeyFigures {
  readonly metrics: KeyMetrics
  /** Counts and covered time behind the metrics, by their name. */
  readonly evidence: Readonly<Record<string, unknown>>
}

export interface ServiceKind {
  profile(limits: Limits, overrides: RuleOverrides): Profile
  figures(input: KeyMetricsInput): KeyFigures
  /** What this process has counted since `since` (ISO 8601). */
  totals(samples: readonly Sample[], since: string): Readonly<Record<string, unknown>>
}
