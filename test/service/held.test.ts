/** A service that is held on request: what it is shown as and judged by, whatever it says of itself. */
import { setImmediate } from 'node:timers/promises'

import { afterEach, expect, test } from 'vitest'

import { WorkerHealthMonitor } from '../../src/kinds/worker/monitor.ts'
import { MemoryExporter } from '../support/memory-exporter.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const running: WorkerHealthMonitor[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((monitor) => monitor.stop(0)))
})

const PAUSED = { phase: 'paused', reason: 'paused by ann until 12:00 UTC: a larger disk' } as const

async function started(config: object = {}) {
  const clock = new VirtualClock()
  const exporter = new MemoryExporter(clock)
  const monitor = new WorkerHealthMonitor({ clock, exporter, config, env: { OTEL_METRICS_EXPORTER: 'none' }, serviceName: 'video' })
  running.push(monitor)
  await monitor.start()
  const pass = async (seconds: number, happens: () => void = () => {}): Promise<void> => {
    for (let i = 0; i < seconds; i++) {
      happens()
      clock.advance(1000)
    }
    await setImmediate()
    clock.advance(0)
  }
  return { monitor, exporter, pass, told: () => exporter.told.map(({ rule, type }) => `${rule} ${type}`) }
}

test('it says so at once, with who wants it first among the reasons, and its beats go on', async () => {
  const { monitor, exporter, pass } = await started()
  monitor.controlled.hold(PAUSED)
  await setImmediate()
  expect(exporter.last).toMatchObject({ phase: 'paused', status: 'healthy', reasons: [PAUSED.reason] })
  const beats = exporter.statuses.length
  await pass(300)
  expect(exporter.statuses.length - beats).toBe(10)
  monitor.controlled.hold(undefined)
  await setImmediate()
  expect(exporter.last).toMatchObject({ phase: 'running', reasons: [] })
})

test('it owes no work: queues grow and nothing is begun, neither then nor of that time later', async () => {
  const { monitor, pass, told } = await started()
  await pass(60, () => monitor.recordQueue('jobs', { due: 10 }))
  monitor.controlled.hold(PAUSED)
  let due = 10
  await pass(1800, () => monitor.recordQueue('jobs', { due: (due += 50) }))
  expect(told()).toEqual([])
  monitor.controlled.hold(undefined)
  await pass(30, () => {
    monitor.recordQueue('jobs', { due: 10 })
    monitor.recordAttempt({ name: 'jobs', success: true, durationMs: 10 })
  })
  expect(told()).toEqual([])
})

test('that it works again only in part is said at once, and that it does not any more', async () => {
  const { monitor, exporter } = await started()
  let isInPart = false
  monitor.controlled.pausedInPartIf(() => isInPart)
  for (isInPart of [true, false]) {
    monitor.controlled.hold(undefined)
    await setImmediate()
    expect(exporter.last?.pausedInPart).toBe(isInPart || undefined)
  }
})

test('the status says which jobs were in hand when the process before was killed', async () => {
  const { monitor, exporter, pass } = await started()
  expect(exporter.last).not.toHaveProperty('interrupted')
  monitor.controlled.recordInterrupted([
    { name: 'mails', id: '7', times: 2 },
    { name: 'digests', times: 1 },
  ])
  await pass(30)
  expect(exporter.last?.interrupted).toEqual([{ name: 'mails', id: '7', times: 2 }])
})

test('nothing that it says of itself changes that, but that it ends', async () => {
  const { monitor, exporter } = await started()
  monitor.controlled.hold(PAUSED)
  for (const phase of ['running', 'starting', 'paused'] as const) {
    monitor.setPhase(phase)
    await setImmediate()
    expect(exporter.last).toMatchObject({ phase: 'paused' })
  }
  monitor.setPhase('draining')
  await setImmediate()
  expect([exporter.last?.phase, monitor.controlled.saysDraining]).toEqual(['draining', true])
})

test('what it said of itself before holds again afterwards', async () => {
  const { monitor, exporter } = await started()
  monitor.setPhase('paused')
  monitor.controlled.hold({ phase: 'draining', reason: 'draining by ann: a larger disk' })
  await setImmediate()
  expect(exporter.last).toMatchObject({ phase: 'draining' })
  monitor.controlled.hold(undefined)
  await setImmediate()
  expect(exporter.last).toMatchObject({ phase: 'paused', reasons: [] })
})

test('a drain on request that takes too long is warned of, and is no end of its own if the process crashes', async () => {
  const { monitor, pass, told } = await started()
  monitor.controlled.hold({ phase: 'draining', reason: 'draining by ann: a larger disk' })
  expect([monitor.isEnding, monitor.controlled.saysDraining]).toEqual([false, false])
  await pass(602)
  expect(told()).toEqual(['drain_stuck fired'])
  monitor.controlled.hold(undefined)
  await pass(2)
  expect(told()).toEqual(['drain_stuck fired', 'drain_stuck resolved'])
})

test('who listens hears that it ends, after everybody who hears the signal', async () => {
  const { monitor } = await started()
  const heard: string[] = []
  monitor.controlled.onDraining(() => heard.push('we'))
  monitor.setPhase('draining')
  heard.push('others')
  await setImmediate()
  expect(heard).toEqual(['others', 'we'])
})

test('the status says what may be asked of it, and what is in hand where anybody sees that', async () => {
  const { monitor, exporter, pass } = await started({ control: { allow: ['pause', 'stop'] } })
  expect(exporter.last).toMatchObject({ control: ['pause', 'resume', 'stop', 'start'], drainLimitSeconds: 600 })
  expect(exporter.last).not.toHaveProperty('inHand')
  monitor.controlled.inHand.begin('mails', '7')
  await pass(30)
  expect(exporter.last?.inHand).toMatchObject({ count: 1, oldestSeconds: 30 })
})
