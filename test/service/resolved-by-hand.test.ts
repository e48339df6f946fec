/** What a person says to be over makes the service no less well, though this instance would still find it. */
import { setImmediate } from 'node:timers/promises'

import { afterEach, expect, test } from 'vitest'

import { ServiceHealthMonitor } from '../../src/service/monitor.ts'
import type { Presence } from '../../src/types.ts'
import { alertId } from '../../src/wire/alert-id.ts'
import { MemoryExporter } from '../support/memory-exporter.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const running: ServiceHealthMonitor[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((monitor) => monitor.stop(0)))
})

const PRESENCE: Presence = { others: [], open: [], silent: [], clockSkewMs: 0, restarts: 6 }

test('it is shown no more until it is open again', async () => {
  const clock = new VirtualClock()
  const exporter = new MemoryExporter(clock)
  exporter.present = PRESENCE
  const monitor = new ServiceHealthMonitor({ clock, exporter, env: { OTEL_METRICS_EXPORTER: 'none' }, serviceName: 'svc' })
  running.push(monitor)
  await monitor.start()
  const passes = async () => {
    for (let i = 0; i < 70; i++) {
      clock.advance(1000)
      await setImmediate()
    }
  }
  await passes()
  expect(exporter.last).toMatchObject({ status: 'unhealthy', alerts: [{ rule: 'restart_loop' }] })
  exporter.present = { ...PRESENCE, resolvedByHand: [alertId('restart_loop', 'svc')] }
  await passes()
  expect(exporter.last).toMatchObject({ status: 'healthy', alerts: [] })
  exporter.present = PRESENCE
  await passes()
  expect(exporter.last).toMatchObject({ status: 'unhealthy', alerts: [{ rule: 'restart_loop' }] })
})
