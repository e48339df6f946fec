/**
 * A worker's key metrics, the evidence behind them and its totals, as they go into payloads: `null` while unknown, and
 * for good where a service has no such thing.
 */
import type { AttemptSelectors } from '../figures.ts'
import {
  attemptFigures,
  attemptSelectors,
  countUnder,
  noneOf,
  whyUnknown,
  FIVE_MINUTES,
  levelOf,
  mean,
  meanMs,
  ONE_HOUR,
  p99Ms,
  percentilesMs,
  round,
  sumOf,
  windowOf,
} from '../figures.ts'
import { ERROR_TYPE } from '../../catalogue.ts'
import { Metric } from '../../rules/metric-ref.ts'
import { PROCESS_SELECTORS, processFigures } from '../../service/any-service.ts'
import type { FallsSelector, FiguresInput, KeyFigures, Readings, Sample, Wanted } from '../../types.ts'
import {
  WORK_ATTEMPT_DURATION,
  WORK_ATTEMPTS,
  WORK_BATCH_DURATION,
  WORK_EVENTS,
  WORK_ITEMS_FOUND,
  WORK_NAME,
  WORK_OUTCOME,
  WORK_QUEUE_NAME,
  WORK_QUEUE_OLDEST_DUE_AGE,
  WORK_QUEUE_PAUSED,
  WORK_QUEUE_SIZE,
  WORK_QUEUE_STATE,
  WORK_UPSTREAM,
  WORK_UPSTREAM_DURATION,
} from './metrics.ts'
import { MOST_FALLS_BY_CHANCE, WORK_SOURCES } from '../../rules/readings/throughput.ts'
import { ALL_ITEMS, ANSWERED, CALLS, DUE_ITEMS, QUEUE_STALE_AFTER, SLOW_CALLS, WORK } from './rules.ts'

const OF_ATTEMPTS = attemptSelectors(WORK)
const DUE = DUE_ITEMS.level(QUEUE_STALE_AFTER)
const LEFT: FallsSelector = { kind: 'falls', level: ALL_ITEMS.level(QUEUE_STALE_AFTER) }
const CALL_DURATIONS = CALLS.where(ANSWERED).values
const SLOW = SLOW_CALLS.events
const ATTEMPT_DURATIONS = new Metric(WORK_ATTEMPT_DURATION).values
const BATCHES = new Metric(WORK_BATCH_DURATION).values
const FOUND = new Metric(WORK_ITEMS_FOUND).events

export const WORKER_SELECTORS: readonly Wanted[] = [
  ...Object.values(OF_ATTEMPTS).map((selector: AttemptSelectors['attempts']) => ({ selector, by: WORK_NAME })),
  ...[DUE, LEFT, WORK_SOURCES, CALL_DURATIONS, SLOW, ATTEMPT_DURATIONS, BATCHES, FOUND].map((selector) => ({ selector })),
  ...PROCESS_SELECTORS,
]

