import { afterEach, describe, expect, test } from 'vitest'

import type { AnisetteState } from '../../../src/kinds/tracker-fetcher/metrics.ts'
import type { TrackerFetcherHealthMonitorOptions } from '../../../src/kinds/tracker-fetcher/monitor.ts'
import { TrackerFetcherHealthMonitor } from '../../../src/kinds/tracker-fetcher/monitor.ts'
import type { Presence, ServiceAlert } from '../../../src/types.ts'
import { alertId } from '../../../src/wire/alert-id.ts'
import { diagLines } from '../../contracts/diag-lines.ts'
import { MemoryExporter } from '../../support/memory-exporter.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const running: TrackerFetcherHealthMonitor[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((monitor) => monitor.stop(0)))
})

async function started(options: TrackerFetcherHealthMonitorOptions = {}, clock: VirtualClock = new VirtualClock()) {
  const exporter = new MemoryExporter(clock)
  const env = { OTEL_METRICS_EXPORTER: 'none', HEALTH_SERVICE_NAME: 'tracker_fetcher' }
  const monitor = new TrackerFetcherHealthMonitor({ clock, exporter, env, ...options })
  running.push(monitor)
  await monitor.start()
  return { monitor, exporter, clock }
}

/** Lets what was queued as a microtask happen, and what waits for no time at all. */
async function settle(clock: VirtualClock): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  clock.advance(0)
}

describe('a change of state is evaluated at once', () => {
  test.for([
    {
      why: 'anisette gone is critical at once',
      act: (m: TrackerFetcherHealthMonitor) => m.setAnisette('unreachable'),
      rule: 'anisette_unreachable',
    },
    {
      why: 'anisette without usable headers is critical at once',
      act: (m: TrackerFetcherHealthMonitor) => m.setAnisette('invalid'),
      rule: 'anisette_unreachable',
    },
    {
      why: 'no account left is critical at once',
      act: (m: TrackerFetcherHealthMonitor) => m.setAppleAccount('require_2fa'),
      rule: 'apple_account_unauthenticated',
    },
  ])('$why', async ({ act, rule }) => {
    const { monitor, exporter, clock } = await started()
    act(monitor)
    await settle(clock)
    expect(exporter.told).toEqual([{ at: 0, rule, type: 'fired', severity: 'CRITICAL' }])
    expect(exporter.last).toMatchObject({ status: 'unhealthy', phase: 'running', alerts: [{ rule, state: 'firing' }] })
  })

  test('it resolves after it was fine for its keep-firing time', async () => {
    const { monitor, exporter, clock } = await started()
    monitor.setAnisette('unreachable')
    await settle(clock)
    clock.advance(30_000)
    monitor.setAnisette('reachable')
    await settle(clock)
    expect(exporter.last).toMatchObject({ status: 'unhealthy', alerts: [{ state: 'recovering' }] })
    clock.advance(59_000)
    expect(exporter.told).toHaveLength(1)
    clock.advance(2000)
    expect(exporter.told.at(-1)).toMatchObject({ type: 'resolved', at: 90 })
    expect(exporter.last).toMatchObject({ status: 'healthy', alerts: [] })
  })

  test('several changes in one turn are one evaluation and one status', async () => {
    const { monitor, exporter, clock } = await started()
    const before = exporter.statuses.length
    for (const state of ['unreachable', 'reachable', 'invalid'] satisfies AnisetteState[]) monitor.setAnisette(state)
    monitor.setAppleAccount('blocked')
    await settle(clock)
    expect(exporter.statuses).toHaveLength(before + 1)
    expect(exporter.told.map(({ rule }) => rule)).toEqual(['apple_account_unauthenticated', 'anisette_unreachable'])
  })
})

