/** How often a process was started again after a crash is judged as soon as it is known, and while a process is young. */
import { setImmediate } from 'node:timers/promises'

import { afterEach, expect, test } from 'vitest'

import { ServiceHealthMonitor } from '../../src/service/monitor.ts'
import type { ServiceHealthMonitorOptions } from '../../src/service/monitor-options.ts'
import { MemoryExporter } from '../support/memory-exporter.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const running: ServiceHealthMonitor[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((monitor) => monitor.stop(0)))
})

async function started(restarts: number | undefined, options: ServiceHealthMonitorOptions = {}) {
  const clock = new VirtualClock()
  const exporter = new MemoryExporter(clock)
  const sees = (count: number | undefined) =>
    (exporter.present = { others: [], open: [], silent: [], clockSkewMs: 0, ...(count !== undefined && { restarts: count }) })
  sees(restarts)
  const monitor = new ServiceHealthMonitor({ clock, exporter, env: { OTEL_METRICS_EXPORTER: 'none' }, serviceName: 'svc', ...options })
  running.push(monitor)
  await monitor.start()
  await setImmediate()
  const passes = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds; i++) {
      clock.advance(1000)
      await setImmediate()
    }
  }
  return { exporter, sees, passes, told: () => exporter.told.map(({ rule, type, severity }) => `${rule} ${type} ${severity}`) }
}

test.for([
  { why: 'where it is not known', restarts: undefined, says: [] },
  { why: 'for what a deployment may do', restarts: 2, says: [] },
  { why: 'for three', restarts: 3, says: ['restart_loop fired WARNING'] },
  { why: 'for five', restarts: 5, says: ['restart_loop fired CRITICAL'] },
  { why: 'for five where the rule is off', restarts: 5, rules: { restart_loop: false as const }, says: [] },
  { why: 'for what the user allows', restarts: 5, rules: { restart_loop: { limit: 5, critical: 9 } }, says: [] },
])('is told before any time has passed, or not: $why', async ({ restarts, rules, says }) => {
  const { told } = await started(restarts, rules && { rules })
  expect(told()).toEqual(says)
})

test('rises and is over as it happens', async () => {
  const { exporter, sees, passes, told } = await started(0)
  sees(3)
  await passes(11)
  sees(6)
  await passes(11)
  expect(exporter.last.reasons).toEqual(['restart_loop: Restarts after a crash within 15 min: 6 (limit 4)'])
  sees(0)
  await passes(131)
  expect(told()).toEqual(['restart_loop fired WARNING', 'restart_loop escalated CRITICAL', 'restart_loop resolved CRITICAL'])
  expect(exporter.transitions.at(-1)!.alert.message).toBe('Restarts after a crash within 15 min: 0 (limit 2)')
})
