import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { HealthControl } from '../../src/control/health-control.ts'
import { CONTROL_ACTIONS, encodeRequest, type ControlAction } from '../../src/wire/control-request.ts'
import { shardNames, shardOf } from '../../src/wire/names.ts'
import { readRequests } from '../../src/wire/read-requests.ts'
import { createPublisher, type PublisherClient } from '../../src/wire/redis-client.ts'
import { REQUEST, requestKeys } from '../../src/wire/scripts/request.ts'
import { isAlive, says } from '../support/asked-service.ts'

const names = shardNames()
const KEY = 'a key of sixteen or more'
const HOUR = 3_600_000
const DAY = 24 * HOUR
const ANN = { by: 'ann', why: 'a larger disk' }
const MAILER = { service: 'mailer' }

let valkey: EmbeddedValkey
let redis: Redis
let client: PublisherClient
let control: HealthControl

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
  client = (await createPublisher({ host: '127.0.0.1', port: valkey.port }, 5000)).client
  await client.connect()
  control = new HealthControl({ client: redis, from: 'laptop' })
})
beforeEach(() => redis.flushall())
afterAll(async () => {
  client.disconnect()
  redis.disconnect()
  await valkey.stop()
})

async function areAlive(...instances: readonly string[]): Promise<void> {
  for (const instance of instances) await isAlive(redis, names, { instance, control: CONTROL_ACTIONS })
}
const read = async () => (await readRequests(redis, names, 'mailer', '0-0')).entries.map(({ request }) => request)
const desired = async () => (await control.desired('mailer')).map(({ instance, state }) => `${instance ?? '*'} ${state}`).toSorted()

describe('what is asked', () => {
  test('stands in the stream with who asks it of whom, why, and until when; it is recorded, and desired', async () => {
    await areAlive('i1', 'i2')
    const asked = await control.request('pause', MAILER, { ...ANN, forMs: 1_800_000, expiresInMs: 30_000 })
    const { request } = asked
    expect(request).toEqual({
      ...{ id: expect.stringMatching(/^[0-9a-f]{32}$/) as string, action: 'pause', service: 'mailer', instance: null },
      ...{ actor: 'ann', from: 'laptop', why: 'a larger disk' },
      ...{ at: expect.any(Number) as number, expires: request.at + 30_000, until: request.at + 1_800_000 },
    })
    expect(Math.abs(request.at - Date.now())).toBeLessThan(20_000)
    expect(asked.instances.toSorted()).toEqual(['i1', 'i2'])
    expect(await read()).toEqual([request])
    expect(await control.desired('mailer')).toEqual([{ instance: null, state: 'paused', request }])
    expect(await control.audit()).toMatchObject([
      {
        ...{ actor: 'ann', from: 'laptop', action: 'pause', why: 'a larger disk', service: 'mailer', request: request.id },
        ...{ expires: new Date(request.expires).toISOString(), until: new Date(request.until!).toISOString() },
      },
    ])
  })

  test('is within a minute, a pause for an hour, where nothing else is said', async () => {
    await areAlive('i1')
    const { request } = await control.request('pause', MAILER, ANN)
    expect([request.expires - request.at, request.until! - request.at]).toEqual([60_000, HOUR])
    expect((await control.request('drain', MAILER, ANN)).request.until).toBeNull()
  })

  test('is answered by each, the newest request first, and what became of it is in the audit', async () => {
    await areAlive('i1', 'i2')
    const { request } = await control.request('drain', MAILER, ANN)
    await says(client, names, request, 'i1', 'accepted', { inHand: 4, oldestSeconds: 12 })
    await says(client, names, request, 'i2', 'refused', { reason: 'It is starting.' })
    const second = await control.request('resume', MAILER, ANN)
    const [resume, drain] = await control.requests('mailer')
    expect(resume).toMatchObject({ request: second.request, state: 'waiting' })
    expect(drain).toMatchObject({ request, state: 'under way' })
    const states = drain!.byInstance.map(({ instance, state, reason }) => [instance, state, reason].join(': '))
    expect(states.toSorted()).toEqual(['i1: under way: ', 'i2: refused: It is starting.'])
    await says(client, names, request, 'i1', 'done')
    expect((await control.requests('mailer'))[1]).toMatchObject({ state: 'refused' })
    const audit = (await control.audit()).map(({ actor, action, outcome }) => [actor, action, outcome ?? 'asked'].join(' '))
    expect(audit.toSorted()).toEqual(['ann drain asked', 'ann resume asked', 'i1 drain done', 'i2 drain refused'])
  })

  test('is written once, though a client that lost the answer sends it again by itself, however late', async () => {
    await areAlive('i1')
    const send = (at: number) =>
      redis.eval(
        ...[REQUEST.lua, REQUEST.numberOfKeys, ...requestKeys(names, 'mailer')],
        ...['{"written":"once"}', String(at), 'stop', '*', 'set', '["i1"]', 'actor', 'ann'],
      )
    const first = await send(Date.now())
    expect(await send(Date.now())).toEqual(first)
    expect(await send(Date.now() - HOUR)).toEqual(first)
    expect([await redis.xlen(names.requests('mailer')), await redis.xlen(names.audit)]).toEqual([1, 1])
  })

  test('by many at once is each one request, and the order in which they were written is that in which they are read', async () => {
    await areAlive('i1')
    const all = await Promise.all(Array.from({ length: 20 }, () => control.request('restart', MAILER, ANN)))
    const ids = (await read()).map((request) => request!.id)
    expect(ids.toSorted()).toEqual(all.map(({ request }) => request.id).toSorted())
    const listed = await control.requests('mailer', 500)
    expect(listed.map(({ request }) => request.id).toReversed()).toEqual(ids)
    expect(await control.requests('mailer', 3)).toEqual(listed.slice(0, 3))
  })
})

