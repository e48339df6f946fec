/** What processes that are no more have counted, as a new one reads it from a real server. */
import { Redis } from 'ioredis'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { startValkey } from '../../examples/valkey/start-valkey.ts'
import { systemClock } from '../../src/clock.ts'
import { RedisExporter } from '../../src/publish/redis-exporter.ts'
import { shardNames } from '../../src/wire/names.ts'
import { snapshotOf } from '../wire/fixtures.ts'

const names = shardNames()
const SERVICE = 'tracker_fetcher'
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

let port: number
let redis: Redis
beforeEach(async () => {
  const valkey = await startValkey()
  cleanups.push(() => valkey.stop())
  port = valkey.port
  redis = new Redis(port)
  cleanups.push(() => redis.disconnect())
})

function process(instance: string): RedisExporter {
  const exporter = new RedisExporter({
    ...{ target: { host: '127.0.0.1', port }, clock: systemClock, service: SERVICE, instance },
    ...{ publishingIntervalMs: 30_000, retentionMs: 86_400_000 },
  })
  cleanups.push(() => exporter.stop(snapshotOf({ phase: 'stopped' }), 0))
  return exporter
}

async function lived(instance: string, counted: Readonly<Record<string, readonly number[]>>): Promise<void> {
  const exporter = process(instance)
  await exporter.load(5000)
  await exporter.stop(snapshotOf({ instance, phase: 'stopped', counted }), 5000)
}

test('is what they handed on, with how long ago that was', async () => {
  await lived('a', { low_success_rate: [70, 20] })
  await lived('b', { 'low_success_rate:email': [3, 3], low_fetch_rate: [70, 60_000] })
  const before = await process('c').recall(5000)
  expect(before!.map(({ counted }) => counted)).toEqual([
    { 'low_success_rate:email': [3, 3], low_fetch_rate: [70, 60_000] },
    { low_success_rate: [70, 20] },
  ])
  for (const { agoMs } of before!) expect(agoMs).toBeLessThan(60_000)
})

test('is not what an instance counts that is alive, but of its own name', async () => {
  await lived('a', { low_success_rate: [70, 20] })
  await lived('b', { low_success_rate: [1, 1] })
  for (const alive of ['a', 'b']) await redis.zadd(names.instances(SERVICE), Date.now(), alive)
  expect((await process('b').recall(5000))!.map(({ counted }) => counted)).toEqual([{ low_success_rate: [1, 1] }])
  await redis.zadd(names.instances(SERVICE), Date.now() - 91_000, 'a')
  expect(await process('b').recall(5000)).toHaveLength(2)
})

test('is not what this process has handed on itself before it could ask', async () => {
  await lived('a', { low_success_rate: [1, 1] })
  // Not in the same millisecond: by that it is told whose an entry is.
  const writtenAt = async () => (await redis.xrevrange(names.counted(SERVICE), '+', '-')).map(([id]) => Number(id.split('-')[0]))
  await vi.waitUntil(async () => {
    const [at] = await writtenAt()
    const [seconds, micros] = await redis.time()
    return at !== undefined && Number(seconds) * 1000 + Number(micros) / 1000 > at + 5
  })
  const own = process('a')
  await own.load(5000)
  await redis.xadd(names.counted(SERVICE), '*', 'instance', 'a', 'counted', '{"low_success_rate":[9,9]}')
  expect((await own.recall(5000))!.map(({ counted }) => counted)).toEqual([{ low_success_rate: [1, 1] }])
})

test('is nothing where nothing was counted, and what cannot be read is left out', async () => {
  await lived('a', { low_success_rate: [0, 0] })
  expect(await process('b').recall(5000)).toEqual([])
  for (const text of ['{', '[]', '{"low_success_rate":[-1,0]}', '{"low_success_rate":"many"}'])
    await redis.xadd(names.counted(SERVICE), '*', 'instance', 'a', 'counted', text)
  expect(await process('b').recall(5000)).toEqual([])
})

test('is kept for a day, and not known where there is no answer', async () => {
  await lived('a', { low_success_rate: [70, 20] })
  expect(await redis.pttl(names.counted(SERVICE))).toBeGreaterThan(86_000_000)
  cleanups.splice(0, 1)[0]!()
  await new Promise((resolve) => redis.once('close', resolve))
  expect(await process('b').recall(300)).toBeUndefined()
})
