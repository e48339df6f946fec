/** What a realtime geofence is to whoever judges it. */
import { figure } from '../../rules/figure.ts'
import { Metric } from '../../rules/metric-ref.ts'
import { increase, level, quantile } from '../../rules/readings.ts'
import type { ServiceKind } from '../../rules/service-kind.ts'
import { into } from '../../rules/tally.ts'
import { extended } from '../extended.ts'
import { workerJudging } from '../worker/judging.ts'
import { ACTIVE_GEOFENCES, GEOFENCE_EVENTS, GEOFENCE_REPORTS, REALTIME_GEOFENCE_METRICS, TIMING, TRANSITION } from './metrics.ts'
import { LATENCY, QUIET_SHARE, realtimeGeofenceRules } from './rules.ts'

const REPORTS = new Metric(GEOFENCE_REPORTS)
const EVENTS = new Metric(GEOFENCE_EVENTS)
const ACTIVE = new Metric(ACTIVE_GEOFENCES)

export const realtimeGeofenceJudging: ServiceKind = extended(workerJudging, {
  name: 'realtime_geofence',
  metrics: REALTIME_GEOFENCE_METRICS,
  rules: realtimeGeofenceRules,
  figures: {
    detection_p50_ms: figure(quantile(0.5, LATENCY).over('15m')).in('ms').data,
    detection_p95_ms: figure(quantile(0.95, LATENCY).over('15m')).in('ms').data,
    detection_p99_ms: figure(quantile(0.99, LATENCY).over('15m')).in('ms').data,
    events_last_hour: figure(increase(EVENTS).over('1h')).by(TRANSITION).data,
    reports_last_hour: figure(increase(REPORTS).over('1h')).by(TIMING).data,
    active_geofences: figure(level(ACTIVE, { fold: 'max' })).data,
    quiet_percent: figure(level(QUIET_SHARE)).in('%').data,
  },
  records: {
    evaluation: {
      about: 'One report held against the geofences; `reports` is 1 of itself, unless it could not be evaluated.',
      is: 'attempt',
      tallies: [
        into(REPORTS).of('reports').by(TIMING, 'timing').data,
        into(EVENTS).each('events').by(TRANSITION, 'transition').data,
        into(LATENCY).each('events').of('latencyMs', 'ms').by(TRANSITION, 'transition').data,
      ],
    },
    geofences: { about: 'How many there are, or the list of them.', tallies: [into(ACTIVE).of('active').data] },
  },
})
