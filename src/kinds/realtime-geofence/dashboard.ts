/** What the dashboard of a realtime geofence shows before what it shows of any worker. */
import { whileRunning } from '../../panels/heartbeat.ts'
import { increase, max, percent, quantile, rate, series, sum } from '../../panels/promql.ts'
import { byLastWord } from '../../panels/line-colours.ts'
import { BESIDE_A_CHART } from '../../panels/panel-spec.ts'
import { anHour } from '../../panels/work-panels.ts'
import type { KindRows } from '../kind.ts'
import { workerRows } from '../worker/dashboard.ts'
import { ACTIVE_GEOFENCES, DETECTION_LATENCY, GEOFENCE_EVENTS, GEOFENCE_REPORTS, QUIET, TIMING, TRANSITION } from './metrics.ts'

const IN_ORDER = { [TIMING]: 'in_order' }

export const realtimeGeofenceRows: KindRows = (limits, timing) => [
  {
    title: 'Events',
    panels: [
      {
        kind: 'stat',
        title: 'Detection latency, p95, 15 min',
        description: '95th percentile of the time from report to event in the last 15 minutes. Judged by the rule slow_detection.',
        unit: 'm',
        width: 6,
        height: BESIDE_A_CHART,
        limits: limits('slow_detection'),
        queries: [
          {
            expr: `histogram_quantile(0.95, ${sum(increase(DETECTION_LATENCY, '15m', {}, '_bucket'), ['le'])}) / 60`,
            legend: 'p95',
          },
        ],
      },
      {
        kind: 'stat',
        title: 'Active geofences',
        description: ACTIVE_GEOFENCES.description,
        unit: 'short',
        width: 6,
        height: BESIDE_A_CHART,
        queries: [{ expr: max(whileRunning(series(ACTIVE_GEOFENCES), timing)), legend: 'geofences' }],
      },
      {
        kind: 'timeseries',
        title: 'Detection latency',
        description: DETECTION_LATENCY.description,
        unit: 's',
        width: 12,
        queries: [0.5, 0.95, 0.99].map((q) => ({ expr: quantile(q, DETECTION_LATENCY), legend: `p${100 * q}` })),
      },
      anHour('Events an hour', GEOFENCE_EVENTS.description, 6, [
        { expr: sum(rate(GEOFENCE_EVENTS), [TRANSITION]), legend: '{{realtime_geofence_transition}}' },
      ]),
      anHour(
        'Reports an hour, by timing',
        GEOFENCE_REPORTS.description,
        6,
        [{ expr: sum(rate(GEOFENCE_REPORTS), [TIMING]), legend: '{{realtime_geofence_report_timing}}' }],
        { colours: byLastWord({ in_order: 'green', late: 'orange', out_of_order: 'red' }) },
      ),
      {
        kind: 'timeseries',
        title: 'Reports in time and in order',
        description: 'Percent of the reports that were evaluated; no line where none came.',
        unit: 'percent',
        width: 6,
        queries: [{ expr: percent(sum(rate(GEOFENCE_REPORTS, IN_ORDER)), sum(rate(GEOFENCE_REPORTS))), legend: 'in order' }],
      },
      {
        kind: 'timeseries',
        title: 'Quiet',
        description: `${QUIET.description} Judged by the rule no_events.`,
        unit: 'percent',
        width: 6,
        limits: limits('no_events'),
        queries: [{ expr: `100 * ${series(QUIET)}`, legend: '{{instance}}' }],
      },
    ],
  },
  ...workerRows(limits, timing),
]
