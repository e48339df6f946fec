/** Silences that are extended, and those that end with their alert. */
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { HealthControl } from '../../src/control/health-control.ts'
import { lookAfterSilent } from '../../src/wire/silent-service.ts'
import { allShards, shardNames, shardOf } from '../../src/wire/names.ts'
import { alertId } from '../../src/wire/alert-id.ts'
import { parseAlertDocument } from '../../src/wire/alert-document.ts'
import { overlaysOf } from '../../src/wire/overlays-view.ts'
import { startControlledAlerts, type ControlledAlerts } from '../support/controlled-alerts.ts'

const names = shardNames()
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const ADA = { by: 'ada', why: 'deploy' }
const BOB = { by: 'bob', why: 'it takes longer' }

let alerts: ControlledAlerts
let redis: Redis
let control: HealthControl

beforeAll(async () => {
  alerts = await startControlledAlerts()
  ;({ redis } = alerts)
  control = new HealthControl({ client: redis, from: 'laptop' })
})
beforeEach(() => redis.flushall())
afterAll(() => alerts.stop())

const audit = async () => (await control.audit()).map(({ id: _id, at: _at, ...entry }) => entry)
/** Whether nothing of any silence is left. */
const leftOver = async () => [await redis.hkeys(names.silences), await redis.zrange(names.overlayDue, '0', '-1')]
const silencedBy = async (id = 'a1') => {
  const alert = parseAlertDocument('0', await redis.hget(names.alert(id), 'doc'))!
  return overlaysOf(alert).silenced ?? []
}

describe('extending', () => {
  test('gives a silence the time from now on, recorded with who did it, and it stays the one who made it', async () => {
    const { id, until: was } = await control.silence('service=mailer', { ...ADA, forMs: HOUR })
    const { until, matcher } = await control.extend(id.slice(0, 4), { ...BOB, forMs: 2 * HOUR })
    expect({ matcher, isLater: until >= was + HOUR - 1000 }).toEqual({ matcher: 'service=mailer', isLater: true })
    expect(await control.silences()).toMatchObject([{ id, by: 'ada', why: 'deploy', inForce: true, nextChange: until }])
    expect((await audit())[0]).toEqual({
      ...{ actor: 'bob', from: 'laptop', action: 'extend', why: 'it takes longer', silence: id, matcher: 'service=mailer' },
      ends: new Date(until).toISOString(),
    })
    await alerts.say()
    await alerts.time(HOUR + MINUTE)
    expect(await silencedBy()).toEqual([id])
    await alerts.time(HOUR)
    expect(await alerts.told()).toEqual(['a1 fired quietly', 'a1 updated'])
    expect(await leftOver()).toEqual([[], []])
  })

  test('makes none shorter', async () => {
    const { id, until: was } = await control.silence('*', { ...ADA, forMs: 10 * HOUR })
    expect((await control.extend(id, { ...BOB, forMs: MINUTE })).until).toBe(was)
  })

  test('of one that has not begun puts off its end alone', async () => {
    const begin = Date.now() + HOUR
    const { id } = await control.silence('*', { ...ADA, forMs: HOUR, begin })
    const { until } = await control.extend(id, { ...BOB, forMs: 5 * HOUR })
    expect(await control.silences()).toMatchObject([{ id, inForce: false, windows: [[begin, until]] }])
  })

  test('is in every shard', async () => {
    const spread = new HealthControl({ client: redis, shards: 3 })
    const { id } = await spread.silence('*', { ...ADA, forMs: HOUR })
    const { until } = await spread.extend(id, { ...BOB, forMs: 2 * HOUR })
    for (const shard of allShards(3)) expect((await redis.hget(shard.silences, id))!).toContain(`,${until}]]`)
    expect(await spread.silences()).toHaveLength(1)
    expect((await spread.audit()).map(({ action }) => action)).toEqual(['extend', 'silence'])
  })

  test('of a maintenance window, of what is over and of what is none is refused in a sentence, and nothing is recorded', async () => {
    const { id } = await control.maintenance('*', { ...ADA, every: 'daily 03:00', forSeconds: 60, zone: 'UTC' })
    await expect(control.extend(id, { ...BOB, forMs: HOUR })).rejects.toThrow(
      `The maintenance window ${id} comes again by itself: make a silence for the time in between.`,
    )
    await redis.hset(names.silences, 'over', JSON.stringify({ v: 1, matcher: '*', match: [], ...ADA, windows: [[1, 2]] }))
    await expect(control.extend('over', { ...BOB, forMs: HOUR })).rejects.toThrow('The silence over is over already: make a new one.')
    await expect(control.extend('none', { ...BOB, forMs: HOUR })).rejects.toThrow('There is no silence whose id is "none" or begins so.')
    expect((await audit()).map(({ action }) => action)).toEqual(['maintenance'])
  })

  test.for([{ forMs: 0 }, { forMs: Number.NaN }, { forMs: 367 * DAY }])('by $forMs ms is refused', async ({ forMs }) => {
    const { id } = await control.silence('*', { ...ADA, forMs: HOUR })
    await expect(control.extend(id, { ...BOB, forMs })).rejects.toThrow(
      `The silence lasts ${forMs} ms, expected between a second and 366 days.`,
    )
  })
})

