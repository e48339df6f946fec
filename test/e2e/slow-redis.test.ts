/** A health Redis that is far away or gone for a while: what is said comes late, but it comes. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { startService } from '../support/service-child.ts'
import { startSlowProxy } from '../support/slow-proxy.ts'
import { openIn, typesOf } from '../support/told.ts'

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

const soon = { timeout: 20_000, interval: 50 }

test.for([
  { why: 'a round trip of 1.2 s that was short before', before: 0, after: 600 },
  { why: 'a round trip of 1.2 s from the start', before: 600, after: 600 },
  { why: 'a round trip of 3 s', before: 0, after: 1500 },
])('$why: alerts and beats arrive, late', { timeout: 90_000 }, async ({ before, after }) => {
  await redis.flushall()
  const proxy = await startSlowProxy(valkey.port)
  onTestFinished(() => proxy.stop())
  proxy.delayMs = before
  const child = await startService({ redisPort: proxy.port, instance: 'A', publishingInterval: 1 })
  proxy.delayMs = after
  child.tell({ anisette: 'unreachable' })
  await expect.poll(() => openIn(redis), soon).toEqual(['anisette_unreachable firing'])
  const beat = await redis.zscore('{health}:instances:svc', 'A')
  await expect.poll(() => redis.zscore('{health}:instances:svc', 'A'), soon).not.toBe(beat)
  child.tell({ anisette: 'reachable' })
  await expect.poll(() => typesOf(redis, 'anisette_unreachable'), soon).toEqual(['fired', 'resolved'])
})

test('bytes that are swallowed for a while: said once, and told when it is over', { timeout: 60_000 }, async () => {
  await redis.flushall()
  const proxy = await startSlowProxy(valkey.port)
  onTestFinished(() => proxy.stop())
  const child = await startService({ redisPort: proxy.port, instance: 'A' })
  proxy.hole = true
  child.tell({ anisette: 'unreachable' })
  await expect.poll(() => child.diag.filter((line) => line.includes('takes no messages (no answer)')).length, soon).toBe(1)
  proxy.hole = false
  await expect.poll(() => openIn(redis), soon).toEqual(['anisette_unreachable firing'])
  await expect.poll(() => child.diag.filter((line) => line.includes('takes messages again')).length, soon).toBe(1)
})
