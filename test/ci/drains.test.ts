/**
 * Many drains with work in hand: of a BullMQ worker that SIGTERM kills on the spot, and of the tracker fetcher. Nothing stalls, is lost or is
 * done twice. DRAINS: how many of each.
 */
import { fileURLToPath } from 'node:url'

import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { System } from '../../examples/demo/system.ts'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { HealthControl } from '../../src/control/health-control.ts'
import { startControlled, WatchedQueue } from '../e2e/controlled-service.ts'
import { HealthMessages } from '../e2e/health-messages.ts'

/** As it is installed: it starts in a fraction of the time. */
const BUILT = fileURLToPath(new URL('../../dist/register.js', import.meta.url))
const DRAINS = Number(process.env['DRAINS'] ?? 20)
/** Each waits for Apple. */
const DRAINS_OF_FETCHER = Number(process.env['DRAINS'] ?? 6)
const LANES = 4
const patience = { timeout: 60_000, interval: 20 }
const hours = 2 * 3_600_000

let valkey: EmbeddedValkey
let redis: Redis
beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
})
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
})

/** Waits until it has ended, and says what it said. */
async function drain(control: HealthControl, service: string, instance: string): Promise<string> {
  const { request } = await control.request('drain', { service, instance }, { by: 'ann', why: 'a larger disk' })
  const view = async () => (await control.requests(service)).find(({ request: { id } }) => id === request.id)!
  await expect.poll(async () => (await view()).state, patience).not.toMatch(/waiting|under way/)
  const { state, byInstance } = await view()
  return `${state}: ${byInstance[0]?.reason}`
}

test(`${DRAINS} drains of a BullMQ worker under load`, { timeout: hours }, async () => {
  const control = new HealthControl({ client: redis, from: 'laptop' })
  let left = DRAINS
  let inHand = 0
  await Promise.all(
    Array.from({ length: LANES }, async (_, lane) => {
      const name = `lane-${lane}`
      const queue = new WatchedQueue(redis, valkey.port, name)
      const service = { port: valkey.port, register: BUILT, env: { QUEUE: name, CONCURRENCY: '5', HEALTH_SERVICE_NAME: name } }
      let added = 0
      let round = 0
      while (left-- > 0) {
        const instance = `${name}.${round++}`
        const before = await queue.count('begun')
        const { ended } = await startControlled({ ...service, instance })
        const feeding = setInterval(() => void (added++, queue.add(1, { forMs: 10 + (added % 7) * 20, fails: added % 5 === 0 })), 20)
        await expect.poll(() => queue.count('begun'), patience).toBeGreaterThan(before + 5)
        expect(await drain(control, name, instance)).toBe('done: it has ended, with nothing in hand')
        clearInterval(feeding)
        expect(await ended).toEqual([null, 'SIGTERM'])
        expect([await queue.queue.getActiveCount(), (await queue.count('begun')) - (await queue.count('done'))]).toEqual([0, 0])
        inHand += (await queue.count('begun')) - before
      }
      // Whatever is left is done by one that is not told to end.
      const { child } = await startControlled({ ...service, instance: `${name}.last` })
      await expect.poll(() => queue.count('done'), { timeout: 300_000, interval: 200 }).toBe(added)
      child.kill('SIGKILL')
      expect([await queue.count('begun'), await queue.count('stalled'), await queue.twice()]).toEqual([added, 0, []])
      await queue.queue.close()
    }),
  )
  console.log(`${DRAINS} drains, ${inHand} jobs by those who were drained: 0 stalled, 0 lost, 0 twice`)
})

test(`${DRAINS_OF_FETCHER} drains of the tracker fetcher`, { timeout: hours }, async () => {
  const env = { HEALTH_PUBLISHING_INTERVAL: '1', OTEL_METRICS_EXPORTER: 'none', DRAIN_MS: '20000', BATCH_SIZE: '2' }
  const system = new System({ ...process.env, ...env }, { onDeath() {}, onServiceLine() {} })
  const { healthRedis, control: simulators } = await system.startSurroundings()
  const health = await HealthMessages.on(healthRedis.port)
  const fetcherRedis = new Redis(healthRedis.port)
  const control = new HealthControl({ client: fetcherRedis, from: 'laptop' })
  const known = new Set<string>()
  /** How many trackers wait. */
  const countWaiting = async (): Promise<number> => {
    const due = await Promise.all(['hot', 'warm', 'cold', 'retry'].map(async (tier) => await fetcherRedis.zcard(`tracker:queue:${tier}`)))
    return due.reduce((sum, size) => sum + size, await fetcherRedis.llen('tracker:queue:immediate'))
  }
  // Apple takes a while, so that there is something in hand.
  const slow = await fetch(`${simulators}/faults/slow`, { method: 'PUT', body: JSON.stringify({ probability: 1, delay_ms: 400 }) })
  expect(slow.ok).toBe(true)
  try {
    let fleet: number | undefined
    for (let round = 0; round < DRAINS_OF_FETCHER; round++) {
      system.startServices()
      const { instance } = await health.status('tracker_fetcher', (message) => message.phase === 'running' && !known.has(message.instance))
      known.add(instance)
      const leased = await fetcherRedis.zcard('tracker:queue:leased')
      await expect.poll(() => fetcherRedis.zcard('tracker:queue:leased'), patience).toBeGreaterThanOrEqual(Math.max(1, leased))
      expect(await drain(control, 'tracker_fetcher', instance)).toBe('done: it has ended, with nothing in hand')
      const waiting = await countWaiting()
      fleet ??= waiting
      // Each tracker waits once: none is leased by one that is no more, none is gone, none waits twice.
      expect([await fetcherRedis.zcard('tracker:queue:leased'), waiting]).toEqual([0, fleet])
    }
  } finally {
    health.close()
    fetcherRedis.disconnect()
    await system.stop()
  }
})
