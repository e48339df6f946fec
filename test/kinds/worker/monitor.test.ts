import { afterEach, describe, expect, test } from 'vitest'

import type { ServiceHealthMonitorOptions } from '../../../src/service/monitor-options.ts'
import type { Phase } from '../../../src/types.ts'
import { WorkerHealthMonitor } from '../../../src/kinds/worker/monitor.ts'
import { MemoryExporter } from '../../support/memory-exporter.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const running: WorkerHealthMonitor[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((monitor) => monitor.stop(0)))
})

function made(options: ServiceHealthMonitorOptions = {}) {
  const clock = new VirtualClock()
  const exporter = new MemoryExporter(clock)
  const env = { OTEL_METRICS_EXPORTER: 'none', HEALTH_SERVICE_NAME: 'mailer' }
  const monitor = new WorkerHealthMonitor({ clock, exporter, env, ...options })
  running.push(monitor)
  return { monitor, exporter, clock }
}

async function started(options: ServiceHealthMonitorOptions = {}) {
  const service = made(options)
  await service.monitor.start()
  return service
}

/** Lets what was queued as a microtask happen, and what waits for no time at all. */
async function settle(clock: VirtualClock): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  clock.advance(0)
}

describe('a worker', () => {
  test('is healthy while it has nothing but attempts', async () => {
    const { monitor, exporter, clock } = await started()
    for (let minute = 0; minute < 180; minute++) {
      monitor.recordAttempt({ success: true })
      clock.advance(60_000)
    }
    expect(exporter.told).toEqual([])
    expect(exporter.last).toMatchObject({ service: 'mailer', status: 'healthy', reasons: [] })
  })

  test('that fails is told of, and that it recovered', async () => {
    const { monitor, exporter, clock } = await started()
    const work = (seconds: number, success: boolean): void => {
      for (let i = 0; i < seconds; i++) {
        monitor.recordAttempt(success ? { success } : { success, errorType: 'ECONNREFUSED' })
        clock.advance(1000)
      }
    }
    work(120, true)
    work(480, false)
    expect(exporter.told[0]).toMatchObject({ rule: 'low_success_rate', type: 'fired' })
    expect(exporter.last.status).toBe('unhealthy')
    work(2400, true)
    expect(exporter.told.at(-1)).toMatchObject({ rule: 'low_success_rate', type: 'resolved' })
    expect(exporter.last.status).toBe('healthy')
  })

  test('that leaves its queue alone is found', async () => {
    const { monitor, exporter, clock } = await started()
    for (let minute = 0; minute < 90; minute++) {
      monitor.recordQueue('mail', { due: 5 })
      clock.advance(60_000)
    }
    expect(exporter.told).toMatchObject([{ rule: 'low_work_rate', type: 'fired', severity: 'WARNING' }])
  })

  test('whose queue nobody looks at any more is degraded', async () => {
    const { monitor, exporter, clock } = await started()
    monitor.recordQueue('mail', { due: 5 })
    clock.advance(180_000)
    expect(exporter.last).toMatchObject({ status: 'degraded', alerts: [] })
    expect(exporter.last.reasons).toContain('large_queue cannot be judged: its data is stale')
  })

  test('of which nobody can tell how its attempts end has a rate, no success rate, and no alert', async () => {
    const { monitor, exporter, clock } = await started({ metricsInterval: 60 })
    for (let second = 0; second < 600; second++) {
      monitor.recordAttempt({ success: 'unknown' })
      clock.advance(1000)
    }
    expect(exporter.told).toEqual([])
    expect(exporter.last).toMatchObject({ status: 'healthy', reasons: [] })
    expect(exporter.metricsMessages.at(-1)).toMatchObject({
      metrics: { work_rate_per_hour: 3600, success_rate_percent: null, found_per_attempt: null },
      unknown: { success_rate_percent: expect.stringMatching(/^nobody can tell how \d+ attempts ended$/) },
      evidence: { success_rate_percent: { attempts: 0, failures: 0, unknown: expect.any(Number) } },
      totals: { attempts: { ok: 0, failed: {}, unknown: expect.any(Number) } },
    })
    monitor.recordAttempt({ success: true })
    monitor.recordAttempt({ success: false })
    clock.advance(60_000)
    expect(exporter.metricsMessages.at(-1)!.metrics).toMatchObject({ success_rate_percent: 50 })
  })

  test('takes the limit of a slow call from its rule', async () => {
    const { monitor, exporter, clock } = await started({ maxApiResponseTime: 100, metricsInterval: 60 })
    monitor.recordApiCall({ upstream: 'gateway.icloud.com', durationMs: 101 })
    monitor.recordApiCall({ upstream: 'gateway.icloud.com', durationMs: 99 })
    clock.advance(60_000)
    expect(exporter.metricsMessages.at(-1)!.evidence).toMatchObject({ upstream_response_time_ms: { calls: 2, slow: 1 } })
  })

  test('publishes its figures with their evidence', async () => {
    const { monitor, exporter, clock } = await started({ metricsInterval: 60 })
    monitor.recordBatch(
      [
        { success: true, reportsFound: 3, events: 1 },
        { success: false, errorType: 503 },
      ],
      250,
    )
    monitor.recordQueue('mail', { due: 4, oldestAgeSeconds: 2 })
    clock.advance(60_000)
    expect(exporter.metricsMessages.at(-1)).toMatchObject({
      metrics: {
        work_rate_per_hour: 120,
        success_rate_percent: 50,
        total_queue_size: 4,
        queue_sizes: { mail: 4 },
        oldest_age_seconds: { mail: 2 },
        upstream_response_time_ms: null,
        found_per_attempt: 3,
        events_generated: 1,
        batch_processing_time_ms: 250,
        process: { memory_bytes: expect.any(Number) },
      },
      evidence: { success_rate_percent: { attempts: 2, failures: 1, units: 1, failed_units: 0 } },
      totals: { attempts: { ok: 1, failed: { '503': 1 } }, found: 3, events: 1 },
    })
  })

  test('may say any rubbish and is judged no worse', async () => {
    const { monitor, exporter, clock } = await started()
    const rubbish: unknown[] = [undefined, null, Number.NaN, -1, Infinity, 'x'.repeat(10_000), {}, [], () => {}, Symbol('s'), 1n]
    for (const value of rubbish as never[]) {
      monitor.recordAttempt(value)
      monitor.recordBatch(value, value)
      monitor.recordApiCall(value)
      monitor.recordQueue(value, value)
      monitor.recordQueue('mail', { due: value })
      monitor.setPhase(value)
    }
    clock.advance(120_000)
    expect(exporter.told).toEqual([])
    expect(exporter.last).toMatchObject({ status: 'healthy', phase: 'running' })
  })
})