describe('who is asked', () => {
  const CANNOT = { control: [] }
  test.for<{
    what: string
    action?: ControlAction
    instance?: string
    alive: readonly Parameters<typeof isAlive>[2][]
    asked: readonly string[]
  }>([
    {
      what: 'every instance',
      alive: [
        { instance: 'i1', control: ['drain'] },
        { instance: 'i2', ...CANNOT },
      ],
      asked: ['i1', 'i2'],
    },
    {
      what: 'the one that is named',
      instance: 'i2',
      alive: [
        { instance: 'i1', control: ['drain'] },
        { instance: 'i2', control: ['drain'] },
      ],
      asked: ['i2'],
    },
    {
      what: 'none that has stopped',
      alive: [
        { instance: 'i1', control: ['drain'] },
        { instance: 'i2', phase: 'stopped' },
      ],
      asked: ['i1'],
    },
    {
      what: 'to start, those that are paused, and those that are starting and may come back so',
      action: 'start',
      alive: [
        { instance: 'i1', control: ['start'], phase: 'paused' },
        { instance: 'i2', control: ['start'] },
        { instance: 'i3', control: ['start'], phase: 'starting' },
      ],
      asked: ['i1', 'i3'],
    },
  ])('$what', async ({ action = 'drain', instance, alive, asked }) => {
    for (const each of alive) await isAlive(redis, names, each)
    expect((await control.request(action, { ...MAILER, instance }, ANN)).instances.toSorted()).toEqual(asked)
  })

  test.for<{ what: string; phases: readonly ('running' | 'paused' | 'draining')[]; asked: readonly string[] }>([
    { what: 'those that are held', phases: ['running', 'paused', 'draining'], asked: ['i2', 'i3'] },
    { what: 'all, where no status tells of a pause yet', phases: ['running', 'running', 'running'], asked: ['i1', 'i2', 'i3'] },
  ])('to resume: $what', async ({ phases, asked }) => {
    for (const [i, phase] of phases.entries()) await isAlive(redis, names, { instance: `i${i + 1}`, control: ['resume'], phase })
    expect((await control.request('resume', MAILER, ANN)).instances.toSorted()).toEqual(asked)
  })

  test('whoever is named as an instance of another service is not known', async () => {
    await areAlive('i1')
    await isAlive(redis, names, { service: 'postman', instance: 'p1', control: CONTROL_ACTIONS })
    await expect(control.request('stop', { ...MAILER, instance: 'p1' }, ANN)).rejects.toThrow(
      'No instance of mailer is called "p1" (there are: i1).',
    )
  })

  test('one of which nothing is heard any more is not asked', async () => {
    await areAlive('i1', 'i2')
    await redis.del(names.status('mailer', 'i2'))
    expect((await control.request('drain', MAILER, ANN)).instances).toEqual(['i1'])
  })

  test('what a supervisor holds down is asked to start, to restart and to stop for good, and to nothing else', async () => {
    await areAlive('i1')
    await client.healthDown(names.down('mailer'), 'i2', '60000')
    expect((await control.request('start', MAILER, ANN)).instances).toEqual(['i2'])
    expect((await control.request('restart', MAILER, ANN)).instances.toSorted()).toEqual(['i1', 'i2'])
    expect((await control.request('stop', MAILER, ANN)).instances.toSorted()).toEqual(['i1', 'i2'])
    expect((await control.request('drain', MAILER, ANN)).instances).toEqual(['i1'])
    await expect(control.request('drain', { ...MAILER, instance: 'i2' }, ANN)).rejects.toThrow(
      'No instance of mailer is running: there is nothing to drain.',
    )
  })

  test('of a lone service that is down, though nothing of it is on any list any more', async () => {
    await client.healthDown(names.down('mailer'), 'i1', '60000')
    expect((await control.request('start', { ...MAILER, instance: 'i1' }, ANN)).instances).toEqual(['i1'])
  })

  test('whoever beat after the others were looked at is asked as well', async () => {
    await areAlive('i1')
    const at = Date.now()
    await redis.zadd(names.instances('mailer'), at + 1, 'i2')
    await redis.zadd(names.instances('mailer'), at - HOUR, 'old')
    const [outcome, , ...asked] = (await redis.eval(
      ...[
        REQUEST.lua,
        REQUEST.numberOfKeys,
        ...requestKeys(names, 'mailer'),
        '{}',
        String(at),
        'drain',
        '*',
        'keep',
        '["i1"]',
        'actor',
        'ann',
      ],
    )) as string[]
    expect([outcome, ...asked.toSorted()]).toEqual(['1', 'i1', 'i2'])
  })
})

