/** What a service is judged against, and how health.config overrides it rule by rule. */
import type { RuleTiming } from '../types.ts'

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

/** Seconds after which a queue size that nobody has set again says nothing. */
export const QUEUE_STALE_AFTER = 90

/** Instead of a rule's own limits and timing; `for` and `keepFiring` in seconds. */
export interface RuleOverride {
  readonly limit?: number
  readonly critical?: number
  readonly for?: number
  readonly keepFiring?: number
}

/** By rule, as in health.config. */
export type RuleOverrides = Readonly<Record<string, RuleOverride>>

/** Name and timing of a rule; `forSeconds` and `keepFiringSeconds` are the rule's own. */
export function timed(
  overrides: RuleOverrides,
  name: string,
  forSeconds: number,
  keepFiringSeconds: number,
): { readonly name: string } & RuleTiming {
  const override = overrides[name]
  return { name, forSeconds: override?.for ?? forSeconds, keepFiringSeconds: override?.keepFiring ?? keepFiringSeconds }
}
