/**
 * The fetcher's key metrics, the evidence behind them and its totals, as they go into payloads: `null` while unknown.
 * Rates are over covered time; percentages carry the counts they were made of, because only counts may be added up
 * over instances.
 */
import { ERROR_TYPE } from '../../catalogue.ts'
import { Metric } from '../../rules/metric-ref.ts'
import { PROCESS_SELECTORS, processFigures } from '../../service/any-service.ts'
import type { FiguresInput, KeyFigures, Readings, Sample, StateSelector, Wanted } from '../../types.ts'
import {
  attemptFigures,
  attemptSelectors,
  countUnder,
  JUST_BEGUN,
  noneOf,
  whyUnknown,
  FIVE_MINUTES,
  levelOf,
  mean,
  meanMs,
  ONE_HOUR,
  p99Ms,
  percentilesMs,
  sumOf,
  windowOf,
} from '../figures.ts'
import { QUEUE_STALE_AFTER } from '../worker/rules.ts'
import {
  ACCOUNT_STATE,
  ANISETTE_STATE,
  BATCH_DURATION,
  FETCH_ATTEMPTS,
  FETCH_REPORTS,
  FETCH_RETRIES,
  FETCH_SKIPPED,
  GEOFENCE_EVENTS,
  OUTCOME,
  QUEUE_SIZE,
  QUEUE_STATE,
  REPORT_KIND,
  SKIP_REASON,
  TIER,
  TIERS,
  UPSTREAM_DURATION,
} from './metrics.ts'
import { ACCOUNT, ANISETTE, APPLE_CALLS, DUE_TRACKERS, FETCHES, SLOW_APPLE_CALLS } from './rules.ts'

const OF_ATTEMPTS = attemptSelectors(FETCHES)
const OF_ACCOUNT = ACCOUNT.state(ACCOUNT_STATE)
const OF_ANISETTE = ANISETTE.state(ANISETTE_STATE)
const DUE = DUE_TRACKERS.level(QUEUE_STALE_AFTER)
const DUE_OF_TIER = TIERS.map((tier) => [tier, DUE_TRACKERS.where({ [TIER]: tier }).level(QUEUE_STALE_AFTER)] as const)
const APPLE_DURATIONS = APPLE_CALLS.values
const SLOW = SLOW_APPLE_CALLS.events
const BATCHES = new Metric(BATCH_DURATION).values
const REPORTS = new Metric(FETCH_REPORTS).where({ [REPORT_KIND]: 'new' }).values

export const TRACKER_FETCHER_SELECTORS: readonly Wanted[] = [
  ...[...Object.values(OF_ATTEMPTS), OF_ACCOUNT, OF_ANISETTE, DUE, APPLE_DURATIONS, SLOW, BATCHES, REPORTS].map((selector) => ({
    selector,
  })),
  ...DUE_OF_TIER.map(([, selector]) => ({ selector })),
  ...PROCESS_SELECTORS,
]

export function trackerFetcherFigures({ readings, samples, tickSeconds, unseen, unreadQueues }: FiguresInput): KeyFigures {
  const { hour, succeeded, isKnown, ...attempts } = attemptFigures(readings, OF_ATTEMPTS, tickSeconds, { attempts: 'fetches', unseen })
  const calls = readings.distribution(APPLE_DURATIONS, FIVE_MINUTES)
  const reports = readings.distribution(REPORTS, ONE_HOUR)
  const batches = readings.distribution(BATCHES, FIVE_MINUTES)
  const percentiles = percentilesMs(readings, APPLE_DURATIONS, tickSeconds)

  const paused = pausedQueues(samples)
  const metrics = {
    fetch_rate_per_hour: attempts.perHour,
    success_rate_percent: attempts.successPercent,
    apple_account_authenticated: stateIs(readings, OF_ACCOUNT, 'logged_in'),
    anisette_server_reachable: stateIs(readings, OF_ANISETTE, 'reachable'),
    total_queue_size: levelOf(readings, DUE),
    queue_sizes: Object.fromEntries(DUE_OF_TIER.map(([tier, due]) => [tier, withPaused(levelOf(readings, due), paused?.[tier])])),
    ...(paused && { paused_queues: paused }),
    apple_api_response_time_ms: meanMs(calls, tickSeconds),
    apple_api_percentiles_ms: percentiles.figures,
    reports_found_per_tracker: mean(reports.sum, succeeded, hour, tickSeconds),
    geofence_events_generated: sumOf(samples, GEOFENCE_EVENTS.name),
    batch_processing_time_ms: meanMs(batches, tickSeconds),
    batch_p99_ms: p99Ms(readings, BATCHES, tickSeconds),
    ...processFigures(readings),
  }
  return {
    metrics,
    unknown: whyUnknown(metrics, {
      fetch_rate_per_hour: attempts.why.perHour,
      success_rate_percent: attempts.why.successPercent,
      ...unknownFigures(samples, { unseen, unreadQueues, isKnown }),
    }),
    evidence: {
      fetch_rate_per_hour: attempts.evidence.perHour,
      success_rate_percent: attempts.evidence.successPercent,
      apple_api_response_time_ms: { calls: calls.count, slow: readings.events(SLOW, FIVE_MINUTES).count, ...windowOf(calls) },
      apple_api_percentiles_ms: percentiles.evidence,
      reports_found_per_tracker: { reports: reports.sum, attempts: succeeded, ...windowOf(hour) },
      batch_processing_time_ms: { batches: batches.count, ...windowOf(batches) },
      batch_p99_ms: { batches: batches.count, ...windowOf(batches) },
    },
  }
}