describe('nothing is asked, recorded or desired', () => {
  test.for<{ what: string; ask: (control: HealthControl) => Promise<unknown>; sentence: string }>([
    {
      what: 'of a service that nobody has heard of',
      ask: (of) => of.request('pause', { service: 'nobody' }, ANN),
      sentence: 'No service named nobody has been heard of.',
    },
    {
      what: 'of what is no name of a service',
      ask: (of) => of.request('pause', { service: '{health}' }, ANN),
      sentence: 'No service is called "{health}": give a name as status has it.',
    },
    {
      what: 'of an instance without a name',
      ask: (of) => of.request('pause', { ...MAILER, instance: '' }, ANN),
      sentence: 'No instance is called "": give a name as status has it, or none for all of them.',
    },
    {
      what: 'of the instance *',
      ask: (of) => of.request('pause', { ...MAILER, instance: '*' }, ANN),
      sentence: 'No instance is called "*"',
    },
    {
      what: 'that nobody allows',
      ask: (of) => of.request('stop', MAILER, ANN),
      sentence: 'mailer allows pause and resume only: to stop it, add "stop" to control.allow in its health.config.',
    },
    {
      what: 'of a service that allows nothing',
      ask: (of) => of.request('pause', { service: 'closed' }, ANN),
      sentence: 'closed allows no control: set control.allow in its health.config.',
    },
    {
      what: 'to start, where all run',
      ask: (of) => of.request('start', MAILER, ANN),
      sentence: 'mailer is running: there is nothing to start.',
    },
    {
      what: 'to start, where nobody can start it',
      ask: (of) => of.request('start', { service: 'gone' }, ANN),
      sentence: 'Nothing of gone waits for a start: what is stopped is started by otel-health run, and none of it is there.',
    },
    {
      what: 'that is no action',
      ask: (of) => of.request('explode' as 'stop', MAILER, ANN),
      sentence: 'Nothing is called "explode" that could be asked, expected one of pause, resume, drain, stop, start, restart.',
    },
    {
      what: 'without a reason',
      ask: (of) => of.request('pause', MAILER, { ...ANN, why: ' ' }),
      sentence: 'There is no reason given',
    },
    {
      what: 'for longer than 7 days',
      ask: (of) => of.request('pause', MAILER, { ...ANN, forMs: 8 * DAY }),
      sentence: 'The pause lasts 691200000 ms, expected between a second and 7 days.',
    },
    {
      what: 'with an end, if it is no pause',
      ask: (of) => of.request('resume', MAILER, { ...ANN, forMs: HOUR }),
      sentence: 'A length of 3600000 ms is given to resume, but only a pause has one: leave it out.',
    },
    {
      what: 'that is too late at once',
      ask: (of) => of.request('pause', MAILER, { ...ANN, expiresInMs: 0 }),
      sentence: 'The request expires after 0 ms, expected between a second and an hour.',
    },
  ])('$what', async ({ ask, sentence }) => {
    await isAlive(redis, names, { instance: 'i1', control: ['pause', 'resume'] })
    await isAlive(redis, names, { service: 'closed', instance: 'c1' })
    await redis.zadd(names.services, Date.now(), 'gone')
    await expect(ask(control)).rejects.toThrow(sentence)
    expect(await redis.keys('{health}:requests:*')).toEqual([])
    expect(await redis.keys('{health}:desired:*')).toEqual([])
    expect(await control.audit()).toEqual([])
  })

  test.for([{ off: -6000 }, { off: 6000 }])('with a time that is $off ms off', async ({ off }) => {
    await areAlive('i1')
    const args = ['{}', String(Date.now() + off), 'stop', '*', 'set', '["i1"]', 'actor', 'ann']
    expect(await redis.eval(REQUEST.lua, REQUEST.numberOfKeys, ...requestKeys(names, 'mailer'), ...args)).toEqual(['0'])
    expect(await redis.exists(names.requests('mailer'), names.desired('mailer'), names.audit)).toBe(0)
  })

  test('of a service whose last instance went away while it was asked', async () => {
    await areAlive('i1')
    const args = ['{}', String(Date.now()), 'stop', '*', 'set', '["i9"]', 'actor', 'ann']
    await redis.zadd(names.instances('mailer'), '1', 'i1')
    expect(await redis.eval(REQUEST.lua, REQUEST.numberOfKeys, ...requestKeys(names, 'mailer'), ...args)).toEqual(['2'])
    expect(await redis.exists(names.requests('mailer'), names.desired('mailer'), names.audit)).toBe(0)
  })
})

