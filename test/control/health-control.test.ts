import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { HealthControl } from '../../src/control/health-control.ts'
import { parseAlertDocument } from '../../src/wire/alert-document.ts'
import { alertId } from '../../src/wire/alert-id.ts'
import { allShards, shardNames, shardOf } from '../../src/wire/names.ts'
import type { PublisherClient } from '../../src/wire/redis-client.ts'
import { overlaysOf } from '../../src/wire/overlays-view.ts'
import { lookAfterSilent } from '../../src/wire/silent-service.ts'
import { startControlledAlerts, type ControlledAlerts } from '../support/controlled-alerts.ts'
import { passes } from '../wire/scripts/held-overlay.ts'

const names = shardNames()
const MINUTE = 60_000
const ADA = { by: 'ada', why: 'deploy' }

let alerts: ControlledAlerts
let redis: Redis
let client: PublisherClient
let control: HealthControl

beforeAll(async () => {
  alerts = await startControlledAlerts()
  ;({ redis, client } = alerts)
  control = new HealthControl({ client: redis, from: 'laptop' })
})
beforeEach(() => redis.flushall())
afterAll(() => alerts.stop())

const say: ControlledAlerts['say'] = (...said) => alerts.say(...said)
const told: ControlledAlerts['told'] = (...of) => alerts.told(...of)
const time: ControlledAlerts['time'] = (...passed) => alerts.time(...passed)
const audit = async () => (await control.audit()).map(({ id: _id, at: _at, ...entry }) => entry)

describe('acknowledging', () => {
  test('is told, shown with the alert, and recorded', async () => {
    await say()
    expect(await control.ack('a1', ADA)).toEqual({ id: 'a1', service: 'mailer', rule: 'low_success_rate', state: 'firing' })
    expect(await told()).toEqual(['a1 fired', 'a1 acked by ada'])
    const alert = parseAlertDocument('0', await redis.hget(names.alert('a1'), 'doc'))!
    const { ack } = overlaysOf(alert)
    expect(ack).toMatchObject(ADA)
    expect(Date.parse(ack!.until) - Date.parse(ack!.at)).toBeCloseTo(4 * 60 * MINUTE, -3)
    expect(await audit()).toEqual([
      {
        ...{ actor: 'ada', from: 'laptop', action: 'ack', why: 'deploy', alert: 'a1', service: 'mailer', rule: 'low_success_rate' },
        ...{ episode: '1', severity: 'WARNING', until: ack!.until },
      },
    ])
  })

  test('keeps quiet what is better, not what is worse', async () => {
    await say({ severity: 'CRITICAL' })
    await control.ack('a1', ADA)
    await say({ severity: 'WARNING' })
    await say({ severity: 'CRITICAL' })
    expect(await told()).toEqual(['a1 fired', 'a1 acked by ada', 'a1 deescalated quietly', 'a1 unacked', 'a1 escalated'])
  })

  test('ends by itself when the time is up', async () => {
    await say()
    await control.ack('a1', { ...ADA, forMs: 10 * MINUTE })
    await time(9 * MINUTE)
    expect(await told()).toHaveLength(2)
    await time(MINUTE + 1000)
    expect((await told()).slice(2)).toEqual(['a1 ack_expired'])
  })

  test('is taken back by hand', async () => {
    await say()
    await control.ack('a1', ADA)
    await control.unack('a1', ADA)
    expect((await told()).slice(2)).toEqual(['a1 unacked by ada'])
    await expect(control.unack('a1', ADA)).rejects.toThrow('The alert a1 is not acknowledged: there is nothing to take back.')
  })
})

describe('resolving by hand', () => {
  test('is told with who and why; found again after 15 minutes, it is open again', async () => {
    await say()
    await control.resolve('a1', ADA)
    expect(await control.alerts()).toEqual([])
    expect(parseAlertDocument('0', await redis.hget(names.alert('a1'), 'doc'))).toMatchObject({
      message: 'Resolved by ada: deploy',
      state: 'resolved',
    })
    await say()
    await time(14 * MINUTE)
    expect(await told()).toEqual(['a1 fired', 'a1 resolved by ada'])
    await time(MINUTE + 1000)
    expect((await told()).slice(2)).toEqual(['a1 reopened'])
    await say({ state: 'resolved' })
    expect((await told()).slice(3)).toEqual(['a1 resolved'])
  })

  test('a signed one is believed by who has the key', async () => {
    const key = 'k'.repeat(16)
    await say()
    await new HealthControl({ client: redis, hmacKey: key }).resolve('a1', ADA)
    const document = await redis.hget(names.alert('a1'), 'doc')
    expect(parseAlertDocument('0', document, key)).toMatchObject({ state: 'resolved', message: 'Resolved by ada: deploy' })
    expect(parseAlertDocument('0', document, 'x'.repeat(16))).toBeUndefined()
  })

  test('a silent service is resolved by hand as well, and open again while nobody hears of it', async () => {
    const service = 'geocoder'
    const silent = { names, service, epochs: 'e', retentionMs: 86_400_000, forgottenAfterMs: 86_400_000, lookAgainMs: 1000 }
    const isDue = async () => {
      await redis.zadd(names.due, '1', service)
      await lookAfterSilent(client, silent)
    }
    await redis.zadd(names.instances(service), Date.now() - MINUTE, 'i1')
    await isDue()
    const id = alertId('service_silent', service)
    await control.resolve(id, ADA)
    await isDue()
    expect(await told()).toEqual([`${id} fired`, `${id} resolved by ada`])
    await passes(redis, names, [id], 16 * MINUTE)
    await isDue()
    expect((await told()).slice(2)).toEqual([`${id} reopened`])
  })
})