describe('rates are judged on a tick', () => {
  test('a total failure fires after its for-time and resolves after recovery', async () => {
    const { monitor, exporter, clock } = await started()
    const fetch = (seconds: number, success: boolean): void => {
      for (let i = 0; i < seconds; i++) {
        monitor.recordFetchAttempts(
          Array.from({ length: 6 }, () => (success ? { success, reportsFound: 1 } : { success, errorType: '500' })),
        )
        clock.advance(1000)
      }
    }
    fetch(120, true)
    expect(exporter.told).toEqual([])
    fetch(420, false)
    const fired = exporter.told[0]!
    expect(fired).toMatchObject({ rule: 'low_success_rate', type: 'fired' })
    // A run of a hundred seconds at least, and then its for-time.
    expect(fired.at).toBeGreaterThanOrEqual(120 + 100 + 60)
    expect(fired.at).toBeLessThanOrEqual(120 + 360)
    expect(exporter.last.status).toBe('unhealthy')
    fetch(2400, true)
    expect(exporter.told.at(-1)).toMatchObject({ type: 'resolved' })
    expect(exporter.last.status).toBe('healthy')
  })

  test('idle is healthy', async () => {
    const { monitor, exporter, clock } = await started()
    for (let hour = 0; hour < 3; hour++) {
      for (let minute = 0; minute < 60; minute++) {
        monitor.recordQueueSizes({ immediate: 0, hot: 0, warm: 0, cold: 0, retry: 0 })
        clock.advance(60_000)
      }
    }
    expect(exporter.told).toEqual([])
    expect(exporter.last.status).toBe('healthy')
  })

  test('work that is owed and not done is found', async () => {
    const { monitor, exporter, clock } = await started()
    for (let minute = 0; minute < 90; minute++) {
      monitor.recordQueueSizes({ hot: 5 })
      clock.advance(60_000)
    }
    expect(exporter.told).toMatchObject([{ rule: 'low_fetch_rate', type: 'fired', severity: 'WARNING' }])
  })

  test('queue sizes nobody refreshes are stale, which is degraded and no alert', async () => {
    const { monitor, exporter, clock } = await started()
    monitor.recordQueueSizes({ hot: 20_000 })
    clock.advance(30_000)
    expect(exporter.last.alerts).toMatchObject([{ rule: 'large_queue', state: 'pending' }])
    clock.advance(3_600_000)
    expect(exporter.told).toEqual([expect.objectContaining({ rule: 'large_queue', type: 'fired' })])
    expect(exporter.last.reasons.join(' ')).toContain('stale')
  })
})

