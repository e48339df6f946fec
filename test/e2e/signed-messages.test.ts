/** With a key that services and readers share: what is not signed with it is not believed, and it is said so. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { systemClock } from '../../src/clock.ts'
import { RedisExporter } from '../../src/publish/redis-exporter.ts'
import { HealthSubscriber } from '../../src/subscribe/health-subscriber.ts'
import { readSnapshot } from '../../src/subscribe/snapshot.ts'
import { snapshotOf, transitionOf } from '../wire/fixtures.ts'

const KEY = 'known to services and readers'
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

const connection = (hmacKey?: string) => ({ host: '127.0.0.1', port: valkey.port, ...(hmacKey !== undefined && { hmacKey }) })

async function publishing(instance: string, hmacKey?: string): Promise<RedisExporter> {
  const exporter = new RedisExporter({
    target: connection(hmacKey),
    clock: systemClock,
    service: 'tracker_fetcher',
    instance,
    publishingIntervalMs: 30_000,
    retentionMs: 86_400_000,
  })
  onTestFinished(() => exporter.stop(snapshotOf({ instance, phase: 'stopped' }), 500))
  await exporter.load(1000)
  exporter.status(snapshotOf({ instance }))
  return exporter
}

test('what services say is believed, and what somebody else has written is named', async () => {
  await redis.flushall()
  const subscriber = new HealthSubscriber({ connection: connection(KEY), refreshMs: 200 })
  onTestFinished(() => subscriber.stop())
  const told: string[] = []
  subscriber.on('message', ({ message }) => void (message.channel === 'alerts' && told.push(`${message.type} ${message.message}`)))
  await subscriber.start()

  const [ours, forger] = [await publishing('ours', KEY), await publishing('forger')]
  ours.transition(transitionOf('fired', { id: 'a1', message: 'true' }))
  await expect.poll(() => told, { timeout: 10_000 }).toEqual(['fired true'])
  forger.transition(transitionOf('fired', { id: 'a2', message: 'forged' }))
  await expect.poll(() => redis.xlen('{health}:alerts'), { timeout: 10_000 }).toBe(2)
  ours.transition(transitionOf('resolved', { id: 'a1', message: 'over' }))
  await expect.poll(() => told, { timeout: 10_000 }).toEqual(['fired true', 'resolved over'])

  const view = await readSnapshot(redis, { hmacKey: KEY })
  expect(view.services.flatMap(({ instances }) => instances.filter(({ status }) => status).map(({ instance }) => instance))).toEqual([
    'ours',
  ])
  expect(view.alerts).toEqual([])
  expect(view.problems!.map(({ reason }) => reason).toSorted()).toEqual([
    'alert a2 is not signed with the key of HEALTH_HMAC_KEY',
    'is not signed with the key of HEALTH_HMAC_KEY',
  ])
  expect((await readSnapshot(redis)).problems).toBeUndefined()
})
