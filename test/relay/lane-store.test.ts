/** What a lane keeps in Redis, as its scripts do it. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { laneStore } from '../../src/relay/lane-store.ts'
import type { ToldRecord } from '../../src/relay/told.ts'
import { shardNames } from '../../src/wire/names.ts'
import { writeTransition } from './transitions.ts'

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
beforeEach(async () => {
  await redis.flushall()
})

const storeOf = (owner: string, target = 'ours') =>
  laneStore({ client: redis, names: shardNames(), target, targets: ['ours', 'others'], owner, claimMs: 10_000 })
const RECORD: ToldRecord = { epoch: 'e', rev: 1, service: 's', rule: 'r', severity: 'WARNING', told: [] }

test('one holds the claim; the other neither reads nor writes until it is given back', async () => {
  const [first, second] = [storeOf('first'), storeOf('second')]
  expect(await first.pull(undefined, 10)).toMatchObject({ epoch: '', seq: 0, stored: undefined, entries: [] })
  expect(await second.pull(undefined, 10)).toBeUndefined()
  expect(await second.advance({ cursor: '9-9', epoch: 'e' }, new Map([['a', RECORD]]))).toBe(false)
  await second.release()
  expect(await first.advance({ cursor: '1-1', epoch: 'e' }, new Map([['a', RECORD]]))).toBe(true)
  await first.release()
  expect(await second.pull(undefined, 10)).toMatchObject({ stored: { cursor: '1-1', epoch: 'e' } })
  expect(await first.advance({ cursor: '9-9', epoch: 'e' }, new Map())).toBe(false)
  expect(await second.records()).toEqual(new Map([['a', RECORD]]))
  expect(await storeOf('x', 'others').toldElsewhere(['a', 'b'])).toEqual(
    new Map([
      ['a', [{ target: 'ours', told: [] }]],
      ['b', []],
    ]),
  )
})

test('the claim ends by itself', async () => {
  await storeOf('first').pull(undefined, 10)
  expect(await redis.pttl('{health}:relay:ours:claim')).toBeGreaterThan(9000)
})

test('entries come after where it stands, as many as there is room for; what is too large does not come', async () => {
  const store = storeOf('first')
  const ids = [await writeTransition(redis), await writeTransition(redis, { alert_id: 'a2' }), await writeTransition(redis)]
  await redis.xadd('{health}:alerts', '*', 'd', 'x'.repeat(70_000))
  const after = await store.pull('0-0', 2)
  expect(after?.entries.map(({ id }) => ids.findIndex((each) => each.endsWith(id)))).toEqual([0, 1])
  const rest = await store.pull(after!.entries[1]!.id, 10)
  expect(rest?.entries.map(({ text }) => text.length > 0)).toEqual([true, false])
  expect((await store.pull('0-0', 0))?.entries).toEqual([])
})

test('documents that are too large, of another version, of another alert or none at all are not there', async () => {
  const store = storeOf('first')
  await writeTransition(redis)
  await redis.hset('{health}:alert:big', 'rev', '1', 'doc', 'x'.repeat(70_000))
  const document = (await redis.hget('{health}:alert:a1', 'doc'))!
  await redis.hset('{health}:alert:v2', 'rev', '1', 'doc', document.replace('"v":1', '"v":2'))
  await redis.hset('{health}:alert:other', 'rev', '1', 'doc', document)
  const alerts = await store.alerts(['a1', 'big', 'v2', 'other', 'none'])
  expect([...alerts.keys()]).toEqual(['a1'])
  expect(await store.openIds()).toEqual(['a1'])
})