describe('a silence that ends with its alert', () => {
  test('keeps quiet what the alert does, worse included, and what is over is told', async () => {
    await alerts.say()
    await alerts.say({ id: 'a2', rule: 'large_queue' })
    const { id, matcher, matching, from, until } = await control.silenceUntilResolved('a1', ADA)
    expect({ matcher, matching, lasts: until - from }).toEqual({ matcher: 'alert=a1,episode=1', matching: 1, lasts: 7 * DAY })
    await alerts.say({ severity: 'CRITICAL' })
    expect(await silencedBy()).toEqual([id])
    await alerts.say({ state: 'resolved' })
    expect(await alerts.told()).toEqual(['a1 fired', 'a2 fired', 'a1 silenced quietly by ada', 'a1 escalated quietly', 'a1 resolved'])
    expect(await leftOver()).toEqual([[], []])
    expect(await audit()).toMatchObject([{ action: 'silence', silence: id, alert: 'a1', episode: '1', service: 'mailer', matcher }])
  })

  test('is about this episode alone', async () => {
    await alerts.say()
    await control.silenceUntilResolved('a1', ADA)
    await alerts.say({ state: 'resolved' })
    await alerts.say()
    expect((await alerts.told()).at(-1)).toBe('a1 fired')
    expect((await control.alerts())[0]).toMatchObject({ alert_id: 'a1', episode: 2 })
  })

  test('is over when a person resolves the alert, and if it is found again that is told', async () => {
    await alerts.say()
    await control.silenceUntilResolved('a1', ADA)
    await control.resolve('a1', BOB)
    expect(await leftOver()).toMatchObject([[], ['mailer a1']])
    await alerts.say()
    await alerts.time(16 * MINUTE)
    expect((await alerts.told()).at(-1)).toBe('a1 reopened')
  })

  test('is listed as such while it lasts, and can be extended, ended and is no longer than 7 days', async () => {
    await alerts.say()
    const { id, until: was } = await control.silenceUntilResolved('a1', ADA)
    expect(await control.silences()).toMatchObject([{ id, inForce: true, endsWith: { alertId: 'a1', episode: 1 } }])
    await expect(control.extend(id, { ...BOB, forMs: 8 * DAY })).rejects.toThrow('expected between a second and 7 days.')
    await alerts.time(DAY)
    const { until } = await control.extend(id, { ...BOB, forMs: 7 * DAY })
    expect(until).toBeGreaterThan(was - 1000)
    await alerts.time(7 * DAY + MINUTE)
    expect(await silencedBy()).toEqual([])
    expect(await leftOver()).toEqual([[], []])
    const { id: second } = await control.silenceUntilResolved('a1', ADA)
    await control.unsilence(second, BOB)
    expect(await leftOver()).toEqual([[], []])
    expect((await audit())[0]).toMatchObject({ action: 'unsilence', silence: second, alert: 'a1' })
  })

  test('is of no alert that is over, and needs no id but the beginning', async () => {
    await alerts.say({ id: 'abc1' })
    await control.silenceUntilResolved('ab', ADA)
    await alerts.say({ id: 'abc1', state: 'resolved' })
    await expect(control.silenceUntilResolved('abc1', ADA)).rejects.toThrow('There is no open alert whose id is "abc1" or begins so.')
    expect(await leftOver()).toEqual([[], []])
  })

  test('goes on while nobody knows how the alert is, and is over when its service is forgotten', async () => {
    const service = 'mailer'
    const silent = { names, service, epochs: 'e', retentionMs: DAY, lookAgainMs: 1000 }
    await alerts.say()
    await control.silenceUntilResolved('a1', ADA)
    await redis.hset(names.entries('a1'), 'i1', (await redis.hget(names.entries('a1'), 'i1'))!.replace('"keep":86400000', '"keep":0'))
    await redis.zadd(names.due, '1', service)
    await lookAfterSilent(alerts.client, { ...silent, forgottenAfterMs: DAY })
    expect((await alerts.told()).at(-1)).toBe('a1 unknown quietly')
    expect(await redis.hlen(names.silences)).toBe(1)
    await redis.zadd(names.due, '1', service)
    await lookAfterSilent(alerts.client, { ...silent, forgottenAfterMs: 0, actor: 'bob' })
    expect((await alerts.told()).at(-1)).toBe('a1 resolved by bob')
    expect(await leftOver()).toEqual([[], []])
  })

  test('about a service that is silent ends when it is no longer', async () => {
    const service = 'geocoder'
    const silent = { names, service, epochs: 'e', retentionMs: DAY, lookAgainMs: 1000 }
    const id = alertId('service_silent', service)
    const look = async (forgottenAfterMs: number) => {
      await redis.zadd(names.due, '1', service)
      await lookAfterSilent(alerts.client, { ...silent, forgottenAfterMs })
    }
    await redis.zadd(names.instances(service), Date.now() - MINUTE, 'i1')
    await look(DAY)
    await control.silenceUntilResolved(id, ADA)
    await look(DAY)
    expect(await redis.hlen(names.silences)).toBe(1)
    await look(0)
    expect(await alerts.told()).toEqual([`${id} fired`, `${id} silenced quietly by ada`, `${id} resolved`])
    expect(await leftOver()).toEqual([[], []])
  })

  test('is in the shard of its alert alone, and is listed, extended and ended all the same', async () => {
    const spread = new HealthControl({ client: redis, shards: 3 })
    for (const service of ['mailer', 'geocoder', 'payments']) await alerts.say({ id: service, service }, shardOf(service, 3))
    const { id } = await spread.silenceUntilResolved('geocoder', ADA)
    const lengths = await Promise.all(allShards(3).map(({ silences }) => redis.hlen(silences)))
    expect(lengths).toEqual(allShards(3).map(({ meta }) => (meta === shardOf('geocoder', 3).meta ? 1 : 0)))
    expect(await spread.silences()).toMatchObject([{ id }])
    await spread.extend(id, { ...BOB, forMs: DAY })
    await spread.unsilence(id, BOB)
    expect(await spread.silences()).toEqual([])
    expect((await alerts.told(shardOf('geocoder', 3))).filter((message) => message.startsWith('geocoder'))).toEqual([
      ...['geocoder fired', 'geocoder silenced quietly by ada'],
    ])
  })

  test('that is left behind by an older version, or extended too late, is found to be over', async () => {
    await alerts.say()
    const { id } = await control.silenceUntilResolved('a1', ADA)
    const left = (await redis.hget(names.silences, id))!
    await alerts.say({ state: 'resolved' })
    await redis.hset(names.silences, id, left)
    await redis.zadd(names.overlayDue, 1, `silence ${id}`)
    await alerts.time(0)
    expect(await leftOver()).toEqual([[], []])
  })

  test('is not ended by an alert that cannot be read here', async () => {
    await alerts.say()
    const { id } = await control.silenceUntilResolved('a1', ADA)
    await redis.hset(names.alert('a1'), 'doc', '{"v":2,"of":"a newer version"}')
    await control.extend(id, { ...BOB, forMs: DAY })
    expect(await redis.hkeys(names.silences)).toEqual([id])
  })

  test('is not made by a matcher: whoever names an episode is told how', async () => {
    await expect(control.silence('alert=a1,episode=1', { ...ADA, forMs: HOUR })).rejects.toThrow(
      'The matcher "alert=a1,episode=1" names an episode: silence the alert until it is resolved.',
    )
  })

  test('does not hang on words that look like it: a reason or a name may say anything', async () => {
    await alerts.say()
    const why = '"match":[["alert","a1"],["episode","1"]]'
    const { id } = await control.silence('service=mailer', { by: why, why, forMs: HOUR })
    await alerts.say({ state: 'resolved' })
    expect(await redis.hkeys(names.silences)).toEqual([id])
  })
})
