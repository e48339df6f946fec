import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { readSnapshot } from '../../src/subscribe/snapshot.ts'
import { RedisRecord, statusText } from './record.ts'

let valkey: EmbeddedValkey
let redis: Redis
let record: RedisRecord

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
})
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
})
beforeEach(async () => {
  await redis.flushall()
  record = new RedisRecord(redis)
})

const HOUR_AHEAD = () => Date.now() + 3_600_000

describe('one key that cannot be read is named, and blinds nobody', () => {
  beforeEach(async () => {
    await record.beat()
    await record.tell({ id: 'a1' })
  })

  test.for<{ why: string; write: () => Promise<unknown>; problem: object; services?: string[]; alerts?: string[] }>([
    {
      why: 'the list of services',
      write: () => redis.multi().del('{health}:services').set('{health}:services', 'x').exec(),
      problem: { key: '{health}:services', reason: 'is of another type than it should be' },
    },
    {
      why: 'a name that no service has',
      write: () => redis.zadd('{health}:services', Date.now(), 'a b', Date.now(), '\u001b[2J'),
      problem: { key: '{health}:services', reason: 'holds 2 names that no service has' },
    },
    {
      why: 'a service with a time in the future',
      write: () => redis.zadd('{health}:services', HOUR_AHEAD(), 'mailer', '+inf', 'other'),
      services: ['mailer', 'other'],
      problem: { key: '{health}:services', reason: 'holds 2 times that lie in the future or are none' },
    },
    {
      why: 'the list of instances of one service',
      write: () => redis.multi().zadd('{health}:services', Date.now(), 'other').set('{health}:instances:other', 'x').exec(),
      services: ['mailer', 'other'],
      problem: { key: '{health}:instances:other', reason: 'is of another type than it should be', service: 'other' },
    },
    {
      why: 'an instance with a time in the future',
      write: () => redis.zadd('{health}:instances:mailer', HOUR_AHEAD(), 'forged'),
      problem: { key: '{health}:instances:mailer', reason: 'holds 1 times that lie in the future', service: 'mailer' },
    },
    {
      why: 'the status of another instance',
      write: () => redis.multi().zadd('{health}:instances:mailer', Date.now(), 'b').set('{health}:status:mailer:b', statusText()).exec(),
      problem: { key: '{health}:status:mailer:b', reason: 'holds the status of another instance', service: 'mailer' },
    },
    {
      why: 'how far the record goes',
      write: () => redis.multi().del('{health}:meta').set('{health}:meta', 'x').exec(),
      problem: { key: '{health}:meta', reason: 'is of another type than it should be' },
    },
    {
      why: 'a part of that as large as a house',
      write: () => redis.hset('{health}:meta', 'epoch', 'x'.repeat(100_000)),
      problem: { key: '{health}:meta', reason: 'holds a field that is too large' },
    },
    {
      why: 'the list of open alerts',
      write: () => redis.multi().del('{health}:open').set('{health}:open', 'x').exec(),
      alerts: [],
      problem: { key: '{health}:open', reason: 'is of another type than it should be' },
    },
    {
      why: 'an open alert without a document',
      write: () => redis.zadd('{health}:open', 1, 'a2'),
      problem: { key: '{health}:alert:a2', reason: 'alert a2 is listed as open and has no document' },
    },
    {
      why: 'an alert that is something else',
      write: () => redis.multi().zadd('{health}:open', 1, 'a2').set('{health}:alert:a2', 'x').exec(),
      problem: { key: '{health}:alert:a2', reason: 'is of another type than it should be' },
    },
    {
      why: 'a document of 1 MB',
      write: () => redis.multi().zadd('{health}:open', 1, 'a2').hset('{health}:alert:a2', 'doc', 'x'.repeat(1_000_000)).exec(),
      problem: { key: '{health}:alert:a2', reason: 'is larger than 64 KB' },
    },
    {
      why: 'a document that is none',
      write: () => redis.multi().zadd('{health}:open', 1, 'a2').hset('{health}:alert:a2', 'doc', '{"v":1,"service":"other"}').exec(),
      problem: { key: '{health}:alert:a2', reason: 'alert a2 is no alert document', service: 'other' },
    },
  ])('$why', async ({ write, problem, services = ['mailer'], alerts = ['a1'] }) => {
    await write()
    const view = await readSnapshot(redis)
    expect(view.problems).toEqual([problem])
    expect(view.services.map(({ service }) => service)).toEqual(services)
    expect(view.alerts.map(({ alert_id }) => alert_id)).toEqual(alerts)
  })
})

test('a service is found among thousands, each with its instances', async () => {
  const written = redis.pipeline()
  for (let i = 0; i < 3000; i++) {
    const service = `s${i}`
    written.zadd('{health}:services', Date.now(), service).zadd(`{health}:instances:${service}`, Date.now(), 'a', Date.now(), 'b')
    written.set(`{health}:status:${service}:a`, statusText({ service }))
  }
  await written.exec()
  const view = await readSnapshot(redis)
  expect(view.services).toHaveLength(3000)
  expect(view.services.every(({ instances }) => instances.length === 2 && instances[0]!.status && !instances[1]!.status)).toBe(true)
  expect(view.problems).toBeUndefined()
})

test('of more than a thousand instances those that beat last are looked at, and that is said', async () => {
  await record.beat()
  const names = Array.from({ length: 1500 }, (_, i) => [1000 + i, `i${i}`]).flat()
  await redis.zadd('{health}:instances:mailer', ...(names as [number, string]))
  const view = await readSnapshot(redis)
  expect(view.services[0]!.instances).toHaveLength(1000)
  expect(view.services[0]!.instances.map(({ instance }) => instance)).toContain('a')
  expect(view.problems).toMatchObject([{ key: '{health}:instances:mailer', reason: expect.stringContaining('more than 1000') as string }])
})

test('the clock of an instance is measured against the server, by its last beat', async () => {
  await record.beat({ aheadMs: -7000 })
  const [service] = (await readSnapshot(redis)).services
  expect(service!.instances[0]!.skewMs).toBe(-7000)
})

test('services of all shards are read, those that are wanted first', async () => {
  const sharded = new RedisRecord(redis, { shards: 3 })
  for (const service of ['a', 'b', 'c', 'd']) await sharded.beat({ service })
  await sharded.tell({ id: 'a1', service: 'e' })
  const view = await readSnapshot(redis, { shards: 3, wanted: 'd' })
  expect(view.services.map(({ service, instances }) => `${service} ${instances.length}`)).toEqual(['a 1', 'b 1', 'c 1', 'd 1', 'e 0'])
})
