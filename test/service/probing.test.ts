/** A monitor that answers probes: what its phase, its clock and its checks make of the answers. */
import { afterEach, describe, expect, test } from 'vitest'

import { freePort } from '../../examples/valkey/free-port.ts'
import { WorkerHealthMonitor } from '../../src/kinds/worker/monitor.ts'
import type { ServiceHealthMonitorOptions } from '../../src/service/monitor-options.ts'
import { MemoryExporter } from '../support/memory-exporter.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

/** Time may have passed on it though no timer has run. */
class StalledClock extends VirtualClock {
  aheadMs = 0

  override monotonicMs(): number {
    return super.monotonicMs() + this.aheadMs
  }
}

const soon = { timeout: 20_000, interval: 5 }
const running: WorkerHealthMonitor[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((monitor) => monitor.stop(0)))
})

async function probed(options: ServiceHealthMonitorOptions = {}) {
  const clock = new StalledClock()
  const port = await freePort()
  const monitor = new WorkerHealthMonitor({
    ...{ clock, exporter: new MemoryExporter(clock), serviceName: 'mailer', instance: 'i1', httpPort: port },
    ...{ env: { OTEL_METRICS_EXPORTER: 'none' } },
    ...options,
  })
  running.push(monitor)
  const ask = async (path: string, headers: Record<string, string> = {}): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { headers }).catch(() => undefined)
    return answer ? `${answer.status} ${(await answer.text()).trim()}` : 'nobody'
  }
  return { monitor, clock, ask }
}

describe('a monitor', () => {
  test('is not ready while its first checks run, and lives', async () => {
    const first = Promise.withResolvers<void>()
    const { monitor, ask } = await probed({ checks: [{ name: 'slow', required: false, run: () => first.promise }] })
    const started = monitor.start()
    await expect.poll(() => ask('/readyz'), soon).toBe('503 not ready: starting')
    expect(await ask('/livez')).toBe('200 alive')
    first.resolve()
    await started
    expect(await ask('/readyz')).toBe('200 running')
  })

  test('is not ready while it says that it is paused or draining, and answers nobody once it has stopped', async () => {
    const { monitor, ask } = await probed()
    await monitor.start()
    for (const phase of ['paused', 'draining'] as const) {
      monitor.setPhase(phase)
      await expect.poll(() => ask('/readyz'), soon).toBe(`503 not ready: ${phase}`)
      expect(await ask('/livez')).toBe('200 alive')
    }
    await monitor.stop(0)
    expect(await ask('/livez')).toBe('nobody')
  })

  test('does not live when its rules are judged no more, and lives again when they are', async () => {
    const { monitor, clock, ask } = await probed()
    await monitor.start()
    clock.advance(3_600_000)
    await expect.poll(() => ask('/livez'), soon).toBe('200 alive')
    clock.aheadMs = 31_000
    const asked = ask('/livez')
    await expect.poll(() => clock.nextDue(), soon).toBe(3_600_050)
    clock.advance(50)
    expect(await asked).toBe('503 not alive: the last evaluation was 31 s ago (limit 30 s)')
    clock.advance(1000)
    expect(await ask('/livez')).toBe('200 alive')
  })

  test('says how it is, and to whoever has the token what is wrong', async () => {
    const { monitor, clock, ask } = await probed({
      httpToken: '0123456789abcdef',
      checks: [
        {
          name: 'smtp',
          required: true,
          critical: true,
          run: () => Promise.reject(Object.assign(new Error('no'), { code: 'ECONNREFUSED' })),
        },
      ],
    })
    await monitor.start()
    await expect.poll(() => (clock.advance(5000), ask('/health')), soon).toBe('503 {"status":"fail"}')
    const [, ...text] = (await ask('/health', { authorization: 'Bearer 0123456789abcdef' })).split(' ')
    expect(JSON.parse(text.join(' '))).toMatchObject({
      ...{ status: 'fail', serviceId: 'i1', description: 'mailer', notes: ['phase: running'] },
      checks: {
        'smtp:responseTime': [{ status: 'fail', output: 'ECONNREFUSED' }],
        'dependency_down:alert': [{ status: 'fail', labels: { check: 'smtp' } }],
      },
    })
    // What is wrong with what it needs is no reason to start it again.
    expect([await ask('/livez'), await ask('/readyz')]).toEqual(['200 alive', '200 running'])
  })
})

test('without a port nothing listens', async () => {
  const { monitor, ask } = await probed({ httpPort: undefined as unknown as number })
  await monitor.start()
  expect(await ask('/livez')).toBe('nobody')
})