function unknownFigures(
  samples: readonly Sample[],
  { unseen, unreadQueues = 'no queue is known', isKnown }: Pick<FiguresInput, 'unseen' | 'unreadQueues'> & { readonly isKnown: boolean },
): Readonly<Record<string, string>> {
  const hasQueues = samples.some(({ series }) => series.metric === QUEUE_SIZE.name)
  const queues = hasQueues ? `not read for ${QUEUE_STALE_AFTER} s` : unreadQueues
  return {
    apple_account_authenticated: 'nobody has said how the account is',
    anisette_server_reachable: 'nobody has asked the anisette server',
    total_queue_size: queues,
    queue_sizes: queues,
    apple_api_response_time_ms: noneOf('calls'),
    apple_api_percentiles_ms: noneOf('calls'),
    reports_found_per_tracker: unseen ?? (isKnown ? 'no fetches in the last hour' : JUST_BEGUN),
    batch_processing_time_ms: noneOf('batches'),
    batch_p99_ms: noneOf('batches'),
  }
}

/** How many trackers wait in queues that are paused on purpose, by tier; `undefined` if there is none. */
function pausedQueues(samples: readonly Sample[]): Readonly<Record<string, number>> | undefined {
  const paused = samples.flatMap(({ series, kind, value }) => {
    const { [TIER]: tier, [QUEUE_STATE]: state } = series.attributes
    return kind === 'level' && series.metric === QUEUE_SIZE.name && state === 'paused' && tier !== undefined && value > 0
      ? [[tier, value] as const]
      : []
  })
  return paused.length === 0 ? undefined : Object.fromEntries(paused)
}

function withPaused(due: number | null, paused = 0): number | null {
  return due === null ? null : due + paused
}

/** What this process has counted since it started, in the ledger's terms. */
export function trackerFetcherTotals(samples: readonly Sample[], since: string): Readonly<Record<string, unknown>> {
  const attempts = { reports: 0, empty: 0 }
  let unknown = 0
  const failed = new Map<string, number>()
  const skipped = new Map<string, number>()
  const apiCalls = new Map<string, number>()
  for (const { series, kind, value } of samples) {
    const { metric, attributes } = series
    if (metric === FETCH_ATTEMPTS.name && kind === 'sum') {
      const outcome = attributes[OUTCOME]
      if (outcome === 'reports' || outcome === 'empty') attempts[outcome] += value
      else if (outcome === 'unknown') unknown += value
      else countUnder(failed, attributes[ERROR_TYPE] ?? '_OTHER', value)
    } else if (metric === FETCH_SKIPPED.name && kind === 'sum') {
      countUnder(skipped, attributes[SKIP_REASON] ?? '_OTHER', value)
    } else if (metric === UPSTREAM_DURATION.name && kind === 'histogram') {
      countUnder(apiCalls, attributes[ERROR_TYPE] ?? 'ok', value.count)
    }
  }
  return {
    since,
    attempts: { ...attempts, failed: Object.fromEntries(failed), ...(unknown > 0 && { unknown }) },
    skipped: Object.fromEntries(skipped),
    reports: sumOf(samples, FETCH_REPORTS.name),
    retries: sumOf(samples, FETCH_RETRIES.name),
    api_calls: Object.fromEntries(apiCalls),
  }
}

function stateIs(readings: Readings, selector: StateSelector, wanted: string): boolean | null {
  const state = readings.state(selector)
  return state && !state.stale && state.value !== 'unknown' ? state.value === wanted : null
}
