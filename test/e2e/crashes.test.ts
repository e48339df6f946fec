/** Processes that end without a word, and what is told of it: only what said that it stops was stopped, and what was replaced is not missed. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { type ChildOptions, startService } from '../support/service-child.ts'
import { openIn, toldBy, typesOf } from '../support/told.ts'

let valkey: EmbeddedValkey
let redis: Redis

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
})
beforeEach(async () => {
  await redis.flushall()
})
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
})

const [INTERVAL, GONE_AFTER_MS] = [2, 6000]
const soon = { timeout: 30_000, interval: 50 }
const ofService = (serviceName: string, more: Partial<ChildOptions> = {}): ChildOptions => ({
  ...{ redisPort: valkey.port, serviceName, publishingInterval: INTERVAL },
  ...more,
})
const instances = () => redis.zrange('{health}:instances:svc', '0', '-1')
const serverMs = async () => Number((await redis.time())[0]) * 1000
/** Until whatever would be wrong has happened: by the server's clock. */
const past = async (ms: number) => {
  const until = (await serverMs()) + ms
  await expect.poll(serverMs, soon).toBeGreaterThanOrEqual(until)
}

describe('a process that is killed', { timeout: 90_000 }, () => {
  test('is replaced by the next one, and when that one stops gracefully nothing is told', async () => {
    await startService(ofService('watcher'))
    const first = await startService(ofService('svc'))
    await first.kill()
    const second = await startService(ofService('svc'))
    await second.stop()
    await past(2 * GONE_AFTER_MS)
    expect(await toldBy(redis)).toEqual([])
    expect(await openIn(redis)).toEqual([])
  })

  test('is not missed once another has taken its place: the service is healthy within three intervals', async () => {
    const first = await startService(ofService('svc'))
    await first.kill()
    const second = await startService(ofService('svc'))
    await past(GONE_AFTER_MS)
    await expect.poll(instances, soon).toHaveLength(1)
    await expect.poll(async () => (await second.ask()).status, soon).toBe('healthy')
    expect(await toldBy(redis)).toEqual([])
  })

  test('again and again, though none of them lives to its second beat, is a loop that is told', async () => {
    const rules = { restart_loop: { limit: 1, critical: 3 } }
    for (let i = 0; i < 6; i++) {
      const child = await startService(ofService('svc', { rules }))
      await child.kill()
    }
    await past(GONE_AFTER_MS)
    for (let i = 0; i < 2; i++) {
      const child = await startService(ofService('svc', { rules }))
      await expect.poll(() => typesOf(redis, 'restart_loop'), soon).toEqual(['fired'])
      await child.kill()
    }
    const [fired] = await toldBy(redis, 'restart_loop')
    expect(fired).toMatchObject({ severity: 'CRITICAL', state: 'firing' })
    expect(fired!.message).toMatch(/^Restarts after a crash within 15 min: \d+ \(limit 3\)$/)
  })
})

describe('a server that loses its memory', { timeout: 90_000 }, () => {
  test('while a service is silent says of nobody that it was stopped or restarted', async () => {
    await startService(ofService('watcher'))
    const first = await startService(ofService('svc'))
    await first.kill()
    await expect.poll(() => typesOf(redis, 'service_silent'), soon).toEqual(['fired'])
    await redis.flushall()
    await past(2000 * INTERVAL)
    const second = await startService(ofService('svc'))
    await past(GONE_AFTER_MS)
    expect(await toldBy(redis)).toEqual([])
    expect((await second.ask()).status).toBe('healthy')
  })
})
