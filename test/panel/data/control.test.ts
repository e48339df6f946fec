/** What services are asked to do from the panel, on a real Redis: what it writes there, and how what becomes of it is seen. */
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../../examples/valkey/start-valkey.ts'
import { HealthControl } from '../../../src/control/health-control.ts'
import type { ControlRow } from '../../../src/panel/control-protocol.ts'
import { applyChange } from '../../../src/panel/data/changes.ts'
import { createPanelData } from '../../../src/panel/data/create-panel-data.ts'
import type { PanelData } from '../../../src/panel/panel-data.ts'
import type { Action, ActionRequest, Change, Now } from '../../../src/panel/protocol.ts'
import type { Phase } from '../../../src/types.ts'
import { answerRequest } from '../../../src/wire/answer-request.ts'
import type { AnswerState, ControlAnswer } from '../../../src/wire/control-request.ts'
import { shardNames } from '../../../src/wire/names.ts'
import { createPublisher, type PublisherClient } from '../../../src/wire/redis-client.ts'
import { RedisRecord, statusText } from '../../subscribe/record.ts'

const names = shardNames()
const ADA = { by: 'ada', from: '10.0.0.7' }
const WAIT = { timeout: 20_000, interval: 20 }
const EVIL = 'i-<img/src=x>'

let valkey: EmbeddedValkey
let redis: Redis
let client: PublisherClient
let record: RedisRecord
let data: PanelData
const stops: (() => void)[] = []

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
  client = (await createPublisher({ host: '127.0.0.1', port: valkey.port }, 5000)).client
  await client.connect()
})
beforeEach(async () => {
  await redis.flushall()
  record = new RedisRecord(redis)
})
afterEach(async () => {
  for (const stop of stops.splice(0)) stop()
  await data.stop()
})
afterAll(async () => {
  redis.disconnect()
  client.disconnect()
  await valkey.stop()
})

async function beat(
  instance: string,
  phase: Phase = 'running',
  control: readonly string[] = ['pause', 'resume', 'drain', 'stop'],
): Promise<void> {
  const said = JSON.parse(statusText({ instance, phase })) as object
  const text = JSON.stringify({
    ...said,
    control,
    supervised: true,
    work_in_hand: { count: 2, oldest_seconds: 7 },
    drain_limit_seconds: 30,
  })
  await record.beat({ instance, phase, text })
}

async function open(): Promise<void> {
  data = createPanelData({ connection: { host: '127.0.0.1', port: valkey.port } })
  await data.start()
}

/** What a page sees that listens from now on. */
function page(): { readonly control: () => ControlRow | undefined; readonly status: () => string | undefined } {
  let shown = JSON.parse(data.feed.latest().json) as Now
  stops.push(
    data.feed.listen(({ event, json }) => {
      if (event === 'change') shown = applyChange(shown, JSON.parse(json) as Change)
    }),
  )
  const row = () => shown.services.find(({ service }) => service === 'mailer')
  return { control: () => row()?.control, status: () => row()?.status }
}

const ask = (action: Action, more: Partial<ActionRequest> = {}) => data.act(action, { service: 'mailer', why: 'new disks', ...more }, ADA)

async function answer(request: string, instance: string, state: AnswerState, more: Partial<ControlAnswer> = {}): Promise<string> {
  const at = Date.now()
  const said: ControlAnswer = { request, action: 'drain', service: 'mailer', instance, state, at, ...more }
  return answerRequest(client, names, said, { process: `p-${instance.length}`, expires: at + 60_000 })
}

test('a drain is followed to its end, by whoever looks at it', async () => {
  await beat('a')
  await beat('b')
  await open()
  const shown = page()
  const { done } = await ask('drain', { name: 'mailer' })
  const [id = ''] = done
  await expect
    .poll(() => shown.control()?.requests[0], WAIT)
    .toMatchObject({
      ...{ id, action: 'drain', instance: null, by: 'ada', from: '10.0.0.7', why: 'new disks', state: 'waiting' },
      asked: [
        { instance: 'a', state: 'waiting' },
        { instance: 'b', state: 'waiting' },
      ],
    })
  expect(shown.control()?.desired).toMatchObject([{ instance: null, state: 'stopped', by: 'ada', why: 'new disks' }])
  expect(await answer(id, 'a', 'accepted', { inHand: 2, oldestSeconds: 7 })).toBe('ours')
  await expect.poll(() => shown.control()?.requests[0]?.asked[0], WAIT).toMatchObject({ state: 'under way', inHand: 2, oldestSeconds: 7 })
  await answer(id, 'a', 'done', { reason: 'drained' })
  await answer(id, 'b', 'refused', { reason: 'busy <b>with</b> it' })
  await expect
    .poll(() => shown.control()?.requests[0], WAIT)
    .toMatchObject({
      state: 'refused',
      asked: [
        { instance: 'a', state: 'done', reason: 'drained' },
        { instance: 'b', state: 'refused', reason: 'busy <b>with</b> it' },
      ],
    })
  // Somebody else's panel, opened later.
  await data.stop()
  await open()
  await expect.poll(() => page().control()?.requests[0]?.state, WAIT).toBe('refused')
})

