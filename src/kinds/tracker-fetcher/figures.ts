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
} from '../../catalogue.ts'
import type { Readings, Sample } from '../../types.ts'
import { attemptFigures, countUnder, FIVE_MINUTES, levelOf, mean, meanMs, ONE_HOUR, percentilesMs, sumOf, windowOf } from '../figures.ts'
import type { KeyFigures, KeyMetricsInput, ServiceKind } from '../kind.ts'
import { PROCESS_SELECTORS, processFigures } from '../../service/any-service.ts'
import { trackerFetcherProfile } from './rules.ts'

export const trackerFetcher: ServiceKind = {
  profile(limits, overrides) {
    const profile = trackerFetcherProfile(limits, overrides)
    return { ...profile, selectors: { ...profile.selectors, ...PROCESS_SELECTORS } }
  },
  figures: trackerFetcherFigures,
  totals: trackerFetcherTotals,
}

function trackerFetcherFigures({ readings, samples, tickSeconds }: KeyMetricsInput): KeyFigures {
  const { hour, succeeded, ...attempts } = attemptFigures(readings, tickSeconds)
  const calls = readings.distribution('apple_durations', FIVE_MINUTES)
  const reports = readings.distribution('reports', ONE_HOUR)
  const batches = readings.distribution('batches', FIVE_MINUTES)
  const percentiles = percentilesMs(readings, 'apple_durations', tickSeconds)

  return {
    metrics: {
      fetch_rate_per_hour: attempts.perHour,
      success_rate_percent: attempts.successPercent,
      apple_account_authenticated: stateIs(readings, 'account', 'logged_in'),
      anisette_server_reachable: stateIs(readings, 'anisette', 'reachable'),
      total_queue_size: levelOf(readings, 'due'),
      queue_sizes: Object.fromEntries(TIERS.map((tier) => [tier, levelOf(readings, `due_${tier}`)])),
      apple_api_response_time_ms: meanMs(calls, tickSeconds),
      apple_api_percentiles_ms: percentiles.figures,
      reports_found_per_tracker: mean(reports.sum, succeeded, hour, tickSeconds),
      geofence_events_generated: sumOf(samples, GEOFENCE_EVENTS.name),
      batch_processing_time_ms: meanMs(batches, tickSeconds),
      ...processFigures(readings),
    },
    evidence: {
      fetch_rate_per_hour: attempts.evidence.perHour,
      success_rate_percent: attempts.evidence.successPercent,
      apple_api_response_time_ms: { calls: calls.count, slow: readings.events('slow_apple_calls', FIVE_MINUTES).count, ...windowOf(calls) },
      apple_api_percentiles_ms: percentiles.evidence,
      reports_found_per_tracker: { reports: reports.sum, attempts: succeeded, ...windowOf(hour) },
      batch_processing_time_ms: { batches: batches.count, ...windowOf(batches) },
    },
  }
}

/** What this process has counted since it started, in the ledger's terms. */
function trackerFetcherTotals(samples: readonly Sample[], since: string): Readonly<Record<string, unknown>> {
  const attempts = { reports: 0, empty: 0 }
  const failed = new Map<string, number>()
  const skipped = new Map<string, number>()
  const apiCalls = new Map<string, number>()
  for (const { series, kind, value } of samples) {
    const { metric, attributes } = series
    if (metric === FETCH_ATTEMPTS.name && kind === 'sum') {
      const outcome = attributes[OUTCOME]
      if (outcome === 'reports' || outcome === 'empty') attempts[outcome] += value
      else countUnder(failed, attributes[ERROR_TYPE] ?? '_OTHER', value)
    } else if (metric === FETCH_SKIPPED.name && kind === 'sum') {
      countUnder(skipped, attributes[SKIP_REASON] ?? '_OTHER', value)
    } else if (metric === UPSTREAM_DURATION.name && kind === 'histogram') {
      countUnder(apiCalls, attributes[ERROR_TYPE] ?? 'ok', value.count)
    }
  }
  return {
    since,
    attempts: { ...attempts, failed: Object.fromEntries(failed) },
    skipped: Object.fromEntries(skipped),
    reports: sumOf(samples, FETCH_REPORTS.name),
    retries: sumOf(samples, FETCH_RETRIES.name),
    api_calls: Object.fromEntries(apiCalls),
  }
}

function stateIs(readings: Readings, selector: string, wanted: string): boolean | null {
  const state = readings.state(selector)
  return state && !state.stale && state.value !== 'unknown' ? state.value === wanted : null
}