describe('what is published', () => {
  test('the first status says starting, the next running', async () => {
    const { exporter } = await started()
    expect(exporter.statuses.map(({ phase, status }) => [phase, status])).toEqual([
      ['starting', 'degraded'],
      ['running', 'healthy'],
    ])
  })

  test('a status is repeated at its interval and metrics at theirs', async () => {
    const { exporter, clock } = await started({ publishingInterval: 10, metricsInterval: 60 })
    const [statuses, metrics] = [exporter.statuses.length, exporter.metricsMessages.length]
    clock.advance(120_000)
    expect(exporter.statuses.length - statuses).toBe(12)
    expect(exporter.metricsMessages.length - metrics).toBe(2)
  })

  test('figures are null until they are known and then carry their evidence', async () => {
    const { monitor, exporter, clock } = await started({ metricsInterval: 60 })
    expect(exporter.metricsMessages[0]!.metrics).toMatchObject({
      success_rate_percent: null,
      total_queue_size: null,
      apple_account_authenticated: null,
    })
    monitor.setAppleAccount('logged_in')
    monitor.setAnisette('reachable')
    monitor.recordQueueSizes({ immediate: 0, hot: 12, warm: 9, cold: 20, retry: 0 })
    monitor.recordFetchAttempts([
      { success: true, reportsFound: 4, tier: 'hot' },
      { success: true, tier: 'hot' },
      { success: false, errorType: '500', tier: 'hot' },
    ])
    monitor.recordApiCall({ durationMs: 400 })
    monitor.recordBatchProcessingTime(800)
    monitor.recordGeofenceEvents({ enter: 2, exit: 1 })
    clock.advance(60_000)
    const { metrics, evidence, totals } = exporter.metricsMessages[1]!
    expect(metrics).toMatchObject({
      fetch_rate_per_hour: 180,
      success_rate_percent: 66.7,
      apple_account_authenticated: true,
      anisette_server_reachable: true,
      total_queue_size: 41,
      queue_sizes: { immediate: 0, hot: 12, warm: 9, cold: 20, retry: 0 },
      apple_api_response_time_ms: 400,
      reports_found_per_tracker: 2,
      geofence_events_generated: 3,
      batch_processing_time_ms: 800,
      batch_p99_ms: 995,
    })
    expect(evidence).toMatchObject({
      success_rate_percent: { attempts: 3, failures: 1, units: 1, failed_units: 0, window_seconds: 300, covered_seconds: 60 },
      batch_p99_ms: { batches: 1, window_seconds: 300, covered_seconds: 60 },
    })
    expect(totals).toMatchObject({ attempts: { reports: 1, empty: 1, failed: { '500': 1 } }, reports: 4, retries: 0, api_calls: { ok: 1 } })
  })

  test('stop says stopped with the last status, and nothing after it', async () => {
    const { monitor, exporter, clock } = await started()
    monitor.setAnisette('unreachable')
    await settle(clock)
    const statuses = exporter.statuses.length
    const stopping = monitor.stop()
    expect(exporter.stopped).toMatchObject({ phase: 'stopped', status: 'unhealthy' })
    await stopping
    monitor.setAnisette('reachable')
    clock.advance(600_000)
    await settle(clock)
    expect(exporter.statuses).toHaveLength(statuses)
  })

  test('stop knows of an alert whose status was still to be told', async () => {
    const { monitor, exporter } = await started()
    monitor.setAnisette('unreachable')
    await Promise.resolve()
    expect(exporter.told).toHaveLength(1)
    await monitor.stop()
    expect(exporter.stopped).toMatchObject({ phase: 'stopped', status: 'unhealthy' })
  })

  test('a stop that comes during the start is the last word', async () => {
    const clock = new VirtualClock()
    const exporter = new MemoryExporter(clock)
    const loaded = Promise.withResolvers<[]>()
    exporter.load = () => loaded.promise
    const monitor = new TrackerFetcherHealthMonitor({ clock, exporter, env: { OTEL_METRICS_EXPORTER: 'none' } })
    const starting = monitor.start()
    await monitor.stop()
    loaded.resolve([])
    await starting
    monitor.setAnisette('unreachable')
    await settle(clock)
    expect([exporter.statuses, exporter.transitions]).toEqual([[], []])
  })

  test('a monitor that was stopped does not start again', async () => {
    const lines = diagLines()
    const { monitor, exporter, clock } = await started()
    await monitor.stop()
    const late = new TrackerFetcherHealthMonitor({ clock, exporter, env: {}, anisetteUrl: 'http://127.0.0.1:9' })
    await late.stop()
    exporter.statuses.length = 0
    await late.start()
    clock.advance(600_000)
    await settle(clock)
    expect([exporter.statuses, exporter.metricsMessages.length]).toEqual([[], 1])
    expect(lines).toEqual([expect.stringContaining('does not start again')])
  })

  test('collectHealthData tells everything and publishes nothing', async () => {
    const clock = new VirtualClock()
    const exporter = new MemoryExporter(clock)
    const monitor = new TrackerFetcherHealthMonitor({ clock, exporter, env: {} })
    monitor.setAppleAccount('logged_out')
    const data = await monitor.collectHealthData()
    expect(data).toMatchObject({ status: 'unhealthy', alerts: [{ rule: 'apple_account_unauthenticated', state: 'firing' }] })
    expect(data.verdicts).toContainEqual(expect.objectContaining({ rule: 'apple_account_unauthenticated', kind: 'breach' }))
    expect([exporter.statuses, exporter.transitions, exporter.metricsMessages]).toEqual([[], [], []])
  })
})