describe('what is desired', () => {
  beforeEach(() => areAlive('i1', 'i2'))
  const ask = (action: ControlAction, instance?: string) => control.request(action, { ...MAILER, instance }, ANN)

  test.for<{ what: string; asked: readonly (readonly [ControlAction, string?])[]; is: readonly string[] }>([
    { what: 'a pause of all', asked: [['pause']], is: ['* paused'] },
    {
      what: 'a drain and a stop are a stop',
      asked: [
        ['drain', 'i1'],
        ['stop', 'i2'],
      ],
      is: ['i1 stopped', 'i2 stopped'],
    },
    { what: 'a restart changes nothing', asked: [['pause', 'i1'], ['restart']], is: ['i1 paused'] },
    {
      what: 'a resume of the one that was paused',
      asked: [
        ['pause', 'i1'],
        ['resume', 'i1'],
      ],
      is: [],
    },
    { what: 'a resume of all', asked: [['pause', 'i1'], ['stop', 'i2'], ['resume']], is: [] },
    { what: 'of all, after something of one', asked: [['pause', 'i1'], ['stop']], is: ['* stopped'] },
    { what: 'of one, after something of all', asked: [['pause'], ['stop', 'i1']], is: ['* paused', 'i1 stopped'] },
    { what: 'a resume of one while all are paused is kept beside it', asked: [['pause'], ['resume', 'i1']], is: ['* paused'] },
  ])('$what', async ({ asked, is }) => {
    for (const [action, instance] of asked) await ask(action, instance)
    expect(await desired()).toEqual(is)
  })

  test.for<{ what: string; asked: readonly (readonly [ControlAction, string?])[]; is: readonly string[] }>([
    { what: 'a start of all keeps what is to be paused', asked: [['pause', 'i1'], ['stop', 'i2'], ['start']], is: ['i1 paused'] },
    { what: 'a start of all while all are to be paused', asked: [['pause'], ['start']], is: ['* paused'] },
    { what: 'a start of one while all are to be paused', asked: [['pause'], ['start', 'i1']], is: ['* paused'] },
    { what: 'a start of one that is to be paused', asked: [['stop'], ['pause', 'i1'], ['start', 'i1']], is: ['* stopped', 'i1 paused'] },
    {
      what: 'a start of one that was stopped',
      asked: [
        ['stop', 'i1'],
        ['start', 'i1'],
      ],
      is: [],
    },
  ])('to start is not to resume: $what', async ({ asked, is }) => {
    for (const [action, instance] of asked) {
      await ask(action, instance)
      for (const each of ['i1', 'i2']) await isAlive(redis, names, { instance: each, control: CONTROL_ACTIONS, phase: 'paused' })
    }
    expect(await desired()).toEqual(is)
  })

  test('ends by itself with the pause', async () => {
    const { request } = await ask('pause')
    const over = { ...request, at: request.at - HOUR, expires: request.at - 1, until: request.at - 1 }
    await redis.hset(names.desired('mailer'), '*', encodeRequest(over))
    expect(await desired()).toEqual([])
    await ask('restart')
    expect(await redis.exists(names.desired('mailer'))).toBe(0)
  })

  test('of an instance that is gone for a day is forgotten with the next request, and so is what cannot be read', async () => {
    const { request } = await ask('stop', 'i1')
    const old = (instance: string) => encodeRequest({ ...request, instance, at: request.at - DAY - 1, expires: request.at - DAY })
    await redis.hset(names.desired('mailer'), { i2: old('i2'), gone: old('gone'), odd: '{', list: '[]' })
    expect(await desired()).toEqual(['i1 stopped', 'i2 stopped'])
    await ask('restart')
    expect((await redis.hkeys(names.desired('mailer'))).toSorted()).toEqual(['i1', 'i2'])
  })

  test('is forgotten with a service that is forgotten by hand', async () => {
    await ask('stop')
    await redis.del(names.status('mailer', 'i1'), names.status('mailer', 'i2'))
    await control.forget('mailer', ANN)
    expect(await desired()).toEqual([])
  })
})

