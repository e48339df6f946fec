/** What a tracker fetcher's dashboard shows beyond any service's. */
import {
  ACCOUNT_STATE,
  ACCOUNT_STATUS,
  ANISETTE_STATE,
  ANISETTE_STATUS,
  BATCH_DURATION,
  FETCH_ATTEMPTS,
  FETCH_REPORTS,
  FETCH_RETRIES,
  FETCH_SKIPPED,
  FETCH_STREAK,
  GEOFENCE_EVENTS,
  GEOFENCE_TRANSITION,
  OUTCOME,
  QUEUE_OLDEST_DUE_AGE,
  QUEUE_SIZE,
  QUEUE_STATE,
  REPORT_KIND,
  SKIP_REASON,
  TIER,
  UPSTREAM,
  UPSTREAM_DURATION,
  UPSTREAM_SLOW,
} from './metrics.ts'
import { ERROR_TYPE } from '../../catalogue.ts'
import type { RuleLimits } from '../../types.ts'
import { stateNow } from '../../panels/health-panels.ts'
import type { HeartbeatTiming } from '../../panels/heartbeat.ts'
import { whileRunning } from '../../panels/heartbeat.ts'
import { byLastWord, CALL_COLOURS, FAILURE_COLOURS } from '../../panels/line-colours.ts'
import type { PanelRow, ShownState } from '../../panels/panel-spec.ts'
import { increase, max, mean, percent, quantile, rate, series, sum } from '../../panels/promql.ts'
import type { SuccessRate } from '../../panels/work-panels.ts'
import { anHour, inSeconds, successRate, successRateNow } from '../../panels/work-panels.ts'

const ACCOUNT: readonly ShownState[] = [
  { state: 'logged_in', colour: 'green' },
  { state: 'unknown', colour: 'purple' },
  { state: 'logged_out', colour: 'red' },
  { state: 'require_2fa', colour: 'orange' },
  { state: 'blocked', colour: 'dark-red' },
]
const ANISETTE: readonly ShownState[] = [
  { state: 'reachable', colour: 'green' },
  { state: 'unknown', colour: 'purple' },
  { state: 'invalid', colour: 'orange' },
  { state: 'unreachable', colour: 'red' },
]

const DUE = { [QUEUE_STATE]: 'due' }
const APPLE = { [UPSTREAM]: 'apple' }
const FAILED = { [OUTCOME]: 'failed' }
const SUCCEEDED = { [OUTCOME]: ['reports', 'empty'] }
const TOLD = { [OUTCOME]: { not: 'unknown' } }