export function workerFigures({ readings, samples, now, tickSeconds, unseen: nobodySees, unreadQueues }: FiguresInput): KeyFigures {
  const unseen = nobodySees ?? (isDoneUnseen(readings) ? DONE_UNSEEN : undefined)
  const { hour, succeeded, ...attempts } = attemptFigures(readings, OF_ATTEMPTS, tickSeconds, { attempts: 'attempts', unseen })
  const names = namedFigures(readings, tickSeconds)
  const calls = readings.distribution(CALL_DURATIONS, FIVE_MINUTES)
  const percentiles = percentilesMs(readings, CALL_DURATIONS, tickSeconds)
  const durations = readings.distribution(ATTEMPT_DURATIONS, FIVE_MINUTES)
  const batches = readings.distribution(BATCHES, FIVE_MINUTES)
  const found = readings.events(FOUND, ONE_HOUR)
  // Who never found anything may be a worker that looks for nothing.
  const finds = sumOf(samples, WORK_ITEMS_FOUND.name) > 0

  const paused = pausedQueues(samples)
  const metrics = {
    work_rate_per_hour: attempts.perHour,
    success_rate_percent: attempts.successPercent,
    total_queue_size: levelOf(readings, DUE),
    queue_sizes: withPaused(byQueue(samples, WORK_QUEUE_SIZE.name, now), paused),
    ...(paused && { paused_queues: paused }),
    oldest_age_seconds: byQueue(samples, WORK_QUEUE_OLDEST_DUE_AGE.name, now),
    upstream_response_time_ms: meanMs(calls, tickSeconds),
    upstream_percentiles_ms: percentiles.figures,
    found_per_attempt: finds ? mean(found.count, succeeded, hour, tickSeconds) : null,
    events_generated: sumOf(samples, WORK_EVENTS.name),
    attempt_duration_ms: meanMs(durations, tickSeconds),
    attempt_p99_ms: p99Ms(readings, ATTEMPT_DURATIONS, tickSeconds),
    batch_processing_time_ms: meanMs(batches, tickSeconds),
    ...processFigures(readings),
    ...names.metrics,
  }
  return {
    metrics,
    unknown: whyUnknown(metrics, {
      work_rate_per_hour: attempts.why.perHour,
      success_rate_percent: attempts.why.successPercent,
      attempt_duration_ms: attempts.why.other,
      attempt_p99_ms: attempts.why.other,
      ...unknownFigures(samples, unreadQueues),
      ...names.unknown,
    }),
    evidence: {
      work_rate_per_hour: attempts.evidence.perHour,
      success_rate_percent: attempts.evidence.successPercent,
      upstream_response_time_ms: { calls: calls.count, slow: readings.events(SLOW, FIVE_MINUTES).count, ...windowOf(calls) },
      upstream_percentiles_ms: percentiles.evidence,
      found_per_attempt: { found: found.count, attempts: succeeded, ...windowOf(hour) },
      attempt_duration_ms: { attempts: durations.count, ...windowOf(durations) },
      attempt_p99_ms: { attempts: durations.count, ...windowOf(durations) },
      batch_processing_time_ms: { batches: batches.count, ...windowOf(batches) },
      ...names.evidence,
    },
  }
}

/** Of each kind of work by itself, for a rare one that fails is drowned by a frequent one that does not. Work without a name has none. */
function namedFigures(readings: Readings, tickSeconds: number): KeyFigures {
  const figures = readings
    .groups(WORK_NAME, [OF_ATTEMPTS.attempts])
    .filter(Boolean)
    .map((name) => [name, attemptFigures(readings.within(WORK_NAME, name), OF_ATTEMPTS, tickSeconds, { attempts: 'attempts' })] as const)
  return {
    metrics: Object.fromEntries(
      figures.flatMap(([name, { perHour, successPercent }]) => [
        [`work.${name}.rate_per_hour`, perHour],
        [`work.${name}.success_rate_percent`, successPercent],
      ]),
    ),
    unknown: Object.fromEntries(
      figures.flatMap(([name, { why }]) => [
        [`work.${name}.rate_per_hour`, why.perHour],
        [`work.${name}.success_rate_percent`, why.successPercent],
      ]),
    ),
    evidence: Object.fromEntries(figures.map(([name, { evidence }]) => [`work.${name}.success_rate_percent`, evidence.successPercent])),
  }
}

/** Due items, or ages, by the name of the queue; `null` for one that nobody has looked at for long, and if there is no queue at all. */
function byQueue(samples: readonly Sample[], metric: string, now: number): Readonly<Record<string, number | null>> | null {
  const queues: [string, number | null][] = []
  for (const sample of samples) {
    if (sample.series.metric !== metric || sample.kind !== 'level') continue
    const { [WORK_QUEUE_NAME]: name = '_OTHER', [WORK_QUEUE_STATE]: state = 'due' } = sample.series.attributes
    if (state === 'due') queues.push([name, now - sample.setAt > 1000 * QUEUE_STALE_AFTER ? null : round(sample.value)])
  }
  return queues.length > 0 ? Object.fromEntries(queues) : null
}

