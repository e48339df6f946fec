/** A dependency that is down is an alert like any other, and one statement among the reasons. */
import { setImmediate } from 'node:timers/promises'

import { afterEach, expect, test } from 'vitest'

import type { Check } from '../../src/checks/check.ts'
import { isReasonOfCheck } from '../../src/judge/status.ts'
import { ServiceHealthMonitor } from '../../src/service/monitor.ts'
import type { ServiceHealthMonitorOptions } from '../../src/service/monitor-options.ts'
import { MemoryExporter } from '../support/memory-exporter.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const running: ServiceHealthMonitor[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((monitor) => monitor.stop(0)))
})

/** A service with a database that can be taken down. */
async function started({ check = {}, ...options }: { check?: Partial<Check> } & ServiceHealthMonitorOptions = {}) {
  const clock = new VirtualClock()
  const exporter = new MemoryExporter(clock)
  const database = { isUp: true }
  const run = () => (database.isUp ? Promise.resolve() : Promise.reject(Object.assign(new Error('no'), { code: 'ECONNREFUSED' })))
  const monitor = new ServiceHealthMonitor({
    ...{ clock, exporter, env: { OTEL_METRICS_EXPORTER: 'none' }, serviceName: 'svc' },
    checks: [{ name: 'database', required: true, run, ...check }],
    ...options,
  })
  running.push(monitor)
  await monitor.start()
  const passes = async (seconds: number): Promise<void> => {
    for (let i = 0; i < 10 * seconds; i++) {
      clock.advance(100)
      await setImmediate()
    }
  }
  const told = () => exporter.told.map(({ rule, type, severity }) => `${rule} ${type} ${severity}`)
  return { monitor, exporter, database, passes, told, clock }
}

test('a required check that fails twice in a row fires within the second after the first failure, and resolves a minute after it passes', async () => {
  const { exporter, database, passes, told, clock } = await started()
  await passes(30)
  expect([told(), exporter.last.status]).toEqual([[], 'healthy'])
  database.isUp = false
  await expect.poll(() => passes(0.1).then(() => exporter.last.status), { interval: 0, timeout: 10_000 }).toBe('degraded')
  expect([told(), exporter.last.reasons]).toEqual([[], ['database check is failing: ECONNREFUSED']])
  const failedAt = clock.monotonicMs()
  await expect.poll(() => passes(0.1).then(told), { interval: 0, timeout: 10_000 }).toEqual(['dependency_down fired WARNING'])
  expect(clock.monotonicMs() - failedAt).toBeLessThanOrEqual(1200)
  expect(exporter.transitions[0]!.alert).toMatchObject({ labels: { check: 'database' }, message: 'database: its check fails' })
  await passes(1)
  expect(exporter.last).toMatchObject({ status: 'degraded', reasons: ['dependency_down check=database: database: its check fails'] })
  expect(isReasonOfCheck(exporter.last.reasons[0]!, 'database')).toBe(true)
  database.isUp = true
  await passes(17)
  expect(told()).toHaveLength(1)
  await passes(61)
  expect(told()).toEqual(['dependency_down fired WARNING', 'dependency_down resolved WARNING'])
  expect(exporter.transitions[1]!.alert.message).toBe('database: its check does not fail any more')
  expect(exporter.last).toMatchObject({ status: 'healthy', reasons: [] })
})

test.for([
  {
    why: 'a critical one is CRITICAL',
    given: { check: { critical: true } },
    says: ['dependency_down fired CRITICAL'],
    status: 'unhealthy',
  },
  { why: 'one that is not required is none', given: { check: { required: false } }, says: [], status: 'healthy' },
  { why: 'none at all where the rule is off', given: { rules: { dependency_down: false as const } }, says: [], status: 'degraded' },
  {
    why: 'one that fails once between two that pass is none',
    given: { check: { run: failsOnceIn(3) } },
    says: [],
    status: 'healthy',
  },
])('of checks that fail: $why', async ({ given, says, status }) => {
  const { exporter, database, passes, told } = await started(given)
  database.isUp = false
  await passes(40)
  expect([told(), exporter.last.status]).toEqual([says, status])
})

/** Every so many runs. */
function failsOnceIn(runs: number): Check['run'] {
  let run = 0
  return () => (run++ % runs === 1 ? Promise.reject(new Error('no')) : Promise.resolve())
}

test('a server that the service was found to use is one as well, until it is left behind', async () => {
  const { monitor, exporter, passes, told } = await started()
  const evidence = { kind: 'redis', address: '127.0.0.1:1', ok: false, error: 'LOADING', refused: true } as const
  monitor.observeDependency({ ...evidence, ok: true })
  await passes(2)
  monitor.observeDependency(evidence)
  await passes(1)
  expect(told()).toEqual([])
  monitor.observeDependency(evidence)
  await passes(1)
  expect(told()).toEqual(['dependency_down fired WARNING'])
  expect(exporter.last.reasons).toEqual(['dependency_down check=redis: redis: its check fails'])
  const other = { ...evidence, address: '127.0.0.1:2', ok: true }
  // So often that it is never probed.
  for (let seconds = 0; seconds < 420; seconds += 5) {
    monitor.observeDependency(other)
    await passes(5)
  }
  expect(told()).toEqual(['dependency_down fired WARNING', 'dependency_down resolved WARNING'])
  expect(exporter.last).toMatchObject({ status: 'healthy', reasons: [] })
})