export function trackerFetcherRows(limits: (rule: string) => RuleLimits | undefined, timing: HeartbeatTiming): readonly PanelRow[] {
  const slow = inSeconds(limits('slow_apple_api'))
  const success: SuccessRate = {
    description: 'Attempts of the last 5 minutes that succeeded; zero reports is a success.',
    limits: limits('low_success_rate'),
    width: 4,
    now: percent(sum(increase(FETCH_ATTEMPTS, '5m', SUCCEEDED)), sum(increase(FETCH_ATTEMPTS, '5m', TOLD))),
    overTime: { expr: percent(sum(rate(FETCH_ATTEMPTS, SUCCEEDED)), sum(rate(FETCH_ATTEMPTS, TOLD))), legend: 'success rate' },
  }
  return [
    {
      title: 'Fetching',
      panels: [
        successRateNow(success),
        {
          kind: 'stat',
          title: 'Attempts, last hour',
          description:
            'Trackers looked up in the last hour, or since the start of the service. Judged by the rule low_fetch_rate while trackers are due.',
          unit: 'short',
          width: 4,
          limits: limits('low_fetch_rate'),
          queries: [{ expr: sum(increase(FETCH_ATTEMPTS, '1h')), legend: 'attempts' }],
        },
        {
          kind: 'stat',
          title: 'Trackers due',
          description:
            'Trackers that are due now, of all tiers; the queues are shared, so instances are not added up. Judged by the rule large_queue.',
          unit: 'short',
          width: 4,
          limits: limits('large_queue'),
          queries: [{ expr: sum(max(whileRunning(series(QUEUE_SIZE, DUE), timing), [TIER])), legend: 'due' }],
        },
        {
          kind: 'stat',
          title: 'Apple, p95, 5 min',
          description: '95th percentile of calls to Apple in the last 5 minutes. Judged by the rule slow_apple_api.',
          unit: 's',
          width: 4,
          limits: slow,
          queries: [
            {
              expr: `histogram_quantile(0.95, ${sum(increase(UPSTREAM_DURATION, '5m', APPLE, '_bucket'), ['le'])})`,
              legend: 'p95',
            },
          ],
        },
        {
          kind: 'stat',
          title: 'Apple account',
          description: `${ACCOUNT_STATUS.description} Judged by the rule apple_account_unauthenticated.`,
          unit: 'none',
          width: 4,
          states: ACCOUNT,
          queries: [{ expr: stateNow(ACCOUNT_STATUS, ACCOUNT_STATE, ACCOUNT, timing, ['job']), legend: '{{job}}' }],
        },
        {
          kind: 'stat',
          title: 'Anisette',
          description: `${ANISETTE_STATUS.description} Judged by the rule anisette_unreachable.`,
          unit: 'none',
          width: 4,
          states: ANISETTE,
          queries: [{ expr: stateNow(ANISETTE_STATUS, ANISETTE_STATE, ANISETTE, timing, ['job']), legend: '{{job}}' }],
        },
        successRate(success),
        anHour(
          'Attempts an hour, by outcome',
          `${FETCH_ATTEMPTS.description} Below the limit of the rule low_fetch_rate while trackers are due, too little is done.`,
          12,
          [{ expr: sum(rate(FETCH_ATTEMPTS), [OUTCOME]), legend: '{{tracker_fetcher_fetch_outcome}}' }],
          { limits: limits('low_fetch_rate'), colours: byLastWord({ reports: 'green', empty: 'blue', failed: 'red', unknown: 'purple' }) },
        ),
        anHour(
          'Failures an hour, by reason',
          'Failed attempts by error.type: HTTP statuses, names of transport failures, or what was wrong with the answer.',
          8,
          [{ expr: sum(rate(FETCH_ATTEMPTS, FAILED), [ERROR_TYPE]), legend: '{{error_type}}' }],
          { colours: FAILURE_COLOURS, empty: 'no failure was counted' },
        ),
        {
          kind: 'timeseries',
          title: 'Not tried and repeated, an hour',
          description: `${FETCH_SKIPPED.description} ${FETCH_RETRIES.description}`,
          unit: 'short',
          width: 8,
          queries: [
            { expr: `3600 * ${sum(rate(FETCH_SKIPPED), [SKIP_REASON])}`, legend: 'skipped: {{tracker_fetcher_skip_reason}}' },
            { expr: `3600 * ${sum(rate(FETCH_RETRIES), [ERROR_TYPE])}`, legend: 'retried: {{error_type}}' },
          ],
        },
        {
          kind: 'timeseries',
          title: 'Same outcome in a row',
          description: FETCH_STREAK.description,
          unit: 'short',
          width: 8,
          queries: [{ expr: series(FETCH_STREAK), legend: '{{instance}}' }],
        },
        {
          kind: 'timeseries',
          title: 'Reports per attempt',
          description: `${FETCH_REPORTS.description} Mean, by kind.`,
          unit: 'short',
          width: 12,
          queries: [{ expr: mean(FETCH_REPORTS, {}, [REPORT_KIND]), legend: '{{tracker_fetcher_report_kind}}' }],
        },
        anHour('Geofence events an hour', GEOFENCE_EVENTS.description, 12, [
          { expr: sum(rate(GEOFENCE_EVENTS), [GEOFENCE_TRANSITION]), legend: '{{tracker_fetcher_geofence_transition}}' },
        ]),
      ],
    },
    {
      title: 'Queues',
      panels: [
        {
          kind: 'timeseries',
          title: 'Trackers due, by tier',
          description: 'Trackers that are due now. Limits of the rule large_queue, which judges all tiers together.',
          unit: 'short',
          width: 8,
          stacked: true,
          limits: limits('large_queue'),
          queries: [{ expr: max(whileRunning(series(QUEUE_SIZE, DUE), timing), [TIER]), legend: '{{tracker_fetcher_queue_tier}}' }],
        },
        {
          kind: 'timeseries',
          title: 'Trackers by state',
          description: QUEUE_SIZE.description,
          unit: 'short',
          width: 8,
          stacked: true,
          queries: [
            {
              expr: sum(max(whileRunning(series(QUEUE_SIZE), timing), [TIER, QUEUE_STATE]), [QUEUE_STATE]),
              legend: '{{tracker_fetcher_queue_state}}',
            },
          ],
        },
        {
          kind: 'timeseries',
          title: 'Longest wait, by tier',
          description: QUEUE_OLDEST_DUE_AGE.description,
          unit: 's',
          width: 8,
          queries: [{ expr: max(whileRunning(series(QUEUE_OLDEST_DUE_AGE), timing), [TIER]), legend: '{{tracker_fetcher_queue_tier}}' }],
        },
      ],
    },
    {
      title: 'Apple and anisette',
      panels: [
        {
          kind: 'timeseries',
          title: 'Duration of calls to Apple',
          description: `${UPSTREAM_DURATION.description} A call above the limit of the rule slow_apple_api is slow.`,
          unit: 's',
          width: 8,
          limits: slow,
          queries: [0.5, 0.95, 0.99].map((q) => ({ expr: quantile(q, UPSTREAM_DURATION, APPLE), legend: `p${100 * q}` })),
        },
        {
          kind: 'timeseries',
          title: 'Duration of calls to anisette',
          description: UPSTREAM_DURATION.description,
          unit: 's',
          width: 8,
          queries: [0.5, 0.95, 0.99].map((q) => ({
            expr: quantile(q, UPSTREAM_DURATION, { [UPSTREAM]: 'anisette' }),
            legend: `p${100 * q}`,
          })),
        },
        {
          kind: 'timeseries',
          title: 'Slow calls',
          description: `${UPSTREAM_SLOW.description} Percent of calls; no line where nothing was called. Above 5 % of calls to Apple the 95th percentile is over the limit of slow_apple_api.`,
          unit: 'percent',
          width: 8,
          queries: [
            {
              expr: percent(sum(rate(UPSTREAM_SLOW), [UPSTREAM]), sum(rate(UPSTREAM_DURATION, {}, '_count'), [UPSTREAM])),
              legend: '{{tracker_fetcher_upstream}}',
            },
          ],
        },
        {
          kind: 'heatmap',
          title: 'Calls to Apple by duration',
          description: 'Calls a second in each bucket of tracker_fetcher.upstream.duration.',
          unit: 's',
          width: 12,
          queries: [{ expr: sum(rate(UPSTREAM_DURATION, APPLE, '_bucket'), ['le']), legend: '{{le}}' }],
        },
        {
          kind: 'timeseries',
          title: 'Calls a second, by answer',
          description: 'Calls to Apple and anisette; without a reason they were answered as they should.',
          unit: 'reqps',
          width: 12,
          stacked: true,
          colours: CALL_COLOURS,
          queries: [
            {
              expr: sum(rate(UPSTREAM_DURATION, {}, '_count'), [UPSTREAM, ERROR_TYPE]),
              legend: '{{tracker_fetcher_upstream}} {{error_type}}',
            },
          ],
        },
        {
          kind: 'timeseries',
          title: 'Duration of batches, p95',
          description: BATCH_DURATION.description,
          unit: 's',
          width: 12,
          queries: [{ expr: quantile(0.95, BATCH_DURATION, {}, [TIER]), legend: '{{tracker_fetcher_queue_tier}}' }],
        },
        {
          kind: 'timeline',
          title: 'State of the Apple account',
          description: ACCOUNT_STATUS.description,
          unit: 'none',
          width: 6,
          states: ACCOUNT,
          queries: [{ expr: stateNow(ACCOUNT_STATUS, ACCOUNT_STATE, ACCOUNT, timing, ['job']), legend: 'account' }],
        },
        {
          kind: 'timeline',
          title: 'State of the anisette server',
          description: ANISETTE_STATUS.description,
          unit: 'none',
          width: 6,
          states: ANISETTE,
          queries: [{ expr: stateNow(ANISETTE_STATUS, ANISETTE_STATE, ANISETTE, timing, ['job']), legend: 'anisette' }],
        },
      ],
    },
  ]
}
