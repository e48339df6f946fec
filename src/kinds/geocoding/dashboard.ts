/** What the dashboard of a geocoding service shows before what it shows of any worker, the duration of calls to each provider among it. */
import { ERROR_TYPE } from '../../catalogue.ts'
import { byLastWord } from '../../panels/line-colours.ts'
import { BESIDE_A_CHART, type PanelRow } from '../../panels/panel-spec.ts'
import { increase, max, percent, rate, series, sum } from '../../panels/promql.ts'
import { whileRunning } from '../../panels/heartbeat.ts'
import type { KindRows } from '../kind.ts'
import { workerRows } from '../worker/dashboard.ts'
import { WORK_UPSTREAM, WORK_UPSTREAM_DURATION } from '../worker/metrics.ts'
import { CACHE_LOOKUPS, CACHE_RESULT, QUOTA_USAGE } from './metrics.ts'

const HIT = { [CACHE_RESULT]: 'hit' }
const FAILED = { [ERROR_TYPE]: { not: ['', '429'] } }
const CALLS = (where = {}) => sum(rate(WORK_UPSTREAM_DURATION, where, '_count'), [WORK_UPSTREAM])

export const geocodingRows: KindRows = (limits, timing) => [cacheRow(limits), providersRow(limits, timing), ...workerRows(limits, timing)]

function cacheRow(limits: Parameters<KindRows>[0]): PanelRow {
  return {
    title: 'Cache',
    panels: [
      {
        kind: 'stat',
        title: 'Cache hit rate, 1 h',
        description: 'Lookups of the last hour that were hits. Judged over 15 minutes by the rule low_cache_hit_rate.',
        unit: 'percent',
        width: 6,
        height: BESIDE_A_CHART,
        limits: limits('low_cache_hit_rate'),
        queries: [{ expr: percent(sum(increase(CACHE_LOOKUPS, '1h', HIT)), sum(increase(CACHE_LOOKUPS, '1h'))), legend: 'hit rate' }],
      },
      {
        kind: 'timeseries',
        title: 'Cache hit rate',
        description: 'Percent of lookups that were hits; no line where nothing was looked up.',
        unit: 'percent',
        width: 9,
        limits: limits('low_cache_hit_rate'),
        queries: [{ expr: percent(sum(rate(CACHE_LOOKUPS, HIT)), sum(rate(CACHE_LOOKUPS))), legend: 'hit rate' }],
      },
      {
        kind: 'timeseries',
        title: 'Lookups a second, by result',
        description: CACHE_LOOKUPS.description,
        unit: 'ops',
        width: 9,
        stacked: true,
        colours: byLastWord({ hit: 'green', miss: 'blue', stale: 'orange' }),
        queries: [{ expr: sum(rate(CACHE_LOOKUPS), [CACHE_RESULT]), legend: '{{geocoding_cache_result}}' }],
      },
    ],
  }
}

function providersRow(limits: Parameters<KindRows>[0], timing: Parameters<KindRows>[1]): PanelRow {
  return {
    title: 'Providers',
    panels: [
      {
        kind: 'timeseries',
        title: 'Failed calls, by provider',
        description: 'Percent of calls that failed, answers 429 apart. Judged by the rule failing_provider.',
        unit: 'percent',
        width: 12,
        limits: limits('failing_provider'),
        queries: [{ expr: percent(CALLS(FAILED), CALLS()), legend: '{{work_upstream}}' }],
      },
      {
        kind: 'timeseries',
        title: 'Answers 429, by provider',
        description: 'Percent of calls to which the provider said that there are too many. Judged by the rule rate_limited.',
        unit: 'percent',
        width: 12,
        limits: limits('rate_limited'),
        queries: [{ expr: percent(CALLS({ [ERROR_TYPE]: '429' }), CALLS()), legend: '{{work_upstream}}' }],
      },
      {
        kind: 'timeseries',
        title: 'Requests an hour, by provider',
        description: 'Calls to each provider.',
        unit: 'short',
        width: 12,
        stacked: true,
        queries: [{ expr: `3600 * ${CALLS()}`, legend: '{{work_upstream}}' }],
      },
      {
        kind: 'timeseries',
        title: 'Quota used, by provider',
        description: `${QUOTA_USAGE.description} Judged by the rule quota_nearly_used.`,
        unit: 'percent',
        width: 12,
        limits: limits('quota_nearly_used'),
        queries: [{ expr: `100 * ${max(whileRunning(series(QUOTA_USAGE), timing), [WORK_UPSTREAM])}`, legend: '{{work_upstream}}' }],
      },
    ],
  }
}
