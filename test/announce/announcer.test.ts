/** What a process that speaks for another hears of what people ask, whatever the clock of its machine says. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { Announcer } from '../../src/announce/announcer.ts'
import { systemClock } from '../../src/clock.ts'
import { HealthControl } from '../../src/control/health-control.ts'
import type { Heard, Report } from '../../src/supervise/report.ts'
import { shardNames } from '../../src/wire/names.ts'

const HOUR = 3_600_000
const soon = { timeout: 30_000, interval: 50 }
const names = shardNames()

let valkey: EmbeddedValkey
let redis: Redis

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
})
beforeEach(() => redis.flushall())
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
})

/** Of a process that was stopped on request. */
function stoppedAt(at: number): Report {
  return {
    ...{ id: 'supervisor', answers: [], listens: true },
    about: { service: 'orders', instance: 'a', allow: ['stop', 'start'] },
    death: { n: 1, exit: { code: 0, signal: null }, at, uptimeSeconds: 60, next: 'stays down until it is asked to start', staysDown: true },
  }
}

test.for([
  { what: 'is set back by an hour after the process has ended', then: -HOUR, at: 0 },
  { what: 'is set forward by an hour', then: HOUR, at: 0 },
  { what: 'is an hour behind that of the supervisor', then: 0, at: HOUR },
])('a start is heard though the clock of the machine $what', async ({ then, at }) => {
  let off = 0
  const heard: Heard[] = []
  const announcer = new Announcer({
    env: { HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port) },
    clock: { ...systemClock, epochMs: () => systemClock.epochMs() + off },
    tell: (each) => heard.push(each),
    done: () => {},
  })
  try {
    announcer.report(stoppedAt(systemClock.epochMs() + at))
    await vi.waitFor(async () => expect(await redis.zcard(names.down('orders'))).toBe(1), soon)
    off = then
    const { request } = await new HealthControl({ client: redis }).request('start', { service: 'orders' }, { by: 'ann', why: 'it may' })
    await vi.waitFor(() => expect(heard).toContainEqual({ is: 'asked', action: 'start', request: request.id, instance: 'a' }), soon)
  } finally {
    announcer.stop()
  }
})
