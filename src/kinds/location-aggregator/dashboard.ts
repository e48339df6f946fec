/** What the dashboard of a location aggregator shows before what it shows of any worker. */
import { whileRunning } from '../../panels/heartbeat.ts'
import { increase, max, mean, percent, quantile, rate, series, sum } from '../../panels/promql.ts'
import { byLastWord } from '../../panels/line-colours.ts'
import { BESIDE_A_CHART } from '../../panels/panel-spec.ts'
import { anHour } from '../../panels/work-panels.ts'
import type { KindRows } from '../kind.ts'
import { workerRows } from '../worker/dashboard.ts'
import { WORK_BATCH_DURATION } from '../worker/metrics.ts'
import { AGGREGATED_REPORTS, BATCH_SIZE, LAG, REPORT_OUTCOME } from './metrics.ts'

const DROPPED = { [REPORT_OUTCOME]: ['duplicate', 'implausible'] }

export const locationAggregatorRows: KindRows = (limits, timing) => [
  {
    title: 'Reports',
    panels: [
      {
        kind: 'stat',
        title: 'Reports, last hour',
        description: 'Reports that came in during the last hour.',
        unit: 'short',
        width: 6,
        height: BESIDE_A_CHART,
        queries: [{ expr: sum(increase(AGGREGATED_REPORTS, '1h')), legend: 'reports' }],
      },
      {
        kind: 'stat',
        title: 'Dropped, 15 min',
        description:
          'Reports of the last 15 minutes that were dropped as duplicates or as implausible. Judged by the rule high_drop_share.',
        unit: 'percent',
        width: 6,
        height: BESIDE_A_CHART,
        limits: limits('high_drop_share'),
        queries: [
          { expr: percent(sum(increase(AGGREGATED_REPORTS, '15m', DROPPED)), sum(increase(AGGREGATED_REPORTS, '15m'))), legend: 'dropped' },
        ],
      },
      anHour(
        'Reports an hour, by what became of them',
        AGGREGATED_REPORTS.description,
        12,
        [{ expr: sum(rate(AGGREGATED_REPORTS), [REPORT_OUTCOME]), legend: '{{location_aggregator_report_outcome}}' }],
        { colours: byLastWord({ merged: 'green', duplicate: 'blue', implausible: 'orange' }) },
      ),
      {
        kind: 'timeseries',
        title: 'Lag',
        description: `${LAG.description} Judged by the rule aggregation_lag.`,
        unit: 's',
        width: 8,
        limits: limits('aggregation_lag'),
        queries: [{ expr: max(whileRunning(series(LAG), timing)), legend: 'lag' }],
      },
      {
        kind: 'timeseries',
        title: 'Duration of an aggregation',
        description: `${WORK_BATCH_DURATION.description} Judged by the rule slow_aggregation.`,
        unit: 's',
        width: 8,
        limits: limits('slow_aggregation'),
        queries: [0.5, 0.95, 0.99].map((q) => ({ expr: quantile(q, WORK_BATCH_DURATION), legend: `p${100 * q}` })),
      },
      {
        kind: 'timeseries',
        title: 'Reports in an aggregation',
        description: `${BATCH_SIZE.description} Mean.`,
        unit: 'short',
        width: 8,
        queries: [{ expr: mean(BATCH_SIZE), legend: 'reports' }],
      },
    ],
  },
  ...workerRows(limits, timing),
]
