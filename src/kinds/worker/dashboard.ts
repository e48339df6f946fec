/** What a worker's dashboard shows beyond any service's: the same questions as of a fetcher, in the words of any work. */
import { ERROR_TYPE } from '../../catalogue.ts'
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
  WORK_QUEUE_SIZE,
  WORK_QUEUE_STATE,
  WORK_STREAK,
  WORK_UPSTREAM,
  WORK_UPSTREAM_DURATION,
  WORK_UPSTREAM_SLOW,
} from './metrics.ts'
import { ANSWERED } from './rules.ts'
import type { RuleLimits } from '../../types.ts'
import { CALL_COLOURS, FAILURE_COLOURS, OUTCOME_COLOURS } from '../../panels/line-colours.ts'
import type { PanelRow } from '../../panels/panel-spec.ts'
import type { HeartbeatTiming } from '../../panels/heartbeat.ts'
import { whileRunning } from '../../panels/heartbeat.ts'
import { increase, max, percent, quantile, rate, series, sum } from '../../panels/promql.ts'
import type { SuccessRate } from '../../panels/work-panels.ts'
import { anHour, inSeconds, successRate, successRateNow } from '../../panels/work-panels.ts'

const OK = { [WORK_OUTCOME]: 'ok' }
const FAILED = { [WORK_OUTCOME]: 'failed' }
const TOLD = { [WORK_OUTCOME]: { not: 'unknown' } }
const DUE = { [WORK_QUEUE_STATE]: 'due' }