describe('what the service says of itself', () => {
  /** Everything there is to alert about. */
  function fail(monitor: WorkerHealthMonitor, clock: VirtualClock, minutes: number): void {
    for (let minute = 0; minute < minutes; minute++) {
      monitor.recordQueue('mail', { due: 90_000 })
      for (let i = 0; i < 10; i++) monitor.recordAttempt({ success: false, errorType: 'ECONNREFUSED' })
      clock.advance(60_000)
    }
  }

  test.for<{ phase: Exclude<Phase, 'stopped' | 'running'>; status: string }>([
    { phase: 'starting', status: 'degraded' },
    { phase: 'paused', status: 'healthy' },
  ])('while $phase nothing fires and the status is $status', async ({ phase, status }) => {
    const { monitor, exporter, clock } = await started()
    monitor.setPhase(phase)
    await settle(clock)
    expect(exporter.last).toMatchObject({ phase, status })
    fail(monitor, clock, 10)
    clock.advance(300_000)
    expect(exporter.told).toEqual([])
    expect(exporter.last).toMatchObject({ phase, status, reasons: phase === 'starting' ? ['starting'] : [] })
    monitor.setPhase('running')
    await settle(clock)
    expect(exporter.last).toMatchObject({ phase: 'running' })
    fail(monitor, clock, 3)
    expect(exporter.told.map(({ rule }) => rule)).toContain('large_queue')
  })

  test('starting outlives the monitor’s own start', async () => {
    const { monitor, exporter, clock } = made()
    monitor.setPhase('starting')
    await monitor.start()
    expect(exporter.last).toMatchObject({ phase: 'starting', status: 'degraded' })
    clock.advance(60_000)
    expect(exporter.last).toMatchObject({ phase: 'starting', status: 'degraded' })
    monitor.setPhase('running')
    await settle(clock)
    expect(exporter.last).toMatchObject({ phase: 'running', status: 'healthy' })
  })

  test('running before the monitor has started waits for its checks', async () => {
    const checked = Promise.withResolvers<void>()
    const { monitor, exporter } = made({ checks: [{ name: 'disk', required: true, run: () => checked.promise }] as never })
    const starting = monitor.start()
    monitor.setPhase('running')
    await new Promise((resolve) => setImmediate(resolve))
    expect(exporter.statuses.map(({ phase }) => phase)).toEqual(['starting'])
    checked.resolve()
    await starting
    expect(exporter.last.phase).toBe('running')
  })

  test('an alert that fires stays as it is through a pause', async () => {
    const { monitor, exporter, clock } = await started()
    fail(monitor, clock, 5)
    const told = exporter.told.length
    expect(told).toBeGreaterThan(0)
    monitor.setPhase('paused')
    monitor.recordQueue('mail', { due: 0 })
    clock.advance(3_600_000)
    expect(exporter.told).toHaveLength(told)
    expect(exporter.last).toMatchObject({ phase: 'paused', status: 'unhealthy' })
    expect(exporter.last.alerts.map(({ state }) => state)).not.toContain('recovering')
  })

  test('a rest is no time in which work was owed', async () => {
    const { monitor, exporter, clock } = await started()
    monitor.setPhase('paused')
    for (let minute = 0; minute < 90; minute++) {
      monitor.recordQueue('mail', { due: 5 })
      clock.advance(60_000)
    }
    monitor.setPhase('running')
    for (let minute = 0; minute < 10; minute++) {
      monitor.recordQueue('mail', { due: 5 })
      clock.advance(60_000)
    }
    expect(exporter.told).toEqual([])
  })

  test('stopped is final', async () => {
    const { monitor, exporter, clock } = await started()
    monitor.setPhase('draining')
    await settle(clock)
    await monitor.stop()
    const statuses = exporter.statuses.length
    monitor.setPhase('running')
    await settle(clock)
    clock.advance(60_000)
    expect(exporter.stopped).toMatchObject({ phase: 'stopped', status: 'healthy' })
    expect(exporter.statuses).toHaveLength(statuses)
  })
})