describe('with a key', () => {
  const signing = shardNames(0, 1, KEY)
  const withKey = () => new HealthControl({ client: redis, hmacKey: KEY })
  beforeEach(() => isAlive(redis, signing, { instance: 'i1', control: CONTROL_ACTIONS }))

  test('requests and answers are signed, and others are shown nowhere', async () => {
    const { request } = await withKey().request('stop', MAILER, ANN)
    expect((await readRequests(redis, signing, 'mailer', '0-0')).entries).toMatchObject([{ request }])
    await says(client, signing, request, 'i1', 'done')
    await says(client, names, { ...request, id: 'b'.repeat(32) }, 'i1', 'failed')
    await redis.xadd(names.requests('mailer'), '*', 'd', encodeRequest({ ...request, id: 'c'.repeat(32) }), 'to', '["i1"]')
    expect(await withKey().requests('mailer')).toMatchObject([{ request, state: 'done' }])
    expect((await withKey().audit()).map(({ action, outcome }) => `${action} ${outcome ?? 'asked'}`)).toEqual(['stop done', 'stop asked'])
    expect(await withKey().desired('mailer')).toMatchObject([{ state: 'stopped' }])
  })

  test('a request that is written once more changes nothing of how the first stands', async () => {
    const { request } = await withKey().request('stop', MAILER, ANN)
    await says(client, signing, request, 'i1', 'done')
    const [[, fields]] = (await redis.xrange(names.requests('mailer'), '-', '+')) as [[string, string[]]]
    const { request: second } = await withKey().request('resume', MAILER, ANN)
    await redis.xadd(names.requests('mailer'), '*', ...fields.slice(0, 2), 'to', '["i1","i2"]')
    expect(await withKey().requests('mailer')).toMatchObject([{ request: second }, { request, instances: ['i1'], state: 'done' }])
  })

  test('what an instance says of itself without a signature allows nothing', async () => {
    await isAlive(redis, names, { instance: 'i1', control: CONTROL_ACTIONS })
    await expect(withKey().request('stop', MAILER, ANN)).rejects.toThrow(
      'What an instance of mailer says of itself is not signed with the key of HEALTH_HMAC_KEY: nothing can be asked of it from here.',
    )
  })

  test('who has none is told so before anything is asked', async () => {
    await expect(control.request('stop', MAILER, ANN)).rejects.toThrow(
      'mailer signs what it says, and obeys only what is signed: set HEALTH_HMAC_KEY to the key that it has.',
    )
    expect(await redis.exists(names.requests('mailer'))).toBe(0)
  })
})