/** Half a sentence. */
const DONE_UNSEEN = 'work leaves the queues, but no attempt is seen'

/** Of a service that is watched from outside: one that tells of its work itself does not work unseen. */
function isDoneUnseen(readings: Readings): boolean {
  if (readings.level(WORK_SOURCES) === undefined || readings.events(OF_ATTEMPTS.attempts, ONE_HOUR).count > 0) return false
  return readings.falls(LEFT, ONE_HOUR).times > MOST_FALLS_BY_CHANCE
}

function unknownFigures(samples: readonly Sample[], unreadQueues: string = 'no queue is known'): Readonly<Record<string, string>> {
  const hasQueues = samples.some(({ series }) => series.metric === WORK_QUEUE_SIZE.name)
  const queues = hasQueues ? `not read for ${QUEUE_STALE_AFTER} s` : unreadQueues
  return {
    total_queue_size: queues,
    queue_sizes: queues,
    oldest_age_seconds: hasQueues ? 'nobody knows since when items wait' : queues,
    upstream_response_time_ms: noneOf('calls'),
    upstream_percentiles_ms: noneOf('calls'),
    found_per_attempt: 'nothing was found so far',
    batch_processing_time_ms: noneOf('batches'),
  }
}

/** How many items wait in queues that are paused on purpose, by the name of the queue; `undefined` if none is. */
function pausedQueues(samples: readonly Sample[]): Readonly<Record<string, number>> | undefined {
  const isPaused = new Set<string>()
  const waiting: Record<string, number> = {}
  for (const { series, kind, value } of samples) {
    const { [WORK_QUEUE_NAME]: name = '_OTHER', [WORK_QUEUE_STATE]: state } = series.attributes
    if (kind !== 'level') continue
    if (series.metric === WORK_QUEUE_PAUSED.name && value > 0) isPaused.add(name)
    else if (series.metric === WORK_QUEUE_SIZE.name && state === 'paused') waiting[name] = value
  }
  return isPaused.size === 0 ? undefined : Object.fromEntries([...isPaused].map((name) => [name, waiting[name] ?? 0]))
}

/** The size of a queue is what waits in it, whether anybody is to take it now or not. */
function withPaused(
  sizes: Readonly<Record<string, number | null>> | null,
  paused: Readonly<Record<string, number>> = {},
): Readonly<Record<string, number | null>> | null {
  return sizes && Object.fromEntries(Object.entries(sizes).map(([name, due]) => [name, due === null ? null : due + (paused[name] ?? 0)]))
}

/** What this process has counted since it started. */
export function workerTotals(samples: readonly Sample[], since: string): Readonly<Record<string, unknown>> {
  let ok = 0
  let unknown = 0
  const failed = new Map<string, number>()
  const apiCalls = new Map<string, Map<string, number>>()
  for (const { series, kind, value } of samples) {
    const { metric, attributes } = series
    if (metric === WORK_ATTEMPTS.name && kind === 'sum') {
      const outcome = attributes[WORK_OUTCOME]
      if (outcome === 'ok') ok += value
      else if (outcome === 'unknown') unknown += value
      else countUnder(failed, attributes[ERROR_TYPE] ?? '_OTHER', value)
    } else if (metric === WORK_UPSTREAM_DURATION.name && kind === 'histogram') {
      const upstream = attributes[WORK_UPSTREAM] ?? '_OTHER'
      const calls = apiCalls.get(upstream) ?? new Map<string, number>()
      countUnder(calls, attributes[ERROR_TYPE] ?? 'ok', value.count)
      apiCalls.set(upstream, calls)
    }
  }
  return {
    since,
    attempts: { ok, failed: Object.fromEntries(failed), ...(unknown > 0 && { unknown }) },
    found: sumOf(samples, WORK_ITEMS_FOUND.name),
    events: sumOf(samples, WORK_EVENTS.name),
    api_calls: Object.fromEntries([...apiCalls].map(([upstream, calls]) => [upstream, Object.fromEntries(calls)])),
  }
}
