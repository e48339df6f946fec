/** Time that nobody watched: a monitor whose event loop is blocked, whose service is paused, or that for long has nothing to go by. */
import { afterEach, expect, test } from 'vitest'

import { TrackerFetcherHealthMonitor } from '../../src/kinds/tracker-fetcher/monitor.ts'
import { counter, gauge } from '../../src/rules/metric-ref.ts'
import { increase, level } from '../../src/rules/readings.ts'
import { rule } from '../../src/rules/rule.ts'
import { into } from '../../src/rules/tally.ts'
import { ServiceHealthMonitor } from '../../src/service/monitor.ts'
import type { ServiceHealthMonitorOptions } from '../../src/service/monitor-options.ts'
import { MemoryExporter } from '../support/memory-exporter.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const load = gauge('shop.load', { unit: '{task}' })
const orders = counter('shop.orders', { unit: '{order}' })
const records = { load: [into(load).of('tasks')], order: [into(orders)] }

const running: ServiceHealthMonitor[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((monitor) => monitor.stop(0)))
})

async function started<M extends ServiceHealthMonitor>(
  Monitor: new (options: ServiceHealthMonitorOptions) => M,
  options: ServiceHealthMonitorOptions = {},
) {
  const clock = new VirtualClock()
  const exporter = new MemoryExporter(clock)
  const monitor = new Monitor({ clock, exporter, env: { OTEL_METRICS_EXPORTER: 'none' }, ...options })
  running.push(monitor)
  await monitor.start()
  return { monitor, exporter, clock, told: () => exporter.told.map(({ at, type }) => [at, type]) }
}

test('work that goes on while the service is paused is not the work of the time in which it was not', async () => {
  const { monitor, clock } = await started(TrackerFetcherHealthMonitor)
  const work = (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      monitor.recordFetchAttempt({ success: true })
      clock.advance(1000)
    }
  }
  work(700)
  monitor.setPhase('paused')
  work(3000)
  monitor.setPhase('running')
  work(60)
  const { metrics } = await monitor.collectHealthData()
  expect(metrics['fetch_rate_per_hour']).toBeGreaterThan(3500)
  expect(metrics['fetch_rate_per_hour']).toBeLessThan(3700)
})

test('what happened while the event loop was blocked is in no window, and neither is its time', async () => {
  const many = rule('many_orders').when(increase(orders).over('1h')).above(50).for(0)
  const { monitor, exporter, clock } = await started(ServiceHealthMonitor, { records, rules: [many] })
  const order = (count: number) => {
    for (let i = 0; i < count; i++) monitor.record('order', {})
  }
  order(20)
  clock.advance(40_000)
  order(500)
  clock.block(600_000)
  order(5)
  clock.advance(40_000)
  expect(exporter.told).toEqual([])
  expect((await monitor.collectHealthData()).metrics['many_orders']).toBe(25)
})

test('a blocked event loop is no time in which an alert was well', async () => {
  const high = rule('high_load').when(level(load)).above(10).for(0).keepFiring('2m')
  const { monitor, clock, told } = await started(ServiceHealthMonitor, { records, rules: [high] })
  clock.advance(10_000)
  monitor.record('load', { tasks: 20 })
  clock.advance(10_000)
  monitor.record('load', { tasks: 5 })
  clock.advance(10_000)
  clock.block(7_200_000)
  clock.advance(100_000)
  expect(told()).toEqual([[11, 'fired']])
  clock.advance(100_000)
  // Nine seconds of ok before it, and the rest of the two minutes after it.
  expect(told()).toEqual([
    [11, 'fired'],
    [7341, 'resolved'],
  ])
})

test('with an evaluation each minute three and a half are watched', async () => {
  const high = rule('high_load').when(level(load)).above(10).for(0).keepFiring('5m')
  const { monitor, clock, told } = await started(ServiceHealthMonitor, { records, rules: [high], evaluationInterval: 60 })
  monitor.record('load', { tasks: 20 })
  clock.advance(60_000)
  monitor.record('load', { tasks: 5 })
  clock.advance(60_000)
  clock.block(210_000)
  clock.advance(120_000)
  expect(told()).toEqual([
    [60, 'fired'],
    [450, 'resolved'],
  ])
})

test('an alert that nothing has been known of for a day is unknown, once, until something is known', async () => {
  const high = rule('high_load')
    .when(level(load, { staleAfter: '1m' }))
    .above(10)
    .for(0)
    .keepFiring(0)
  const { monitor, exporter, clock, told } = await started(ServiceHealthMonitor, { records, rules: [high], evaluationInterval: 60 })
  monitor.record('load', { tasks: 20 })
  clock.advance(120_000)
  expect(told()).toEqual([[60, 'fired']])
  clock.advance(2 * 86_400_000)
  const [, unknown, ...more] = exporter.transitions
  expect(more).toEqual([])
  expect(unknown).toMatchObject({
    ...{ type: 'unknown', deliver: true },
    alert: { state: 'unknown', message: 'Nothing has been known of this for 24 h; before that: shop.load is 20 (limit 10)' },
  })
  expect(exporter.told[1]!.at - 120).toBeCloseTo(86_400, -2)
  expect(exporter.last.alerts).toMatchObject([{ state: 'unknown' }])
  monitor.record('load', { tasks: 5 })
  clock.advance(60_000)
  expect(exporter.transitions.slice(2).map(({ type }) => type)).toEqual(['updated', 'resolved'])
})
