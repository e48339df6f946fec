/** A service that was asked to end and works on: what it is judged by meanwhile, and for how long that is nothing to tell. */
import { setImmediate } from 'node:timers/promises'

import { afterEach, describe, expect, test } from 'vitest'

import type { ServiceHealthMonitorOptions } from '../../src/service/monitor-options.ts'
import { WorkerHealthMonitor } from '../../src/kinds/worker/monitor.ts'
import { MemoryExporter } from '../support/memory-exporter.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const running: WorkerHealthMonitor[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((monitor) => monitor.stop(0)))
})

async function started(options: ServiceHealthMonitorOptions = {}, env: Record<string, string> = {}) {
  const clock = new VirtualClock()
  const exporter = new MemoryExporter(clock)
  const monitor = new WorkerHealthMonitor({
    ...{ clock, exporter, env: { OTEL_METRICS_EXPORTER: 'none', ...env }, serviceName: 'video' },
    ...options,
  })
  running.push(monitor)
  await monitor.start()
  /** Second by second, with what happens in each. */
  const pass = async (seconds: number, happens: () => void = () => {}): Promise<void> => {
    for (let i = 0; i < seconds; i++) {
      happens()
      clock.advance(1000)
    }
    await setImmediate()
    clock.advance(0)
  }
  return { monitor, exporter, pass, told: () => exporter.told.map(({ rule, type, severity }) => `${rule} ${type} ${severity}`) }
}

describe('a service that is draining', () => {
  test('says so before any time has passed, and its beats go on', async () => {
    const { monitor, exporter, pass } = await started()
    monitor.setPhase('draining')
    await setImmediate()
    expect(exporter.last).toMatchObject({ phase: 'draining', status: 'healthy', reasons: [] })
    const beats = exporter.statuses.length
    const metrics = exporter.metricsMessages.length
    await pass(301)
    expect(exporter.statuses.length - beats).toBe(10)
    expect(exporter.metricsMessages.length - metrics).toBe(1)
    expect(exporter.last).toMatchObject({ phase: 'draining', status: 'healthy', reasons: [] })
  })

  test('owes no work: queues grow and nothing is begun', async () => {
    const { monitor, pass, told } = await started()
    monitor.setPhase('draining')
    await pass(599, () => monitor.recordQueue('jobs', { due: 90_000 }))
    expect(told()).toEqual([])
  })

  test('owes none for that time after it was called off, either', async () => {
    const { monitor, pass, told } = await started({ rules: { drain_stuck: false } })
    monitor.setPhase('draining')
    await pass(5400, () => monitor.recordQueue('jobs', { due: 5 }))
    monitor.setPhase('running')
    await pass(600, () => monitor.recordQueue('jobs', { due: 5 }))
    expect(told()).toEqual([])
  })

  test('is told of what it fails at', async () => {
    const { monitor, pass, told } = await started()
    await pass(120, () => monitor.recordAttempt({ success: true }))
    monitor.setPhase('draining')
    await pass(480, () => monitor.recordAttempt({ success: false, errorType: 'ECONNREFUSED' }))
    expect(told()[0]).toMatch(/^low_success_rate fired/)
  })

  test('keeps an alert that fires, and resolves it when it does better', async () => {
    const { monitor, pass, told, exporter } = await started({ rules: { drain_stuck: false } })
    await pass(120, () => monitor.recordAttempt({ success: true }))
    await pass(480, () => monitor.recordAttempt({ success: false, errorType: 'ECONNREFUSED' }))
    expect(told()[0]).toMatch(/^low_success_rate fired/)
    monitor.setPhase('draining')
    await pass(10)
    expect(exporter.last).toMatchObject({ phase: 'draining', status: 'unhealthy' })
    await pass(2400, () => monitor.recordAttempt({ success: true }))
    expect(told().at(-1)).toMatch(/^low_success_rate resolved/)
  })
})

describe('drain_stuck', () => {
  test.for<{ why: string; env?: Record<string, string>; options?: ServiceHealthMonitorOptions; after: number | undefined }>([
    { why: 'after 10 minutes', after: 600 },
    { why: 'after HEALTH_DRAIN_LIMIT', env: { HEALTH_DRAIN_LIMIT: '30' }, after: 30 },
    { why: 'after the limit of health.config', options: { rules: { drain_stuck: { limit: '1 h' } } }, after: 3600 },
    { why: 'never where it is switched off', options: { rules: { drain_stuck: false } }, after: undefined },
  ])('warns $why', async ({ env, options, after }) => {
    const { monitor, pass, told, exporter } = await started(options, env)
    await pass(20)
    monitor.setPhase('draining')
    await pass(after ?? 7200)
    expect(told()).toEqual([])
    await pass(2)
    expect(told()).toEqual(after === undefined ? [] : ['drain_stuck fired WARNING'])
    expect(exporter.last).toMatchObject({ phase: 'draining', status: after === undefined ? 'healthy' : 'degraded' })
  })

  test('counts from the first request, whoever asks again', async () => {
    const { monitor, pass, told, exporter } = await started()
    monitor.setPhase('draining')
    await pass(300)
    monitor.setPhase('draining')
    await pass(302)
    expect(told()).toEqual(['drain_stuck fired WARNING'])
    expect(exporter.transitions[0]!.alert.message).toMatch(/^It was asked to end 60[12] s ago and still runs \(limit 600 s\)$/)
  })

  test('is over when the process has ended, which is its last word', async () => {
    const { monitor, pass, told, exporter } = await started()
    monitor.setPhase('draining')
    await pass(602)
    await monitor.stop(0)
    expect(told()).toEqual(['drain_stuck fired WARNING', 'drain_stuck resolved WARNING'])
    expect(exporter.transitions.at(-1)!.alert).toMatchObject({ state: 'resolved', message: 'It has ended' })
    expect(exporter.stopped).toMatchObject({ phase: 'stopped', status: 'healthy', alerts: [] })
  })

  test('is over when the service has called it off and works on', async () => {
    const { monitor, pass, told, exporter } = await started()
    monitor.setPhase('draining')
    await pass(602)
    monitor.setPhase('running')
    await pass(2)
    expect(told()).toEqual(['drain_stuck fired WARNING', 'drain_stuck resolved WARNING'])
    expect(exporter.last).toMatchObject({ phase: 'running', status: 'healthy' })
  })

  test('is not called off by a start that began before', async () => {
    const { monitor, pass, exporter } = await started()
    await pass(10)
    monitor.setPhase('draining')
    await pass(10)
    monitor.setPhase('running', 15_000)
    await pass(1)
    expect(exporter.last.phase).toBe('draining')
    monitor.setPhase('running', 5000)
    await pass(1)
    expect(exporter.last.phase).toBe('running')
  })
})

test('an end counts as asked for while the limit lasts, and no longer', async () => {
  const { monitor, pass } = await started()
  expect(monitor.isEnding).toBe(false)
  monitor.setPhase('draining')
  await pass(600)
  expect(monitor.isEnding).toBe(true)
  await pass(1)
  expect(monitor.isEnding).toBe(false)
  monitor.setPhase('running')
  monitor.setPhase('draining')
  expect(monitor.isEnding).toBe(true)
})
