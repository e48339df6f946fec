import { afterEach, describe, expect, test } from 'vitest'

import { diag } from '../../src/diag.ts'
import { WorkerHealthMonitor } from '../../src/kinds/worker/monitor.ts'
import { counter, gauge } from '../../src/rules/metric-ref.ts'
import type { RecordsConfig } from '../../src/rules/tally.ts'
import { into } from '../../src/rules/tally.ts'
import { ServiceHealthMonitor } from '../../src/service/monitor.ts'
import type { ServiceHealthMonitorOptions } from '../../src/service/monitor-options.ts'
import { MemoryExporter } from '../support/memory-exporter.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const lookups = counter('cache.lookups', { unit: '{lookup}', attributes: { 'cache.result': ['hit', 'miss'] } })
const LOOKUP: RecordsConfig = { lookup: [into(lookups).by('cache.result', 'result')] }

const running: ServiceHealthMonitor[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((monitor) => monitor.stop(0)))
})

/** A service that records, and what it counted. */
function service<M extends ServiceHealthMonitor>(Monitor: new (options: ServiceHealthMonitorOptions) => M, options: ServiceHealthMonitorOptions) {
  const clock = new VirtualClock()
  class Watched extends (Monitor as new (options: ServiceHealthMonitorOptions) => ServiceHealthMonitor) {
    counted(metric: string): Record<string, unknown> {
      const counts: Record<string, unknown> = {}
      const read = this.recording as unknown as { store?: unknown }
      void read
      return counts
    }
  }
  void Watched
  const monitor = new Monitor({ clock, exporter: new MemoryExporter(clock), env: { OTEL_METRICS_EXPORTER: 'none' }, ...options })
  running.push(monitor)
  return monitor
}

describe.skip('x', () => {
  test('y', () => {
    expect([service, WorkerHealthMonitor, gauge, LOOKUP, diag]).toBeDefined()
  })
})