describe('a restart', () => {
  test('neither repeats nor forgets an alert', async () => {
    const first = await started()
    first.monitor.setAnisette('unreachable')
    await settle(first.clock)
    const stored = [...first.exporter.saved.values()]
    const exporter = new MemoryExporter(first.clock, stored)
    const second = new TrackerFetcherHealthMonitor({ clock: first.clock, exporter, env: { OTEL_METRICS_EXPORTER: 'none' } })
    running.push(second)
    await second.start()
    expect(exporter.told).toEqual([])
    expect(exporter.last).toMatchObject({ status: 'unhealthy', alerts: [{ rule: 'anisette_unreachable', state: 'firing', episode: 1 }] })
    second.setAnisette('reachable')
    await settle(first.clock)
    first.clock.advance(61_000)
    expect(exporter.told).toMatchObject([{ rule: 'anisette_unreachable', type: 'resolved' }])
  })
})

describe('others', () => {
  const presence = (change: Partial<Presence> = {}): Presence => ({
    others: [{ instance: 'twin', lastBeatAgeMs: 1000, live: true, instanceStatus: 'healthy', phase: 'running' }],
    ...{ open: [], silent: [], clockSkewMs: 0, ...change },
  })
  const theirs = (change: Partial<ServiceAlert> = {}): ServiceAlert => ({
    ...{ id: alertId('anisette_unreachable', 'tracker_fetcher'), rule: 'anisette_unreachable', service: 'tracker_fetcher' },
    ...{
      state: 'firing',
      severity: 'CRITICAL',
      episode: 3,
      since: 0,
      message: 'theirs',
      value: null,
      asks: false,
      ofOthers: true,
      ...change,
    },
  })

  async function amongOthers(present: Presence, act: (monitor: TrackerFetcherHealthMonitor) => void = () => {}) {
    const it = await started()
    act(it.monitor)
    await settle(it.clock)
    it.exporter.present = present
    it.clock.advance(10_000)
    await settle(it.clock)
    return it
  }

  test('one that is missing degrades the service, and is no alert', async () => {
    const missing = { instance: 'twin', lastBeatAgeMs: 95_000, live: false, instanceStatus: undefined, phase: undefined }
    const { exporter } = await amongOthers(presence({ others: [missing] }))
    expect(exporter.last).toMatchObject({ status: 'degraded', reasons: ['instance twin is missing'], alerts: [] })
    expect(exporter.transitions).toEqual([])
  })

  test('what another fires is shown, is none of this instance’s, and is not resolved by it however well it is', async () => {
    const { exporter, clock } = await amongOthers(presence({ open: [theirs()] }), (monitor) => monitor.setAnisette('reachable'))
    expect(exporter.last).toMatchObject({
      status: 'unhealthy',
      instanceStatus: 'healthy',
      alerts: [{ rule: 'anisette_unreachable', message: 'theirs' }],
    })
    clock.advance(600_000)
    await settle(clock)
    expect([exporter.transitions, [...exporter.saved]]).toEqual([[], []])
    exporter.present = presence()
    clock.advance(10_000)
    await settle(clock)
    expect(exporter.last).toMatchObject({ status: 'healthy', alerts: [] })
  })

  test.for([
    { why: 'who finds it well says so, and tells nobody itself', anisette: 'reachable', says: ['anisette_unreachable inactive'] },
    { why: 'who does not know says nothing', anisette: undefined, says: [] },
  ] as const)('one that is gone leaves an alert: $why', async ({ anisette, says }) => {
    const { exporter, clock } = await amongOthers(presence({ open: [theirs({ asks: true })] }), (monitor) => {
      if (anisette) monitor.setAnisette(anisette)
    })
    clock.advance(5000)
    expect(exporter.transitions).toEqual([])
    expect([...exporter.saved.values()].map(({ rule, state }) => `${rule} ${state}`)).toEqual(says)
  })

  test('another service that fell silent is shown, and told of by whoever watches', async () => {
    const { exporter } = await amongOthers(presence({ silent: ['geocoding'] }))
    expect(exporter.transitions).toEqual([])
    expect(exporter.last).toMatchObject({ status: 'healthy', alerts: [] })
  })
})