test('services of several shards are asked where they live', async () => {
  const sharded = new HealthControl({ client: redis, shards: 2 })
  const services = ['a', 'b', 'c', 'd', 'e', 'f']
  expect(new Set(services.map((service) => shardOf(service, 2).shard)).size).toBe(2)
  for (const service of services) {
    const of = shardOf(service, 2)
    await isAlive(redis, of, { service, instance: 'i1', control: CONTROL_ACTIONS })
    const { request } = await sharded.request('pause', { service }, ANN)
    await says(client, of, request, 'i1', 'done')
    expect(await sharded.requests(service)).toMatchObject([{ request, state: 'done' }])
    expect(await sharded.desired(service)).toMatchObject([{ instance: null, state: 'paused' }])
  }
  expect(await sharded.audit()).toHaveLength(12)
})

test('what anybody wrote into the streams makes nobody fall over', async () => {
  await areAlive('i1')
  const { request } = await control.request('pause', MAILER, ANN)
  const written = encodeRequest({ ...request, id: 'b'.repeat(32) })
  for (const to of ['{', '{}', '[1,"i1",null]', 'null']) await redis.xadd(names.requests('mailer'), '*', 'd', written, 'to', to)
  await redis.xadd(names.requests('mailer'), '*', 'x', 'y')
  await redis.xadd(names.answers('mailer'), '*', 'd', '{"v":1}')
  await redis.xadd(names.answers('mailer'), '*', 'x', 'y')
  await redis.xadd(names.outcomes, '99999999999999999-0', 'd', '{')
  await redis.hset(names.desired('mailer'), '__proto__', '{"__proto__":{}}')
  expect((await control.requests('mailer')).map(({ instances }) => instances)).toEqual([[], ['i1']])
  expect(await control.audit()).toHaveLength(1)
  expect(await desired()).toEqual(['* paused'])
})

test('requests are kept for a month, the last 500', async () => {
  await areAlive('i1')
  for (let i = 0; i < 505; i++) await redis.xadd(names.requests('mailer'), '*', 'd', String(i))
  await control.request('pause', MAILER, ANN)
  expect(await redis.xlen(names.requests('mailer'))).toBe(500)
  expect(Math.round((await redis.pttl(names.requests('mailer'))) / DAY)).toBe(30)
})
