/** Forty trips through the geofence home, each of four reports in order and one that comes too late for it; then nobody moves any more. */
import { RealtimeGeofenceHealthMonitor } from '../../../src/index.ts'
import { between, upTo, type KindContract } from './contract.ts'

const MINUTE = 60_000
const MONDAY = Date.UTC(2026, 0, 5, 12)

/** Milliseconds from where a tracker was to when its report came: of ten trips those of one are late. */
const lagOf = (trip: number) => (trip % 10 === 0 ? 80 : 18) * MINUTE

interface Report {
  readonly tracker: string
  readonly x?: number
  readonly at: number
  readonly receivedAt: number
}

function tripOf(trip: number): readonly Report[] {
  const report = (minute: number, x?: number): Report => {
    const at = MONDAY + (10 * trip + minute) * MINUTE
    return { tracker: `t${trip}`, ...(x !== undefined && { x }), at, receivedAt: at + lagOf(trip) }
  }
  // Enters, stays, leaves; what it said before is heard after; goes on. Of eight trackers one then says no place.
  return [report(1, 5), report(2, 6), report(3, 15), report(0, 5), report(4, 16), ...(trip % 8 === 0 ? [report(5)] : [])]
}

const QUIET = upTo(40).map((n): Report => {
  const at = MONDAY + (1000 + n) * MINUTE
  return { tracker: 't1', x: 16, at, receivedAt: at + 18 * MINUTE }
})

const LEDGER = {
  attempts: { ok: 240, failed: { bad_report: 5 } },
  reports: { in_order: 184, late: 16, out_of_order: 40 },
  events: { enter: 40, exit: 40, dwell: 40 },
  active: 3,
  due: { reports: 0, events: 120 },
}

export const realtimeGeofence: KindContract = {
  kind: 'realtime_geofence',
  folder: 'realtime-geofence',
  lists: () => ({
    fences: ['home:0:10', 'work:20:30', 'school:40:50'],
    reports: [...upTo(40).flatMap(tripOf), ...QUIET].map((report) => JSON.stringify(report)),
  }),
  ledger: LEDGER,
  monitor(options) {
    const monitor = new RealtimeGeofenceHealthMonitor({
      ...options,
      eventsLearning: '1s',
      rules: { slow_detection: { for: 0 }, no_events: { for: 0 } },
    })
    return { monitor, tell: () => tell(monitor) }
  },
  totals: {
    attempts: LEDGER.attempts,
    found: 0,
    events: 120,
    api_calls: {},
    'realtime_geofence.reports': LEDGER.reports,
    'realtime_geofence.events': LEDGER.events,
  },
  soon: () => ({
    queue_sizes: LEDGER.due,
    total_queue_size: 120,
    active_geofences: 3,
    // There were three reports from one trip's last event to the next one's first, and 42 since the last.
    quiet_percent: 1400,
  }),
  later: {
    success_rate_percent: 98,
    detection_p50_ms: between(15 * MINUTE, 20 * MINUTE),
    detection_p95_ms: between(60 * MINUTE, 90 * MINUTE),
    detection_p99_ms: between(60 * MINUTE, 90 * MINUTE),
    events_last_hour: LEDGER.events,
    reports_last_hour: LEDGER.reports,
  },
  alerts: [
    { rule: 'no_events', severity: 'WARNING' },
    { rule: 'slow_detection', severity: 'WARNING' },
  ],
}

function tell(monitor: RealtimeGeofenceHealthMonitor): void {
  monitor.recordGeofences(3)
  for (const trip of upTo(40)) {
    const timing = trip % 10 === 0 ? 'late' : 'in_order'
    for (const transition of ['enter', 'dwell', 'exit'] as const) {
      monitor.recordEvaluation({ success: true, timing, events: [{ transition, latencyMs: lagOf(trip) }] })
    }
    monitor.recordEvaluation({ success: true, timing: 'out_of_order' })
    monitor.recordEvaluation({ success: true, timing, events: [] })
    if (trip % 8 === 0) monitor.recordEvaluation({ success: false, errorType: 'bad_report' })
  }
  for (const _ of QUIET) monitor.recordEvaluation({ success: true, timing: 'in_order' })
  for (const [queue, due] of Object.entries(LEDGER.due)) monitor.recordQueue(queue, { due })
}
