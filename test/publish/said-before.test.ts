/** What a process finds of the one before it: time in which neither evaluated is known as such. */
import { Redis } from 'ioredis'
import { afterEach, expect, test } from 'vitest'

import { startValkey } from '../../examples/valkey/start-valkey.ts'
import { systemClock } from '../../src/clock.ts'
import { RedisExporter } from '../../src/publish/redis-exporter.ts'
import { shardNames } from '../../src/wire/names.ts'
import { snapshotOf, transitionOf } from '../wire/fixtures.ts'

const HOUR = 3_600_000
const [SERVICE, INSTANCE] = ['tracker_fetcher', '4f2c']
const names = shardNames()

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

function exporterTo(port: number): RedisExporter {
  const exporter = new RedisExporter({
    ...{ target: { host: '127.0.0.1', port }, clock: systemClock, service: SERVICE, instance: INSTANCE, alertIds: ['a1'] },
    ...{ publishingIntervalMs: 30_000, retentionMs: 86_400_000 },
  })
  cleanups.push(() => exporter.stop(snapshotOf({ phase: 'stopped' }), 0))
  return exporter
}

/** A recovering alert was said two hours ago, and the last beat of its process came an hour later. */
async function twoHoursLater() {
  const valkey = await startValkey()
  cleanups.push(() => valkey.stop())
  const redis = new Redis(valkey.port)
  cleanups.push(() => redis.disconnect())
  const before = exporterTo(valkey.port)
  await before.load(5000)
  const now = systemClock.monotonicMs()
  before.transition(transitionOf('fired', { state: 'recovering', okAt: now - 10_000, evaluatedAt: now }))
  await before.stop(snapshotOf({ phase: 'running' }), 5000)
  const entry = await redis.hget(names.entries('a1'), INSTANCE)
  await redis.hset(
    names.entries('a1'),
    INSTANCE,
    entry!.replace(/"at":(\d+)/, (_, at: string) => `"at":${Number(at) - 2 * HOUR}`),
  )
  await redis.zadd(names.instances(SERVICE), Date.now() - HOUR, INSTANCE)
  const exporter = exporterTo(valkey.port)
  const loaded = async () => {
    const [alert] = (await exporter.load(5000)) ?? []
    const at = systemClock.monotonicMs()
    return alert?.state === 'recovering' ? { okAgo: at - alert.okAt, evaluatedAgo: at - alert.evaluatedAt } : undefined
  }
  return { redis, exporter, loaded }
}

test('an open alert was evaluated as long as its process beat, and not after that', async () => {
  const { loaded } = await twoHoursLater()
  const { okAgo, evaluatedAgo } = (await loaded())!
  expect(okAgo).toBeGreaterThanOrEqual(2 * HOUR + 9000)
  expect(Math.abs(evaluatedAgo - HOUR)).toBeLessThan(60_000)
})

test('a beat of this process says nothing of the one before it', async () => {
  const { redis, exporter, loaded } = await twoHoursLater()
  await loaded()
  exporter.status(snapshotOf())
  const beat = async () => Date.now() - Number(await redis.zscore(names.instances(SERVICE), INSTANCE))
  await expect.poll(beat, { interval: 5 }).toBeLessThan(HOUR / 2)
  await expect.poll(async () => Math.abs((await loaded())!.evaluatedAgo - 2 * HOUR), { interval: 20 }).toBeLessThan(60_000)
})