export function workerRows(limits: (rule: string) => RuleLimits | undefined, timing: HeartbeatTiming): readonly PanelRow[] {
  const success: SuccessRate = {
    description: 'Attempts of the last 5 minutes that succeeded, of those of which it is known.',
    limits: limits('low_success_rate'),
    width: 8,
    now: percent(sum(increase(WORK_ATTEMPTS, '5m', OK)), sum(increase(WORK_ATTEMPTS, '5m', TOLD))),
    overTime: {
      expr: percent(sum(rate(WORK_ATTEMPTS, OK), [WORK_NAME]), sum(rate(WORK_ATTEMPTS, TOLD), [WORK_NAME])),
      legend: '{{work_name}}',
    },
  }
  return [
    {
      title: 'Work',
      panels: [
        successRateNow(success),
        {
          kind: 'stat',
          title: 'Attempts, last hour',
          description:
            'Pieces of work tried in the last hour, or since the start of the service. Judged by the rule low_work_rate while items are due.',
          unit: 'short',
          width: 8,
          limits: limits('low_work_rate'),
          queries: [{ expr: sum(increase(WORK_ATTEMPTS, '1h')), legend: 'attempts' }],
        },
        {
          kind: 'stat',
          title: 'Items due',
          description:
            'Items of all queues that could be worked on now; the queues are shared, so instances are not added up. Judged by the rule large_queue.',
          unit: 'short',
          width: 8,
          limits: limits('large_queue'),
          queries: [{ expr: sum(max(whileRunning(series(WORK_QUEUE_SIZE, DUE), timing), [WORK_QUEUE_NAME])), legend: 'due' }],
        },
        successRate(success),
        anHour(
          'Attempts an hour, by outcome',
          WORK_ATTEMPTS.description,
          12,
          [{ expr: sum(rate(WORK_ATTEMPTS), [WORK_NAME, WORK_OUTCOME]), legend: '{{work_name}} {{work_outcome}}' }],
          { colours: OUTCOME_COLOURS },
        ),
        anHour(
          'Failures an hour, by reason',
          'Failed attempts by error.type.',
          8,
          [{ expr: sum(rate(WORK_ATTEMPTS, FAILED), [WORK_NAME, ERROR_TYPE]), legend: '{{work_name}} {{error_type}}' }],
          { colours: FAILURE_COLOURS, empty: 'no failure was counted' },
        ),
        anHour(
          'Found and generated, an hour',
          `${WORK_ITEMS_FOUND.description} ${WORK_EVENTS.description}`,
          8,
          [
            { expr: sum(rate(WORK_ITEMS_FOUND), [WORK_NAME]), legend: '{{work_name}} found' },
            { expr: sum(rate(WORK_EVENTS), [WORK_NAME]), legend: '{{work_name}} events' },
          ],
          { empty: 'nothing was found or generated' },
        ),
        {
          kind: 'timeseries',
          title: 'Same outcome in a row',
          description: WORK_STREAK.description,
          unit: 'short',
          width: 8,
          queries: [{ expr: series(WORK_STREAK), legend: '{{instance}} {{work_name}}' }],
        },
        {
          kind: 'timeseries',
          title: 'Duration of attempts and batches, p95',
          description: `${WORK_ATTEMPT_DURATION.description} ${WORK_BATCH_DURATION.description}`,
          unit: 's',
          width: 24,
          queries: [
            { expr: quantile(0.95, WORK_ATTEMPT_DURATION, {}, [WORK_NAME]), legend: '{{work_name}}' },
            { expr: quantile(0.95, WORK_BATCH_DURATION, {}, [WORK_NAME]), legend: '{{work_name}} batch' },
          ],
        },
      ],
    },
    {
      title: 'Queues',
      panels: [
        {
          kind: 'timeseries',
          title: 'Items due, by queue',
          description: 'Items that could be worked on now. Limits of the rule large_queue, which judges all queues together.',
          unit: 'short',
          width: 8,
          stacked: true,
          limits: limits('large_queue'),
          queries: [{ expr: max(whileRunning(series(WORK_QUEUE_SIZE, DUE), timing), [WORK_QUEUE_NAME]), legend: '{{work_queue_name}}' }],
        },
        {
          kind: 'timeseries',
          title: 'Items by state',
          description: WORK_QUEUE_SIZE.description,
          unit: 'short',
          width: 8,
          stacked: true,
          queries: [
            {
              expr: max(whileRunning(series(WORK_QUEUE_SIZE), timing), [WORK_QUEUE_NAME, WORK_QUEUE_STATE]),
              legend: '{{work_queue_name}} {{work_queue_state}}',
            },
          ],
        },
        {
          kind: 'timeseries',
          title: 'Longest wait, by queue',
          description: WORK_QUEUE_OLDEST_DUE_AGE.description,
          unit: 's',
          width: 8,
          queries: [
            { expr: max(whileRunning(series(WORK_QUEUE_OLDEST_DUE_AGE), timing), [WORK_QUEUE_NAME]), legend: '{{work_queue_name}}' },
          ],
        },
      ],
    },
    {
      title: 'Upstreams',
      panels: [
        {
          kind: 'timeseries',
          title: 'Duration of calls, p95',
          description: `${WORK_UPSTREAM_DURATION.description} A call above the limit of the rule slow_upstream is slow.`,
          unit: 's',
          width: 8,
          limits: inSeconds(limits('slow_upstream')),
          queries: [{ expr: quantile(0.95, WORK_UPSTREAM_DURATION, ANSWERED, [WORK_UPSTREAM]), legend: '{{work_upstream}}' }],
        },
        {
          kind: 'timeseries',
          title: 'Calls a second, by answer',
          description: 'Calls to upstreams; without a reason they were answered as they should.',
          unit: 'reqps',
          width: 8,
          stacked: true,
          colours: CALL_COLOURS,
          queries: [
            {
              expr: sum(rate(WORK_UPSTREAM_DURATION, {}, '_count'), [WORK_UPSTREAM, ERROR_TYPE]),
              legend: '{{work_upstream}} {{error_type}}',
            },
          ],
        },
        {
          kind: 'timeseries',
          title: 'Slow calls',
          description: `${WORK_UPSTREAM_SLOW.description} Percent of calls that did not ask to wait; no line where nothing was called. Above 5 % the 95th percentile is over the limit of slow_upstream, which judges upstreams that somebody has named.`,
          unit: 'percent',
          width: 8,
          queries: [
            {
              expr: percent(
                sum(rate(WORK_UPSTREAM_SLOW), [WORK_UPSTREAM]),
                sum(rate(WORK_UPSTREAM_DURATION, ANSWERED, '_count'), [WORK_UPSTREAM]),
              ),
              legend: '{{work_upstream}}',
            },
          ],
        },
      ],
    },
  ]
}