describe('silences', () => {
  test('are about what is open and what comes, and end by themselves', async () => {
    await say()
    expect(await control.silence('service=mail*,severity=WARNING', { ...ADA, forMs: 60 * MINUTE })).toMatchObject({ matching: 1 })
    await say({ id: 'a2', rule: 'large_queue' })
    expect(await told()).toEqual(['a1 fired', 'a1 silenced quietly by ada', 'a2 fired quietly'])
    await time(61 * MINUTE)
    expect((await told()).slice(3)).toEqual(['a2 updated'])
    expect(await redis.hlen(names.silences)).toBe(0)
    expect(await redis.zcard(names.overlayDue)).toBe(0)
  })

  test('that match nothing tell nothing', async () => {
    await say()
    await control.silence('service=other', { ...ADA, forMs: MINUTE })
    expect(await told()).toEqual(['a1 fired'])
  })

  test('that begin later', async () => {
    await say({ labels: { check: 'redis' } })
    await control.silence('check=redis', { ...ADA, forMs: 10 * MINUTE, begin: Date.now() + 5 * MINUTE })
    expect(await told()).toEqual(['a1 fired'])
    await time(6 * MINUTE)
    expect((await told()).slice(1)).toEqual(['a1 silenced quietly by ada'])
  })

  test('end by hand, and what is true is told', async () => {
    const { id } = await control.silence('*', { ...ADA, forMs: 60 * MINUTE })
    await say()
    await control.unsilence(id.slice(0, 4), ADA)
    expect(await told()).toEqual(['a1 fired quietly', 'a1 updated'])
    expect(await control.silences()).toEqual([])
    expect((await audit()).map(({ action }) => action)).toEqual(['unsilence', 'silence'])
  })

  test('a maintenance window comes again, and keeps quiet that a service is silent', async () => {
    const [from] = [Date.now() - MINUTE]
    const day = new Date(from).toLocaleDateString('en-US', { weekday: 'short', timeZone: 'UTC' })
    const every = `${day} ${new Date(from).toISOString().slice(11, 16)}`
    const { id } = await control.maintenance('service=geocoder', { ...ADA, every, forSeconds: 7200, zone: 'UTC' })
    await redis.zadd(names.instances('geocoder'), Date.now() - MINUTE, 'i1')
    await redis.zadd(names.due, '1', 'geocoder')
    const silent = { service: 'geocoder', epochs: 'e', retentionMs: 86_400_000, forgottenAfterMs: 86_400_000, lookAgainMs: 1000 }
    await lookAfterSilent(client, { names, ...silent })
    expect(await told()).toEqual([`${alertId('service_silent', 'geocoder')} fired quietly`])
    expect(await control.silences()).toMatchObject([{ id, inForce: true, repeat: { every } }])
    const [{ windows } = { windows: [] }] = await control.silences()
    expect(windows).toHaveLength(8)
  })

  test('are no more than 200', async () => {
    const one = JSON.stringify({ v: 1 })
    await redis.hset(names.silences, Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`s${i}`, one])))
    await expect(control.silence('*', { ...ADA, forMs: MINUTE })).rejects.toThrow(
      'There are 200 silences, and no room for more: end some that are no longer needed.',
    )
  })

  test('what cannot be read as one silences nothing, and stops no alert', async () => {
    await redis.hset(names.silences, {
      a: 'x',
      b: '{}',
      c: '{"v":1,"match":[["service"]],"windows":[[0,9e15]]}',
      d: '{"match":7,"windows":{"a":1}}',
    })
    await say()
    expect(await told()).toEqual(['a1 fired'])
  })
})

