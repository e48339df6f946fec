/** What a realtime geofence records beyond any worker: reports as they come, events, and how late it sees them. An attempt is one evaluation. */
import type { MetricDefinition } from '../../catalogue.ts'

/** `late`: too old to be of now; `out_of_order`: older than what was judged of the tracker before. */
export const TIMINGS = ['in_order', 'late', 'out_of_order'] as const
export type ReportTiming = (typeof TIMINGS)[number]
export const TRANSITIONS = ['enter', 'exit', 'dwell'] as const
export type Transition = (typeof TRANSITIONS)[number]

export const TIMING = 'realtime_geofence.report.timing'
export const TRANSITION = 'realtime_geofence.transition'

export const GEOFENCE_REPORTS: MetricDefinition = {
  name: 'realtime_geofence.reports',
  instrument: 'counter',
  unit: '{report}',
  description: 'Reports that were evaluated, by whether they came in time and in order.',
  attributes: { [TIMING]: TIMINGS },
}
export const GEOFENCE_EVENTS: MetricDefinition = {
  name: 'realtime_geofence.events',
  instrument: 'counter',
  unit: '{event}',
  description: 'Events that reports made: a tracker entered a geofence, left it, or stayed in it.',
  attributes: { [TRANSITION]: TRANSITIONS },
}
export const DETECTION_LATENCY: MetricDefinition = {
  name: 'realtime_geofence.detection.latency',
  instrument: 'histogram',
  unit: 's',
  description: 'Time from when a tracker was where its report says to when the event was made of it.',
  attributes: { [TRANSITION]: TRANSITIONS },
  // Reports are 15 to 30 minutes old by nature; a geofence of a GPS tracker sees them within seconds.
  bounds: [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200, 14_400],
}
export const ACTIVE_GEOFENCES: MetricDefinition = {
  name: 'realtime_geofence.active',
  instrument: 'observable_up_down_counter',
  unit: '{geofence}',
  description: 'Geofences that reports are held against.',
  attributes: {},
}
export const QUIET: MetricDefinition = {
  name: 'realtime_geofence.quiet',
  instrument: 'observable_gauge',
  unit: '1',
  description:
    'Reports since the last event, as a share of the most that ever came between two events; not set before the process knows its own past.',
  attributes: {},
}

/** In the order of docs and dashboards. */
export const REALTIME_GEOFENCE_METRICS: readonly MetricDefinition[] = [
  GEOFENCE_REPORTS,
  GEOFENCE_EVENTS,
  DETECTION_LATENCY,
  ACTIVE_GEOFENCES,
  QUIET,
]