describe('a queue that is paused on purpose', () => {
  test('owes nothing while it is, and is shown', async () => {
    const { monitor, exporter, clock } = await started()
    for (let minute = 0; minute < 180; minute++) {
      monitor.recordQueue('mails', { due: 20_000, oldestAgeSeconds: 60 * minute, paused: true })
      clock.advance(60_000)
    }
    expect(exporter.told).toEqual([])
    expect(exporter.last).toMatchObject({
      status: 'healthy',
      metrics: { total_queue_size: 0, queue_sizes: { mails: 20_000 }, paused_queues: { mails: 20_000 }, oldest_age_seconds: { mails: 0 } },
    })
  })

  test('that goes on and is left alone is found as one that was never paused, by the time since', async () => {
    const { monitor, exporter, clock } = await started()
    const minutes = (count: number, paused: boolean): void => {
      for (let minute = 0; minute < count; minute++) {
        monitor.recordQueue('mails', { due: 5, paused })
        clock.advance(60_000)
      }
    }
    minutes(300, true)
    minutes(40, false)
    expect(exporter.told).toEqual([])
    expect(exporter.last.metrics).toMatchObject({ total_queue_size: 5, queue_sizes: { mails: 5 } })
    expect(exporter.last.metrics).not.toHaveProperty('paused_queues')
    minutes(50, false)
    expect(exporter.told).toMatchObject([{ rule: 'low_work_rate', type: 'fired' }])
  })

  test('is shown though it is empty, and owes nothing beside one that does', async () => {
    const { monitor, exporter, clock } = await started()
    for (let minute = 0; minute < 90; minute++) {
      monitor.recordQueue('mails', { due: 0, paused: true })
      monitor.recordQueue('digests', { due: 3 })
      clock.advance(60_000)
    }
    expect(exporter.told).toMatchObject([{ rule: 'low_work_rate', type: 'fired' }])
    expect(exporter.last.metrics).toMatchObject({ queue_sizes: { mails: 0, digests: 3 }, paused_queues: { mails: 0 } })
  })
})

