/** How any worker is judged: a fetcher, a job processor, a queue consumer. What it has not (queues, upstreams) is not judged. */
import { DEPENDENCY_DOWN } from '../../catalogue.ts'
import type { AttemptMetrics } from '../figures.ts'
import type { Limits } from '../../rules/limits.ts'
import { Metric } from '../../rules/metric-ref.ts'
import { level, slowCalls, successRate, throughput } from '../../rules/readings.ts'
import type { RuleSentence } from '../../rules/rule.ts'
import { rule } from '../../rules/rule.ts'
import {
  UNJUDGED,
  WORK_ATTEMPTS,
  WORK_NAME,
  WORK_OUTCOME,
  WORK_QUEUE_SIZE,
  WORK_QUEUE_STATE,
  WORK_UNITS,
  WORK_UNJUDGED,
  WORK_UPSTREAM_DURATION,
  WORK_UPSTREAM_SLOW,
} from './metrics.ts'

/** Seconds after which a queue size that nobody has set again says nothing. */
export const QUEUE_STALE_AFTER = 90

const FAILED = { [WORK_OUTCOME]: 'failed' }
const ATTEMPTS = new Metric(WORK_ATTEMPTS)
/** Those that were successes or failures. */
const TOLD = ATTEMPTS.where({ [WORK_OUTCOME]: { not: 'unknown' } })
const UNITS = new Metric(WORK_UNITS)
export const WORK: AttemptMetrics = {
  attempts: ATTEMPTS,
  told: TOLD,
  failed: ATTEMPTS.where(FAILED),
  units: UNITS,
  failedUnits: UNITS.where(FAILED),
}
export const ALL_ITEMS = new Metric(WORK_QUEUE_SIZE)
export const DUE_ITEMS = ALL_ITEMS.where({ [WORK_QUEUE_STATE]: 'due' })
export const CALLS = new Metric(WORK_UPSTREAM_DURATION)
export const SLOW_CALLS = new Metric(WORK_UPSTREAM_SLOW)
/** Calls whose duration is the upstream's, and not what they asked for. */
export const ANSWERED = { [WORK_UNJUDGED]: { not: 'waited' } }
/** Calls to upstreams that somebody has named. */
export const NAMED = { [WORK_UNJUDGED]: { not: 'unnamed' } }
/** Calls whose slowness is judged. */
const JUDGED = { [WORK_UNJUDGED]: { not: UNJUDGED } }

/** Queue sizes that nobody refreshes degrade; where there never was a queue there is no data, which says nothing. */
export const REQUIRED = ['large_queue', 'low_success_rate', 'low_work_rate'] as const

export function workerRules(limits: Limits): readonly RuleSentence[] {
  return [
    rule('large_queue')
      .when(level(DUE_ITEMS, { staleAfter: QUEUE_STALE_AFTER, fold: 'sum', called: 'items' }))
      .above(limits.largeQueue)
      .critical(limits.veryLargeQueue)
      .scope('shared')
      .says('{current} {current:item is|items are} due (limit {limit})')
      .summary('Due items of all queues above LARGE_QUEUE_THRESHOLD (WARNING) or VERY_LARGE_QUEUE_THRESHOLD (CRITICAL).'),
    rule('low_success_rate')
      .when(
        successRate({
          ...WORK,
          attempts: TOLD,
          wording: { rate: 'Success rate', units: 'pieces of work', unitsInFull: 'pieces of work' },
        }),
      )
      .below(limits.minSuccessRateHealthy, '%')
      .critical(limits.minSuccessRateDegraded)
      .by(WORK_NAME)
      .inhibitedBy(DEPENDENCY_DOWN)
      .summary(
        'Success rate of one kind of work below MIN_SUCCESS_RATE_HEALTHY (WARNING) or MIN_SUCCESS_RATE_DEGRADED (CRITICAL), honest about small numbers; an alert for each `work.name`.',
      ),
    rule('low_work_rate')
      .when(
        throughput({
          of: ATTEMPTS,
          owed: DUE_ITEMS,
          watched: true,
          left: ALL_ITEMS,
          staleAfter: QUEUE_STALE_AFTER,
          wording: { done: '{current} attempts', one: '1 attempt', unit: 'attempts' },
        }),
      )
      .below(limits.minFetchRate, '/h')
      .inhibitedBy(DEPENDENCY_DOWN)
      .summary('Fewer attempts in the last hour than MIN_FETCH_RATE makes likely, while items were due.'),
    rule('slow_upstream')
      .when(slowCalls({ of: SLOW_CALLS.where(JUDGED), in: CALLS.where(JUDGED), called: 'upstreams' }))
      .above(limits.maxApiResponseTimeMs, 'ms')
      .summary(
        'More than 5 % of the calls to upstreams that health.config or the service names took longer than MAX_API_RESPONSE_TIME in 5 minutes, or timed out; not those that asked the upstream to wait and were answered within that.',
      ),
  ]
}
