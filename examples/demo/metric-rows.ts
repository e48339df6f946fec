/** The eight metrics of a tracker fetcher, each with the limit it is judged by. */
import type { Settings } from '../../src/config/settings.ts'
import type { MetricsMessage } from '../../src/wire/metrics-message.ts'
import { fields, number, type Fields } from './fields.ts'
import { amount, milliseconds } from './wording.ts'

export type Limits = Pick<
  Settings,
  | 'evaluationInterval'
  | 'publishingInterval'
  | 'minFetchRate'
  | 'minSuccessRateHealthy'
  | 'minSuccessRateDegraded'
  | 'largeQueue'
  | 'veryLargeQueue'
  | 'maxApiResponseTime'
>

export interface MetricRow {
  readonly name: string
  /** What it is, or while that is unknown how much of the time needed has passed. */
  readonly value: string
  /** The value where there is room for more words. */
  readonly fullValue: string
  readonly known: boolean
  readonly good: boolean
  readonly limit: string
  /** The limit where there is room for more words. */
  readonly fullLimit: string
}

interface Shown {
  readonly value: string
  readonly fullValue?: string
  readonly good?: boolean
}

/** `ageMs` is the age of the message: a value not known yet has come nearer since. */
export function metricRows(
  { metrics, evidence }: Pick<MetricsMessage, 'metrics' | 'evidence'>,
  limits: Limits,
  ageMs: number,
): MetricRow[] {
  const row = (name: string, limit: string, fullLimit: string, key: string, show: (value: number) => Shown): MetricRow => {
    const value = number(metrics[key])
    const shown = value === undefined ? { value: whyUnknown(fields(evidence[key]), limits, ageMs) } : show(value)
    return { name, limit, fullLimit, known: value !== undefined, good: true, fullValue: shown.value, ...shown }
  }
  const state = (name: string, limit: string, key: string, yes: string, no: string): MetricRow => {
    const value = metrics[key]
    const known = typeof value === 'boolean'
    const shown = known ? (value ? yes : no) : 'not known yet'
    return { name, limit, fullLimit: limit, known, good: value !== false, value: shown, fullValue: shown }
  }
  const success = fields(evidence['success_rate_percent'])
  const { minFetchRate, minSuccessRateHealthy, minSuccessRateDegraded, largeQueue, veryLargeQueue, maxApiResponseTime } = limits

  return [
    row(
      'Fetch rate',
      `min ${amount(minFetchRate)}/h`,
      `at least ${amount(minFetchRate)}/h while trackers are due`,
      'fetch_rate_per_hour',
      (value) => ({
        value: `${amount(value)} trackers/h`,
        good: value >= minFetchRate,
      }),
    ),
    row(
      'Success rate',
      `min ${minSuccessRateHealthy} %`,
      `at least ${minSuccessRateHealthy} %, critical below ${minSuccessRateDegraded} %`,
      'success_rate_percent',
      (value) => ({
        value: `${amount(value)} %: ${amount(number(success['failures']) ?? 0)} of ${amount(number(success['attempts']) ?? 0)} failed in 5 min`,
        good: value >= minSuccessRateHealthy,
      }),
    ),
    state('Apple account', 'authenticated', 'apple_account_authenticated', 'authenticated', 'no account is authenticated'),
    state('Anisette server', 'reachable', 'anisette_server_reachable', 'reachable', 'not reachable'),
    row(
      'Queue',
      `max ${amount(largeQueue)}`,
      `at most ${amount(largeQueue)}, critical above ${amount(veryLargeQueue)}`,
      'total_queue_size',
      (value) => ({
        value: [`${amount(value)} due`, ...queues(metrics, false)].join('  '),
        fullValue: `${amount(value)} due: ${queues(metrics, true).join(', ')}`,
        good: value <= largeQueue,
      }),
    ),
    row(
      'Apple API time',
      `p95 max ${amount(maxApiResponseTime / 1000)} s`,
      `p95 at most ${amount(maxApiResponseTime / 1000)} s over 5 min`,
      'apple_api_response_time_ms',
      (value) => {
        const [p95, good] = percentile(
          fields(metrics['apple_api_percentiles_ms']),
          fields(evidence['apple_api_percentiles_ms']),
          maxApiResponseTime,
        )
        return { value: `mean ${milliseconds(value)}, p95 ${p95}`, good }
      },
    ),
    row('New reports', 'no limit', 'no limit', 'reports_found_per_tracker', (value) => ({
      value: `${amount(value)} per tracker; ${amount(number(metrics['geofence_events_generated']) ?? 0)} geofence events`,
    })),
    row('Batch time', 'no limit', 'no limit', 'batch_processing_time_ms', (value) => ({ value: `mean ${milliseconds(value)}` })),
  ]
}

/** A rate is known once so much of its window was watched: never less than 3 evaluations, and 30 s are always enough. */
export function neededSeconds(windowSeconds: number, tickSeconds: number): number {
  return Math.max(3 * tickSeconds, Math.min(windowSeconds / 10, 30))
}

function whyUnknown(evidence: Fields, { evaluationInterval }: Limits, ageMs: number): string {
  const covered = number(evidence['covered_seconds'])
  const window = number(evidence['window_seconds'])
  if (covered === undefined || window === undefined) return 'not known yet'
  const needed = neededSeconds(window, evaluationInterval)
  if (covered >= needed) return 'nothing to judge: no fetches'
  return `${Math.floor(Math.min(needed, covered + ageMs / 1000))} s of ${amount(needed)} s`
}

/** Due trackers by tier; `all` names the empty tiers too. */
function queues(metrics: Fields, all: boolean): readonly string[] {
  const sizes = fields(metrics['queue_sizes'])
  return ['immediate', 'hot', 'warm', 'cold', 'retry']
    .filter((tier) => all || sizes[tier] !== 0)
    .map((tier) => `${number(sizes[tier]) ?? '?'} ${tier}`)
}

function percentile(values: Fields, bounds: Fields, limit: number): [shown: string, good: boolean] {
  const value = number(values['p95'])
  if (value !== undefined) return [milliseconds(value), value <= limit]
  const moreThan = number(fields(bounds['p95'])['more_than'])
  return moreThan === undefined ? ['unknown', true] : [`more than ${milliseconds(moreThan)}`, moreThan < limit]
}