describe('a worker that is watched from outside', () => {
  const nothingSeen = { sources: 0, why: 'no source of work is watched: bull is loaded' }

  test('is not said to do nothing where nobody sees what it does', async () => {
    const { monitor, exporter, clock } = await started()
    monitor.work.observe(nothingSeen)
    for (let minute = 0; minute < 180; minute++) {
      monitor.recordQueue('mails', { due: 5000 })
      clock.advance(60_000)
    }
    expect(exporter.told).toEqual([])
    expect(exporter.last).toMatchObject({
      ...{ status: 'healthy', working: false, metrics: { work_rate_per_hour: null, success_rate_percent: null, total_queue_size: 5000 } },
      unknown: {
        work_rate_per_hour: nothingSeen.why,
        success_rate_percent: nothingSeen.why,
        upstream_percentiles_ms: 'no calls in the last 5 min',
      },
    })
    expect(exporter.last.unknown).not.toHaveProperty('total_queue_size')
  })

  test('is judged by the time since a source of its work is watched', async () => {
    const { monitor, exporter, clock } = await started()
    const minutes = (count: number): void => {
      for (let minute = 0; minute < count; minute++) {
        monitor.recordQueue('mails', { due: 5 })
        clock.advance(60_000)
      }
    }
    monitor.work.observe(nothingSeen)
    minutes(180)
    monitor.work.observe({ sources: 1 })
    minutes(40)
    expect(exporter.told).toEqual([])
    expect(exporter.last).toMatchObject({ working: true, metrics: { work_rate_per_hour: 0 } })
    minutes(50)
    expect(exporter.told).toMatchObject([{ rule: 'low_work_rate', type: 'fired' }])
  })

  test('whose queue gets empty and fills without an attempt is worked by others, which is said', async () => {
    const { monitor, exporter, clock } = await started()
    monitor.work.observe({ sources: 1 })
    for (let minute = 0; minute < 180; minute++) {
      monitor.recordQueue('mails', { due: 500 - (minute % 5) * 50 })
      clock.advance(60_000)
    }
    expect(exporter.told).toEqual([])
    expect(exporter.last).toMatchObject({
      metrics: { work_rate_per_hour: null },
      unknown: { work_rate_per_hour: 'work leaves the queues, but no attempt is seen' },
    })
  })

  test('and hangs with what it has taken is found', async () => {
    const { monitor, exporter, clock } = await started()
    monitor.work.observe({ sources: 1 })
    for (let minute = 0; minute < 90; minute++) {
      monitor.recordQueue('mails', { due: 500 - 10 * Math.min(minute, 2), leased: 10 * Math.min(minute, 2) })
      clock.advance(60_000)
    }
    expect(exporter.told).toMatchObject([{ rule: 'low_work_rate', type: 'fired' }])
  })

  test('and only adds jobs owes none, and nothing is said to be missing', async () => {
    const { monitor, exporter, clock } = await started()
    monitor.work.observe({ sources: 0, why: 'no worker of bullmq runs here', isIdle: true })
    for (let minute = 0; minute < 180; minute++) {
      monitor.recordQueue('mails', { due: 5 })
      clock.advance(60_000)
    }
    expect(exporter.told).toEqual([])
    expect(exporter.last).toMatchObject({ status: 'healthy', unknown: { work_rate_per_hour: 'no worker of bullmq runs here' } })
    expect(exporter.last).not.toHaveProperty('working')
  })
})