describe('a note', () => {
  test('about an open alert is recorded, and nothing else changes', async () => {
    await say()
    const before = await redis.hgetall(names.alert('a1'))
    expect(await control.note('a1', { ...ADA, why: 'the proxy again', from: '10.0.0.7' })).toMatchObject({ id: 'a1', state: 'firing' })
    expect(await audit()).toEqual([
      {
        ...{ actor: 'ada', from: '10.0.0.7', action: 'note', why: 'the proxy again', alert: 'a1', episode: '1' },
        ...{ service: 'mailer', rule: 'low_success_rate', severity: 'WARNING' },
      },
    ])
    expect(await redis.hgetall(names.alert('a1'))).toEqual(before)
    expect(await told()).toEqual(['a1 fired'])
  })

  test('about one that is over needs its whole id', async () => {
    await say({ id: 'abc1' })
    await say({ id: 'abc1', state: 'resolved' })
    expect(await control.note('abc1', ADA)).toMatchObject({ id: 'abc1', state: 'resolved' })
    await expect(control.note('abc', ADA)).rejects.toThrow('There is no open alert whose id is "abc" or begins so.')
    expect(await audit()).toHaveLength(1)
  })

  test.for(['', 'a1:instances', 'x'.repeat(1000)])('about %j, which is none, is refused', async (id) => {
    await say()
    await expect(control.note(id, ADA)).rejects.toThrow('There is no open alert whose id is')
    expect(await audit()).toEqual([])
  })

  test('is in the shard of its alert', async () => {
    const spread = new HealthControl({ client: redis, shards: 3 })
    for (const service of ['mailer', 'geocoder', 'payments']) await say({ id: service, service }, shardOf(service, 3))
    for (const service of ['mailer', 'geocoder', 'payments']) await spread.note(service, ADA)
    for (const service of ['mailer', 'geocoder', 'payments']) expect(await redis.xlen(shardOf(service, 3).audit)).toBeGreaterThan(0)
    expect((await spread.audit()).map(({ service }) => service)).toHaveLength(3)
  })
})

test('from where it is done is as each call says, else as the control was made; it steers no terminal and is no novel', async () => {
  await say()
  await control.ack('a1', ADA)
  await control.note('a1', { ...ADA, from: `10.0.0.7 \u001b[2J${'x'.repeat(1000)}` })
  const [note, ack] = await control.audit()
  expect(ack!['from']).toBe('laptop')
  expect(note!['from']).toMatch(/^10\.0\.0\.7 x{119}$/)
})

test.for([
  { id: 'a', says: '2 ids begin with "a" (a1, a2): give more of it.', why: 'what two begin with' },
  { id: 'b', says: 'There is no open alert whose id is "b" or begins so.', why: 'what none begins with' },
  { id: '', says: 'There is no open alert whose id is "" or begins so.', why: 'nothing' },
])('an id that is $why', async ({ id, says }) => {
  await say()
  await say({ id: 'a2', rule: 'large_queue' })
  await expect(control.ack(id, ADA)).rejects.toThrow(says)
  expect(await audit()).toEqual([])
})

test.for([
  { said: { by: ' ', why: 'x' }, says: 'Nobody is named who does it, expected a name: it is recorded.' },
  { said: { by: 'ada', why: '\u001b[2J' }, says: 'There is no reason given, expected a few words for those who read of it later.' },
  { said: { by: 'ada', why: 'x'.repeat(501) }, says: 'Name and reason are too long, expected at most 64 and 500 characters.' },
])('refused: $says', async ({ said, says }) => {
  await say()
  await expect(control.ack('a1', said)).rejects.toThrow(says)
})

test('where services are spread over shards each is found, and a silence is in all of them', async () => {
  const shards = 3
  const spread = new HealthControl({ client: redis, shards })
  const services = ['mailer', 'geocoder', 'fetcher', 'payments']
  for (const service of services) await say({ id: service, service }, shardOf(service, shards))
  for (const service of services) await spread.ack(service, ADA)
  expect(await spread.silence('*', { ...ADA, forMs: MINUTE })).toMatchObject({ matching: 4 })
  const all = (await Promise.all(allShards(shards).map((each) => told(each)))).flat()
  for (const service of services) {
    expect(all).toEqual(expect.arrayContaining([`${service} fired`, `${service} acked by ada`, `${service} silenced quietly by ada`]))
  }
  expect(await spread.audit()).toHaveLength(5)
})

test('what was done in one millisecond is recorded in its order, whichever shard it is in', async () => {
  const done = Array.from({ length: 12 }, (_, i) => [`${1000 + (i >> 2)}-${i}`, `act ${i}`] as const)
  const [first, second] = allShards(2)
  for (const [id, action] of done) await redis.xadd(id.startsWith('1001') ? second!.audit : first!.audit, id, 'action', action)
  const spread = new HealthControl({ client: redis, shards: 2 })
  expect((await spread.audit()).map(({ action }) => action)).toEqual(done.map(([, action]) => action).toReversed())
})

test('an alert whose cause is open is told once that is over and it is not', async () => {
  await say({ id: 'a2', rule: 'dependency_down', severity: 'CRITICAL' })
  await say({ causes: 'mailer:dependency_down' })
  expect(await told()).toEqual(['a2 fired', 'a1 fired quietly'])
  await say({ id: 'a2', rule: 'dependency_down', state: 'resolved' })
  await time(3000)
  expect((await told()).slice(2)).toEqual(['a2 resolved', 'a1 updated'])
})

test('of two services that depend on each other one is told', async () => {
  await say({ service: 'x', causes: 'y:CRITICAL', severity: 'CRITICAL' })
  await say({ id: 'a2', service: 'y', causes: 'x:CRITICAL', severity: 'CRITICAL' })
  expect(await told()).toEqual([])
  await time(21_000)
  expect((await told()).toSorted()).toEqual(['a1 fired', 'a2 fired quietly'])
})
