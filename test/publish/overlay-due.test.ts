/** What happens over alerts by itself, as the watcher of the shard has it happen. What is to be due is dated back in Redis. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { SilenceWatch } from '../../src/publish/silence-watch.ts'
import { shardNames } from '../../src/wire/names.ts'
import { createPublisher, type PublisherClient } from '../../src/wire/redis-client.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { sayAlert, type ToldMessage } from '../support/said-alert.ts'
import { passes } from '../wire/scripts/held-overlay.ts'

const names = shardNames()
const GRACE_MS = 10_000

let valkey: EmbeddedValkey
let redis: Redis
let client: PublisherClient

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
  client = (await createPublisher({ host: '127.0.0.1', port: valkey.port }, 5000)).client
  await client.connect()
})
beforeEach(() => redis.flushall())
afterAll(async () => {
  client.disconnect()
  redis.disconnect()
  await valkey.stop()
})

/** One look. */
async function look(run = <T>(command: (client: PublisherClient) => Promise<T>) => command(client)): Promise<void> {
  const clock = new VirtualClock()
  const watch = new SilenceWatch({ ...{ shards: [names], instance: 'w', retentionMs: 86_400_000, graceMs: GRACE_MS, clock }, run })
  watch.up()
  clock.advance(GRACE_MS)
  await expect.poll(() => clock.nextDue(), { interval: 2 }).not.toBe(Infinity)
  watch.down()
}

async function told(): Promise<string[]> {
  const entries = await redis.xrange(names.alerts, '-', '+')
  return entries.map(([, fields]) => {
    const { alert_id: id, type, deliver } = JSON.parse(fields[1]!) as ToldMessage
    return `${id} ${type}${deliver ? '' : ' quietly'}`
  })
}

test('an alert that was held is told when it has been waited for its cause, and not before', async () => {
  await sayAlert(client, names, { causes: 'mailer:dependency_down' })
  await look()
  expect(await told()).toEqual([])
  await passes(redis, names, ['a1'], 21_000)
  await Promise.all([look(), look(), look()])
  expect(await told()).toEqual(['a1 fired'])
  expect(await redis.zcard(names.overlayDue)).toBe(0)
})

test('what is due of an alert that is there no more is forgotten', async () => {
  await redis.zadd(names.overlayDue, 1, 'mailer gone', 2, 'silence gone', 3, 'x')
  await look()
  expect(await redis.zcard(names.overlayDue)).toBe(0)
})

test('what cannot be looked after is put behind what can, and tried again later', async () => {
  await sayAlert(client, names, { causes: 'mailer:dependency_down' })
  await redis.set(names.alert('broken'), 'of another type')
  await redis.zadd(names.overlayDue, 1, 'mailer broken')
  await passes(redis, names, ['a1'], 21_000)
  await look()
  expect(await told()).toEqual(['a1 fired'])
  expect(await redis.zrange(names.overlayDue, '0', '-1')).toEqual(['mailer broken'])
  expect(Number(await redis.zscore(names.overlayDue, 'mailer broken'))).toBeGreaterThan(Date.now() + 5000)
})

test('a maintenance window that begins keeps quiet, and the next ones are reckoned', async () => {
  await sayAlert(client, names)
  const repeat = { every: 'daily 03:00', for_seconds: 3600, zone: 'UTC' }
  const begun = Date.now() - 60_000
  const at = new Date(begun).toISOString().slice(11, 16)
  const silence = {
    v: 1,
    matcher: '*',
    match: [],
    by: 'ada',
    why: 'x',
    repeat: { ...repeat, every: `daily ${at}` },
    windows: [[begun, begun + 3_600_000]],
  }
  await redis.hset(names.silences, 's1', JSON.stringify(silence))
  await redis.zadd(names.overlayDue, 1, 'silence s1')
  await look()
  expect(await told()).toEqual(['a1 fired', 'a1 silenced quietly'])
  const kept = JSON.parse((await redis.hget(names.silences, 's1'))!) as typeof silence
  expect(kept.windows).toHaveLength(8)
  expect(Number(await redis.zscore(names.overlayDue, 'silence s1'))).toBe(kept.windows[0]![1])
})