test('what is asked elsewhere is seen, too, and what is desired stays apart from what is said', async () => {
  await beat('a')
  await open()
  const shown = page()
  const elsewhere = new HealthControl({ client })
  await elsewhere.request('pause', { service: 'mailer' }, { by: 'ann', why: 'the provider moves', from: 'ctl', forMs: 3_600_000 })
  await expect.poll(() => shown.control()?.desired[0], WAIT).toMatchObject({ state: 'paused', by: 'ann' })
  await beat('a', 'paused')
  await expect.poll(shown.status, WAIT).toBe('paused')
  // A beat says how it is; what it is to be stays.
  await beat('a', 'running')
  await expect.poll(shown.status, WAIT).toBe('healthy')
  expect(shown.control()?.desired).toHaveLength(1)
  await elsewhere.request('resume', { service: 'mailer' }, { by: 'ann', why: 'moved', from: 'ctl' })
  await expect.poll(() => shown.control()?.desired, WAIT).toEqual([])
})

test('a key that is of another type spoils nothing but its own', async () => {
  await beat('a')
  await redis.set(names.requests('broken'), 'x')
  await record.beat({ service: 'broken' })
  await open()
  const shown = page()
  await new HealthControl({ client }).request('drain', { service: 'mailer' }, { by: 'ann', why: 'w', from: 'ctl' })
  await expect.poll(() => shown.control()?.requests[0], WAIT).toMatchObject({ action: 'drain', by: 'ann' })
})

test('every action is recorded, with what became of it, and in the export in the order of time', async () => {
  await beat('a')
  await open()
  const { done } = await ask('pause', { instance: 'a', forMs: 60_000 })
  await answer(done[0]!, 'a', 'done', { action: 'pause', reason: 'paused' })
  await data.act('silence', { matcher: '*', forMs: 60_000, why: 'quiet' }, ADA)
  const rows = await data.audit({ count: 10, service: 'mailer' })
  expect(rows).toMatchObject([
    { actor: 'a', action: 'pause', why: 'paused', about: { outcome: 'done', service: 'mailer', instance: 'a' } },
    { actor: 'ada', from: '10.0.0.7', action: 'pause', why: 'new disks', about: { service: 'mailer', instance: 'a' } },
  ])
  const lines: string[] = []
  for await (const line of data.export('audit', 'csv')) lines.push(line)
  expect(lines.map((line) => line.split(',').slice(1, 4))).toEqual([
    ['actor', 'from', 'action'],
    ['ada', '10.0.0.7', 'pause'],
    ['a', 'mailer', 'pause'],
    ['ada', '10.0.0.7', 'silence'],
  ])
})

test('what nothing is left running after needs the name, typed', async () => {
  await beat('a')
  await beat('b', 'paused')
  await open()
  const sentence = 'Nothing of mailer is left running then: type its name to say that this is meant.'
  await expect(ask('stop')).rejects.toThrow(sentence)
  await expect(ask('stop', { name: 'Mailer' })).rejects.toThrow(sentence)
  await expect(ask('drain', { instance: 'a' })).rejects.toThrow(sentence)
  expect(await redis.exists(names.requests('mailer'), names.desired('mailer'))).toBe(0)
  // Of one that is paused nothing runs on anyway.
  expect((await ask('drain', { instance: 'b' })).done).toHaveLength(1)
  expect((await ask('stop', { name: 'mailer' })).done).toHaveLength(1)
})

test('what cannot be asked is refused in one sentence, and nothing is written', async () => {
  await beat('a', 'running', ['pause'])
  await open()
  await expect(ask('restart')).rejects.toThrow('mailer allows pause only')
  await expect(ask('pause', { instance: 'nobody', forMs: 60_000 })).rejects.toThrow('No instance of mailer is called "nobody"')
  await expect(data.act('pause', { service: 'panel', why: 'w', forMs: 60_000 }, ADA)).rejects.toThrow('No service named panel')
  expect(await redis.exists(names.requests('mailer'), names.audit)).toBe(0)
})

test('before one asks: how long it took, and hostile names stay what they are', async () => {
  await beat(EVIL)
  await beat('b')
  await open()
  const { done } = await ask('drain', { instance: EVIL })
  await answer(done[0]!, EVIL, 'done')
  await redis.zadd(names.down('mailer'), Date.now() + 60_000, 'm-3', Date.now() - 1000, 'm-4')
  const { took, nameNeededFor, down } = (await data.controlFacts('mailer'))!
  expect(down).toEqual(['m-3'])
  expect(took.drain).toMatchObject({ times: 1, lastMs: [expect.any(Number) as number] })
  expect(nameNeededFor).toEqual([null])
  expect(await data.controlFacts('nobody')).toBeUndefined()
  const instance = data.service('mailer')!.instances.find((each) => each.instance === EVIL)
  expect(instance?.control).toEqual({
    ...{ allows: ['pause', 'resume', 'drain', 'stop'], inHand: { count: 2, oldestSeconds: 7 }, drainLimitSeconds: 30, supervised: true },
  })
})
