/** How a realtime geofence is judged beyond any worker. */
import { DEPENDENCY_DOWN } from '../../catalogue.ts'
import { Metric } from '../../rules/metric-ref.ts'
import { level, quantile } from '../../rules/readings.ts'
import type { RuleSentence } from '../../rules/rule.ts'
import { rule } from '../../rules/rule.ts'
import { DETECTION_LATENCY, QUIET } from './metrics.ts'

export const LATENCY = new Metric(DETECTION_LATENCY)
export const QUIET_SHARE = new Metric(QUIET)

export function realtimeGeofenceRules(): readonly RuleSentence[] {
  return [
    rule('slow_detection')
      .when(quantile(0.95, LATENCY).over('15m'))
      .above(45, 'min')
      .critical(120)
      // For longer than one tracker that comes back, with all it reports late, stays in the window.
      .for('15m')
      .says('The 95th percentile from report to event is {current} over {window} (limit {limit}), of {n} {n:event|events}')
      .summary('95th percentile of the time from report to event above 45 minutes (CRITICAL: 2 hours) over 15 minutes, for as long again.'),
    rule('no_events')
      .when(level(QUIET_SHARE))
      .above(200, '%')
      .says('Reports without an event: {current} of the most that ever came between two events (limit {limit})')
      .inhibitedBy(DEPENDENCY_DOWN)
      .summary(
        'Twice as many reports without an event as ever came between two events; only against its own past, unknown before `eventsLearning` and 20 spells.',
      ),
  ]
}