describe('it holds up', () => {
  test('a wall clock that jumps an hour fires nothing and resolves nothing', async () => {
    const { monitor, exporter, clock } = await started()
    monitor.recordQueueSizes({ hot: 1 })
    monitor.setAnisette('unreachable')
    await settle(clock)
    for (const step of [3_600_000, -7_200_000]) {
      clock.stepWallClock(step)
      clock.advance(10_000)
    }
    expect(exporter.told).toHaveLength(1)
    expect(exporter.last.alerts).toMatchObject([{ state: 'firing' }])
  })

  test('rubbish from the service is dropped and judged no worse', async () => {
    const { monitor, exporter, clock } = await started()
    const rubbish: unknown[] = [undefined, null, Number.NaN, -1, Infinity, 'x'.repeat(10_000), {}, [], () => {}]
    for (const value of rubbish as never[]) {
      monitor.recordFetchAttempt(value)
      monitor.recordFetchAttempts(value)
      monitor.recordBatchProcessingTime(value, value)
      monitor.recordApiCall(value)
      monitor.recordQueueSizes(value)
      monitor.recordOldestDueAges(value)
      monitor.recordSkipped(value, value)
      monitor.recordRetry(value)
      monitor.recordGeofenceEvents(value)
      monitor.recordBatch(value, value)
      monitor.setAppleAccount(value)
      monitor.setAnisette(value)
    }
    clock.advance(120_000)
    expect(exporter.told).toEqual([])
    expect(exporter.last.status).toBe('healthy')
  })

  test('an exporter that throws does not stop the next evaluation', async () => {
    const { monitor, exporter, clock } = await started()
    const status = exporter.status.bind(exporter)
    exporter.status = () => {
      throw undefined
    }
    monitor.setAnisette('unreachable')
    await settle(clock)
    exporter.status = status
    monitor.setAppleAccount('blocked')
    await settle(clock)
    clock.advance(1000)
    expect(exporter.told.map(({ rule }) => rule)).toEqual(['anisette_unreachable', 'apple_account_unauthenticated'])
  })

  test('an exporter whose answers fail keeps nothing from being told', async () => {
    const clock = new VirtualClock()
    const exporter = new MemoryExporter(clock)
    const fail = (): Promise<never> => Promise.reject(new Error('no answer'))
    for (const method of ['load', 'presence', 'stop'] as const) exporter[method] = fail
    const monitor = new TrackerFetcherHealthMonitor({ clock, exporter, env: { OTEL_METRICS_EXPORTER: 'none' } })
    await monitor.start()
    clock.advance(60_000)
    await settle(clock)
    monitor.setAnisette('unreachable')
    await settle(clock)
    expect(exporter.last.status).toBe('unhealthy')
    await expect(monitor.stop()).resolves.toBeUndefined()
  })

  test.for([
    {
      why: 'a number out of range',
      options: { publishingInterval: -1 },
      env: {},
      message: /publishingInterval is -1, expected a number from 0\.1 to 3600/,
    },
    {
      why: 'an environment variable that is no number',
      options: {},
      env: { MIN_FETCH_RATE: 'many' },
      message: /MIN_FETCH_RATE is "many", expected a number/,
    },
    { why: 'a service name of nothing', options: { serviceName: '💥' }, env: {}, message: /has no letter or digit/ },
    { why: 'a client that is none', options: { redis: {} as never }, env: {}, message: /option redis is no Redis client/ },
  ])('$why stops the start with one sentence', ({ options, env, message }) => {
    expect(() => new TrackerFetcherHealthMonitor({ ...options, env })).toThrow(message)
  })
})
