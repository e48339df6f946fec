/** A Redis that refuses a command or holds a key of a wrong type: what is said is kept, said to be kept once, and written when that is mended. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { HealthChannels, isAlert } from '../contracts/health-channels.ts'
import { startService } from '../support/service-child.ts'
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

const soon = { timeout: 30_000, interval: 50 }
const ALL = ['reset', 'on', '>pw', '~{health}:*', '&health:*', '+@all', '-@admin', '-@dangerous']

test.for(['xadd', 'hset', 'time', 'zadd', 'sadd', 'hgetall', 'hmget', 'evalsha', 'publish', 'set'].map((command) => ({ command })))(
  'without $command',
  { timeout: 60_000 },
  async ({ command }) => {
    await redis.flushall()
    const user = `without-${command}`
    await redis.call('ACL', 'SETUSER', user, ...ALL, `-${command}`)
    const child = await startService({ redisPort: valkey.port, instance: 'A', redisUsername: user, redisPassword: 'pw' })
    child.tell({ anisette: 'unreachable' })
    await expect.poll(() => child.diag.length, soon).toBeGreaterThan(0)
    await redis.call('ACL', 'SETUSER', user, ...ALL)
    await expect.poll(() => openIn(redis), soon).toEqual(['anisette_unreachable firing'])
    child.tell({ anisette: 'reachable' })
    await expect.poll(() => typesOf(redis, 'anisette_unreachable'), soon).toEqual(['fired', 'resolved'])
    // One line for each kind of refusal, however often it came.
    expect(child.diag.filter((line) => line.includes('kept and sent again')).length).toBeLessThanOrEqual(2)
    expect(child.unhandled).toEqual([])
  },
)

test(
  'without the channel of alerts: the stream has them all the same, and the channel when it may be used',
  { timeout: 60_000 },
  async () => {
    await redis.flushall()
    await redis.call('ACL', 'SETUSER', 'mute', ...ALL.filter((rule) => !rule.startsWith('&')), 'resetchannels')
    const child = await startService({ redisPort: valkey.port, instance: 'A', redisUsername: 'mute', redisPassword: 'pw' })
    child.tell({ anisette: 'unreachable' })
    await expect.poll(() => openIn(redis), soon).toEqual(['anisette_unreachable firing'])
    const channels = await HealthChannels.of(valkey.port)
    await redis.call('ACL', 'SETUSER', 'mute', ...ALL)
    expect((await channels.take(1, isAlert))[0]!.body).toMatchObject({ type: 'fired', seq: 1 })
    channels.close()
    expect(await typesOf(redis, 'anisette_unreachable')).toEqual(['fired'])
  },
)

test('without a command, for longer than a first look at what was said before takes', { timeout: 60_000 }, async () => {
  await redis.flushall()
  await redis.call('ACL', 'SETUSER', 'timeless', ...ALL, '-time')
  const child = await startService({ redisPort: valkey.port, instance: 'A', redisUsername: 'timeless', redisPassword: 'pw' })
  child.tell({ anisette: 'unreachable' })
  // The refusals of several rounds.
  await expect.poll(async () => (await redis.call('ACL', 'LOG', '1')) as unknown[][], soon).not.toEqual([])
  await expect.poll(() => child.ask().then(({ alerts }) => alerts), soon).toEqual(['anisette_unreachable firing'])
  await redis.call('ACL', 'SETUSER', 'timeless', ...ALL)
  await expect.poll(() => openIn(redis), soon).toEqual(['anisette_unreachable firing'])
})

test('what was said before may not be read: nothing of it is known, and alerts are told', { timeout: 60_000 }, async () => {
  await redis.flushall()
  await redis.call('ACL', 'SETUSER', 'forgetful', ...ALL, '-smembers')
  const child = await startService({ redisPort: valkey.port, instance: 'A', redisUsername: 'forgetful', redisPassword: 'pw' })
  child.tell({ anisette: 'unreachable' })
  await expect.poll(() => openIn(redis), soon).toEqual(['anisette_unreachable firing'])
  child.tell({ anisette: 'reachable' })
  await expect.poll(() => typesOf(redis, 'anisette_unreachable'), soon).toEqual(['fired', 'resolved'])
  expect(child.diag.filter((line) => line.includes('NOPERM')).length).toBe(1)
})

test.for(['{health}:meta', '{health}:alerts', '{health}:open', '{health}:services', '{health}:due'].map((key) => ({ key })))(
  '$key of a wrong type',
  { timeout: 60_000 },
  async ({ key }) => {
    await redis.flushall()
    await redis.set(key, 'of no use')
    const child = await startService({ redisPort: valkey.port, instance: 'A' })
    child.tell({ anisette: 'unreachable' })
    await expect.poll(() => child.diag.filter((line) => line.includes('WRONGTYPE')).length, soon).toBeGreaterThan(0)
    await redis.del(key)
    await expect.poll(() => openIn(redis), soon).toEqual(['anisette_unreachable firing'])
    await expect.poll(() => redis.zscore('{health}:services', 'svc'), soon).not.toBeNull()
    child.tell({ anisette: 'reachable' })
    await expect.poll(() => typesOf(redis, 'anisette_unreachable'), soon).toEqual(['fired', 'resolved'])
  },
)
