/** A process goes on from what the one before it said, however late it hears of it. */
import { setImmediate } from 'node:timers/promises'

import { afterEach, expect, test } from 'vitest'

import { TrackerFetcherHealthMonitor } from '../../src/kinds/tracker-fetcher/monitor.ts'
import { ServiceHealthMonitor } from '../../src/service/monitor.ts'
import type { Alert, AlertState, CountedBefore } from '../../src/types.ts'
import { alertId } from '../../src/wire/alert-id.ts'
import { MemoryExporter } from '../support/memory-exporter.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { alertOf } from '../wire/fixtures.ts'

/** Nothing is answered in time. */
class LateExporter extends MemoryExporter {
  readonly #clock: VirtualClock
  lateAlerts: ((alerts: readonly Alert[]) => void) | undefined
  lateCounted: ((counted: readonly CountedBefore[]) => void) | undefined

  constructor(clock: VirtualClock) {
    super(clock)
    this.#clock = clock
  }

  override load(timeoutMs?: number, late?: (alerts: readonly Alert[]) => void): Promise<readonly Alert[]> {
    this.lateAlerts = late
    return this.#never(timeoutMs)
  }

  override recall(timeoutMs?: number, late?: (counted: readonly CountedBefore[]) => void): Promise<readonly CountedBefore[]> {
    this.lateCounted = late
    return this.#never(timeoutMs)
  }

  #never<T>(timeoutMs = 0): Promise<T> {
    // As a store does that says nothing: `undefined`, which the memory of these tests never answers.
    return new Promise((resolve) => this.#clock.after(timeoutMs, () => resolve(undefined as T)))
  }
}

const running: ServiceHealthMonitor[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((monitor) => monitor.stop(0)))
})

async function lateService() {
  const clock = new VirtualClock()
  const exporter = new LateExporter(clock)
  const sees = (restarts: number) => (exporter.present = { others: [], open: [], silent: [], clockSkewMs: 0, restarts })
  const monitor = new ServiceHealthMonitor({
    ...{ clock, exporter, env: { OTEL_METRICS_EXPORTER: 'none' }, serviceName: 'svc' },
    rules: { restart_loop: { for: 20, keepFiring: 10 }, dependency_down: false },
  })
  running.push(monitor)
  const passes = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds; i++) {
      clock.advance(1000)
      await setImmediate()
    }
  }
  const restarted = (state: AlertState): Alert => {
    const now = clock.monotonicMs()
    const change = {
      id: alertId('restart_loop', 'svc'),
      rule: 'restart_loop',
      service: 'svc',
      evaluatedAt: now - 1000,
      breachAt: now - 9000,
    }
    return alertOf({ ...change, state })
  }
  const told = () => exporter.told.map(({ type }) => type)
  const started = monitor.start()
  await passes(2)
  await started
  return { exporter, sees, passes, restarted, told }
}

test.for([
  { why: 'a breach that goes on is told of no second time', before: [4, 4], after: 4, says: [], ends: 'resolved' },
  { why: 'nor one that was not there at first', before: [0, 4], after: 4, says: [], ends: 'resolved' },
  { why: 'a breach that is over is told to be over once', before: [0, 0], after: 0, says: ['resolved'], ends: undefined },
  { why: 'nor one that came and went and is there again', before: [4, 0], after: 4, says: [], ends: 'resolved' },
])('$why', async ({ before, after, says, ends }) => {
  const { exporter, sees, passes, restarted, told } = await lateService()
  for (const restarts of before) {
    sees(restarts)
    await passes(6)
  }
  exporter.lateAlerts!([restarted('firing')])
  sees(after)
  await passes(60)
  expect(told()).toEqual(says)
  sees(0)
  await passes(60)
  expect(told()).toEqual(ends === undefined ? says : [...says, ends])
})

test('an alert that was found open here is newer than what an earlier process said of it', async () => {
  const { exporter, sees, passes, restarted, told } = await lateService()
  sees(4)
  await passes(40)
  expect(told()).toEqual(['fired'])
  exporter.lateAlerts!([restarted('recovering')])
  await passes(20)
  expect(exporter.last.alerts).toMatchObject([{ rule: 'restart_loop', state: 'firing' }])
  expect(told()).toEqual(['fired'])
})

test('an alert whose rule is no more resolves as soon as it is known', async () => {
  const { exporter, told } = await lateService()
  exporter.lateAlerts!([alertOf({ id: 'gone', rule: 'of_old', service: 'svc' })])
  expect(told()).toEqual(['resolved'])
})

test('an answer that comes twice counts once', async () => {
  const { exporter, sees, passes, restarted, told } = await lateService()
  sees(0)
  const [alerts, again] = [exporter.lateAlerts!, [restarted('firing')]]
  alerts(again)
  await passes(60)
  alerts(again)
  await passes(60)
  expect(told()).toEqual(['resolved'])
})

test('what earlier processes counted is evidence as soon as it is known', async () => {
  const clock = new VirtualClock()
  const exporter = new LateExporter(clock)
  const monitor = new TrackerFetcherHealthMonitor({ clock, exporter, env: { OTEL_METRICS_EXPORTER: 'none' }, serviceName: 'svc' })
  running.push(monitor)
  const started = monitor.start()
  const passes = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds; i++) {
      clock.advance(1000)
      await setImmediate()
    }
  }
  await passes(300)
  await started
  const verdict = () => exporter.last.verdicts.find(({ rule }) => rule === 'low_success_rate')?.kind
  expect(verdict()).toBe('inconclusive')
  exporter.lateCounted!(Array.from({ length: 20 }, (_, i) => ({ agoMs: 310_000 + 60_000 * i, counted: { low_success_rate: [1, 1] } })))
  for (let i = 0; i < 3; i++) monitor.recordFetchAttempt({ success: false, errorType: 'http_500' })
  await passes(60)
  expect(verdict()).toBe('breach')
})
