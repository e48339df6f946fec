/**
 * The fetcher's key metrics, the evidence behind them and its totals, as they go into payloads: `null` while unknown.
 * Rates are over covered time; percentages carry the counts they were made of, because only counts may be added up
 * over instances.
 */
import {
  ERROR_TYPE,
  FETCH_ATTEMPTS,
  FETCH_REPORTS,
  FETCH_RETRIES,
  FETCH_SKIPPED,
  GEOFENCE_EVENTS,
  OUTCOME,
  SKIP_REASON,
  TIERS,
  UPSTREAM_DURATION,
} from '../catalogue.ts'
import { isCovered } from '../judge/covered.ts'
import type { EventsReading, Quantile, Readings, Sample } from '../types.ts'
import type { KeyFigures, KeyMetricsInput, ServiceKind } from './profile.ts'
import { PROCESS_SELECTORS, processFigures } from './service.ts'
import { trackerFetcherProfile } from './tracker-fetcher.ts'

const FIVE_MINUTES = 300
const ONE_HOUR = 3600
const PERCENTILES = { p50: 0.5, p95: 0.95, p99: 0.99 }

export const trackerFetcher: ServiceKind = {
  profile(limits, overrides) {
    const profile = trackerFetcherProfile(limits, overrides)
    return { ...profile, selectors: { ...profile.selectors, ...PROCESS_SELECTORS } }
  },
  figures: trackerFetcherFigures,
  totals: trackerFetcherTotals,
}

function trackerFetcherFigures({ readings, samples, tickSeconds }: KeyMetricsInput): KeyFigures {
  const hour = readings.events('attempts', ONE_HOUR)
  const attempts = readings.events('attempts', FIVE_MINUTES)
  const failures = readings.events('failed_attempts', FIVE_MINUTES)
  const calls = readings.distribution('apple_durations', FIVE_MINUTES)
  const reports = readings.distribution('reports', ONE_HOUR)
  const succeeded = hour.count - readings.events('failed_attempts', ONE_HOUR).count
  const batches = readings.distribution('batches', FIVE_MINUTES)
  const due = readings.level('due')
  const percentiles = Object.entries(PERCENTILES).map(([name, q]) => [name, readings.quantile('apple_durations', q, FIVE_MINUTES)] as const)

  const known = (reading: EventsReading, n: number) => n > 0 && isCovered(reading, tickSeconds)
  return {
    metrics: {
      fetch_rate_per_hour: isCovered(hour, tickSeconds) ? round((hour.count * ONE_HOUR) / hour.coveredSeconds) : null,
      success_rate_percent: known(attempts, attempts.count) ? round((100 * (attempts.count - failures.count)) / attempts.count) : null,
      apple_account_authenticated: stateIs(readings, 'account', 'logged_in'),
      anisette_server_reachable: stateIs(readings, 'anisette', 'reachable'),
      total_queue_size: due && !due.stale ? due.value : null,
      queue_sizes: Object.fromEntries(TIERS.map((tier) => [tier, levelOf(readings, `due_${tier}`)])),
      apple_api_response_time_ms: known(calls, calls.count) ? round((1000 * calls.sum) / calls.count) : null,
      apple_api_percentiles_ms: Object.fromEntries(
        percentiles.map(([name, quantile]) => [name, known(calls, calls.count) ? inMilliseconds(quantile) : null]),
      ),
      reports_found_per_tracker: known(hour, succeeded) ? round(reports.sum / succeeded) : null,
      geofence_events_generated: sumOf(samples, GEOFENCE_EVENTS.name),
      batch_processing_time_ms: known(batches, batches.count) ? round((1000 * batches.sum) / batches.count) : null,
      ...processFigures(readings),
    },
    evidence: {
      fetch_rate_per_hour: { attempts: hour.count, ...windowOf(hour) },
      success_rate_percent: {
        attempts: attempts.count,
        failures: failures.count,
        units: readings.events('units', FIVE_MINUTES).count,
        failed_units: readings.events('failed_units', FIVE_MINUTES).count,
        ...windowOf(attempts),
      },
      apple_api_response_time_ms: { calls: calls.count, slow: readings.events('slow_apple_calls', FIVE_MINUTES).count, ...windowOf(calls) },
      apple_api_percentiles_ms: Object.fromEntries(percentiles.map(([name, quantile]) => [name, errorBound(quantile)])),
      reports_found_per_tracker: { reports: reports.sum, attempts: succeeded, ...windowOf(hour) },
      batch_processing_time_ms: { batches: batches.count, ...windowOf(batches) },
    },
  }
}

/** What this process has counted since it started, in the ledger's terms. */
function trackerFetcherTotals(samples: readonly Sample[], since: string): Readonly<Record<string, unknown>> {
  const attempts = { reports: 0, empty: 0, failed: {} as Record<string, number> }
  const skipped: Record<string, number> = {}
  const apiCalls: Record<string, number> = {}
  for (const { series, kind, value } of samples) {
    const { metric, attributes } = series
    if (metric === FETCH_ATTEMPTS.name && kind === 'sum') {
      const outcome = attributes[OUTCOME]
      if (outcome === 'reports' || outcome === 'empty') attempts[outcome] += value
      else add(attempts.failed, attributes[ERROR_TYPE] ?? '_OTHER', value)
    } else if (metric === FETCH_SKIPPED.name && kind === 'sum') {
      add(skipped, attributes[SKIP_REASON] ?? '_OTHER', value)
    } else if (metric === UPSTREAM_DURATION.name && kind === 'histogram') {
      add(apiCalls, attributes[ERROR_TYPE] ?? 'ok', value.count)
    }
  }
  return {
    since,
    attempts,
    skipped,
    reports: sumOf(samples, FETCH_REPORTS.name),
    retries: sumOf(samples, FETCH_RETRIES.name),
    api_calls: apiCalls,
  }
}

/** `null` also where only "more than the last bound" is known: the bound itself would be a false figure. */
function inMilliseconds(quantile: Quantile | undefined): number | null {
  return quantile && 'value' in quantile ? round(1000 * quantile.value) : null
}

function errorBound(quantile: Quantile | undefined): object | null {
  if (!quantile) return null
  if ('moreThan' in quantile) return { more_than: round(1000 * quantile.moreThan) }
  return { at_least: round(1000 * quantile.atLeast), at_most: round(1000 * quantile.atMost) }
}

function add(counts: Record<string, number>, key: string, n: number): void {
  counts[key] = (counts[key] ?? 0) + n
}

/** Sum over all series of a counter, or of all values of a histogram. */
function sumOf(samples: readonly Sample[], metric: string): number {
  let sum = 0
  for (const sample of samples) {
    if (sample.series.metric === metric) sum += sample.kind === 'histogram' ? sample.value.sum : sample.value
  }
  return sum
}

function stateIs(readings: Readings, selector: string, wanted: string): boolean | null {
  const state = readings.state(selector)
  return state && !state.stale && state.value !== 'unknown' ? state.value === wanted : null
}

function levelOf(readings: Readings, selector: string): number | null {
  const level = readings.level(selector)
  return level && !level.stale ? level.value : null
}

function windowOf({ windowSeconds, coveredSeconds }: EventsReading): { window_seconds: number; covered_seconds: number } {
  return { window_seconds: windowSeconds, covered_seconds: round(coveredSeconds) }
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
