import { describe, expect, test } from 'vitest'

import { RealtimeGeofenceHealthMonitor } from '../../../src/kinds/realtime-geofence/monitor.ts'
import { realtimeGeofence } from '../../../src/kinds/realtime-geofence/kind.ts'
import { diagLines } from '../../contracts/diag-lines.ts'
import { judgedService } from '../judged-service.ts'

const MINUTE = 60_000

describe('what it records', () => {
  test('reports, the events they made and how late those were seen; each report is one piece of work', async () => {
    const service = await judgedService(RealtimeGeofenceHealthMonitor)
    service.minutes(1, (monitor) => {
      monitor.recordGeofences(12)
      for (let n = 0; n < 20; n++) {
        monitor.recordEvaluation({
          success: true,
          timing: 'in_order',
          durationMs: 4,
          events: [{ transition: 'enter', latencyMs: 18 * MINUTE }],
        })
      }
      monitor.recordEvaluation({
        success: true,
        timing: 'late',
        events: [{ transition: 'exit' }, { transition: 'dwell', latencyMs: 20 * MINUTE }],
      })
      monitor.recordEvaluation({ success: true, timing: 'out_of_order' })
      monitor.recordEvaluation({ success: true })
      monitor.recordEvaluation({ success: false, errorType: 'ECONNREFUSED' })
    })
    expect(service.status).toMatchObject({
      kind: 'realtime_geofence',
      metrics: {
        reports_last_hour: { in_order: 20, late: 1, out_of_order: 1, none: 1 },
        events_last_hour: { enter: 20, exit: 1, dwell: 1 },
        detection_p50_ms: expect.any(Number) as number,
        detection_p95_ms: expect.any(Number) as number,
        active_geofences: 12,
        quiet_percent: null,
        success_rate_percent: 95.8,
        events_generated: 22,
      },
      evidence: { detection_p95_ms: { n: 21, unit: 'ms', window_seconds: 900 } },
      totals: {
        attempts: { ok: 23, failed: { ECONNREFUSED: 1 } },
        'realtime_geofence.reports': { in_order: 20, late: 1, out_of_order: 1, '': 1 },
        'realtime_geofence.events': { enter: 20, exit: 1, dwell: 1 },
      },
    })
    const { detection_p50_ms: p50, detection_p99_ms: p99 } = service.status.metrics
    expect(p50).toBeGreaterThan(15 * MINUTE)
    expect(p50).toBeLessThanOrEqual(20 * MINUTE)
    // 21 events are too few for the 99th percentile.
    expect(p99).toBeNull()
  })

  test.for([
    { why: 'a report that failed says nothing of what was in it', evaluation: { success: false, timing: 'late' }, reports: {} },
    { why: 'one that does not say how it went is dropped as work, and was not evaluated', evaluation: { timing: 'late' }, reports: {} },
    { why: 'a timing that nobody knows', evaluation: { success: true, timing: 'early' }, reports: { _OTHER: 1 } },
  ])('$why', async ({ evaluation, reports }) => {
    const service = await judgedService(RealtimeGeofenceHealthMonitor)
    service.minutes(1, (monitor) => monitor.record('evaluation', evaluation))
    expect(service.status.totals).toMatchObject({ 'realtime_geofence.reports': reports })
  })

  test('no geofence at all is known to be none', async () => {
    const service = await judgedService(RealtimeGeofenceHealthMonitor)
    expect(service.minutes(1).status.metrics['active_geofences']).toBeNull()
    expect(service.minutes(1, (monitor) => monitor.recordGeofences(0)).status.metrics['active_geofences']).toBe(0)
  })
})

describe('how quiet it is', () => {
  const every = (n: number) => {
    let report = 0
    return (monitor: RealtimeGeofenceHealthMonitor) =>
      monitor.recordEvaluation({ success: true, ...(++report % n === 0 && { events: [{ transition: 'enter' as const }] }) })
  }

  test.for<{ why: string; options: object }>([
    { why: 'of code', options: { eventsLearning: '30m' } },
    { why: 'of health.config', options: { config: { profile: 'realtime_geofence', eventsLearning: 1800 } } },
    { why: 'of code before that of health.config', options: { eventsLearning: '30m', config: { eventsLearning: '10h' } } },
  ])('is shown once it has learned as long as is said: $why', async ({ options }) => {
    const service = await judgedService(RealtimeGeofenceHealthMonitor, options)
    service.seconds(30 * 60 - 1, every(10))
    expect(service.status.metrics['quiet_percent']).toBeNull()
    service.seconds(2, every(10))
    expect(service.status.metrics['quiet_percent']).toBeTypeOf('number')
  })

  test('a learning time that is none is refused', () => {
    expect(() => new RealtimeGeofenceHealthMonitor({ env: {}, eventsLearning: 'a while' })).toThrow(
      new Error('eventsLearning is "a while", expected seconds or a text such as "30s", "5m" or "2h".'),
    )
  })
})

test('may be told any rubbish, drops it and is judged no worse', async () => {
  const lines = diagLines()
  const service = await judgedService(RealtimeGeofenceHealthMonitor, { eventsLearning: 0 })
  const rubbish: unknown[] = [undefined, null, Number.NaN, -1, Infinity, 'x'.repeat(10_000), {}, [], () => {}, Symbol('s'), 1n]
  service.minutes(3, (monitor) => {
    for (const value of rubbish as never[]) {
      monitor.recordEvaluation(value)
      monitor.recordEvaluation({ success: true, timing: value, events: value, durationMs: value, errorType: value, name: value })
      monitor.recordEvaluation({ success: true, events: [value, { transition: value, latencyMs: value }] })
      monitor.recordGeofences(value)
    }
  })
  expect([service.told, service.status.status]).toEqual([[], 'healthy'])
  expect(lines.join('\n')).toContain('latencyMs of evaluation that is no amount was dropped')
})

test('zero-code tells it of evaluations, those that threw among them', async () => {
  const service = await judgedService(RealtimeGeofenceHealthMonitor)
  const { recorder, monitor } = realtimeGeofence.monitor({
    clock: service.clock,
    exporter: service.exporter,
    env: { OTEL_METRICS_EXPORTER: 'none' },
  })
  await monitor.start()
  const facts = { name: 'evaluate', success: true, durationMs: 3, errorType: undefined, reportsFound: undefined, events: undefined }
  recorder.record('evaluation', facts, { timing: 'in_order', events: [{ transition: 'enter', latencyMs: 1000 }] })
  recorder.record('evaluation', facts, 'not an object')
  recorder.record('evaluation', { ...facts, success: false, errorType: 'ECONNRESET' })
  recorder.record('geofences', facts, { active: 3 })
  const { totals, metrics } = await monitor.collectHealthData()
  expect(totals).toMatchObject({
    attempts: { ok: 2, failed: { ECONNRESET: 1 } },
    'realtime_geofence.reports': { in_order: 1, '': 1 },
    'realtime_geofence.events': { enter: 1 },
  })
  expect(metrics).toMatchObject({ active_geofences: 3 })
  await monitor.stop(0)
})
