/** Time passes on the clock of the watch; what is to have happened long ago is dated back in Redis. */
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { SERVICE_SILENT } from '../../src/catalogue.ts'
import { AlertWriter, type Delivery } from '../../src/publish/alert-writer.ts'
import { FORGOTTEN_AFTER_MS, SilenceWatch } from '../../src/publish/silence-watch.ts'
import { alertId } from '../../src/wire/alert-id.ts'
import { allShards, shardNames, shardOf, type ShardNames } from '../../src/wire/names.ts'
import { createPublisher, type PublisherClient } from '../../src/wire/redis-client.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const [SERVICE, RETENTION, GRACE_MS, KEEP_MS] = ['geocoding', '86400000', 10_000, 90_000]
const one = shardNames()

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
const watches: SilenceWatch[] = []
afterEach(() => watches.splice(0).forEach((watch) => watch.down()))
afterAll(async () => {
  client.disconnect()
  redis.disconnect()
  await valkey.stop()
})

/** A watch in a process of some other service, and how many questions it has asked. */
function watching(shards: readonly ShardNames[] = [one], run = <T>(command: (client: PublisherClient) => Promise<T>) => command(client)) {
  const clock = new VirtualClock()
  const asked = { looks: 0 }
  const counted = <T>(command: (client: PublisherClient) => Promise<T>) => run(command)
  const writers = new Map(shards.map((names) => [names.shard, writerTo(names, clock, counted)]))
  const watch = new SilenceWatch({
    ...{ shards, instance: 'w', retentionMs: Number(RETENTION), graceMs: GRACE_MS, clock },
    run: (command) => {
      asked.looks++
      return counted(command)
    },
    fold: (id, service) => writers.get(shardOf(service, shards.length).shard)!.fold(id, service),
  })
  watches.push(watch)
  return { watch, clock, asked }
}

function writerTo(names: ShardNames, clock: VirtualClock, run: Delivery['run']): AlertWriter {
  const delivery: Delivery = {
    ...{ flowing: () => true, connected: () => true, run, taken() {}, failed: () => true },
    ...{ conflicted() {}, cut() {}, dropped() {}, heardEpoch() {} },
  }
  return new AlertWriter({ names, service: 'watcher', instance: 'w', goneAfterMs: KEEP_MS, retentionMs: Number(RETENTION), limit: 10, clock, delivery })
}

async function beat(instance = 'i1', state = 'alive', service = SERVICE, names = one): Promise<void> {
  const silent = alertId(SERVICE_SILENT, service)
  await client.healthBeat(
    ...[names.status(service, instance), names.services, names.instances(service), names.due, names.meta, names.watcher],
    ...[names.alert(silent), names.open, names.openOf(service), names.alerts, names.silent],
    ...[names.statusChannel(service), '{}', String(KEEP_MS), service, instance, '3600000', state],
    ...[names.alertsChannel, RETENTION, 'e', silent, '45000'],
  )
}

async function fires(instance = 'i1', message = 'too slow'): Promise<void> {
  await client.healthAlert(
    ...[one.alert('a1'), one.entries('a1'), one.open, one.openOf(SERVICE), one.alerts, one.meta, one.instances(SERVICE), one.due],
    ...[instance, '1', '1', 'firing', 'WARNING', '0', 'true', 'true', String(KEEP_MS), '1', '{}', `"message":"${message}","value":null`],
    ...[`"alert_id":"a1","service":"${SERVICE}","rule":"r"`, 'a1', SERVICE, 'any', one.alertsChannel, RETENTION, 'false', 'condition', 'e'],
  )
}

/** Everything that Redis has heard of the service, it has heard so much earlier. */
async function passes(ms: number, names = one, service = SERVICE): Promise<void> {
  const back = async (key: string) => {
    const listed = await redis.zrange(key, '0', '-1', 'WITHSCORES')
    for (let i = 0; i < listed.length; i += 2) await redis.zadd(key, String(Number(listed[i + 1]) - ms), listed[i]!)
  }
  for (const key of [names.due, names.silent, names.services, names.instances(service)]) await back(key)
  for (const [name, entry] of Object.entries(await redis.hgetall(names.entries('a1'))))
    await redis.hset(names.entries('a1'), name, entry.replace(/"at":(\d+)/, (_, at: string) => `"at":${Number(at) - ms}`))
  const since = await redis.hget(names.alert('a1'), 'since')
  if (since !== null) await redis.hset(names.alert('a1'), 'since', String(Number(since) - ms))
  for (const key of await redis.keys(`${names.status(service, '')}*`)) await redis.del(key)
}

/** What was told of alerts, in order. */
async function told(names = one): Promise<string[]> {
  const entries = await redis.xrange(names.alerts, '-', '+')
  return entries.map(([, [, text]]) => {
    const { type, rule, state, cause } = JSON.parse(text!) as Record<string, string>
    return `${rule} ${type} ${state} ${cause}`
  })
}

async function look({ watch, clock }: ReturnType<typeof watching>): Promise<void> {
  watch.up()
  clock.advance(GRACE_MS)
  // It looks again, so it is through with this look.
  await expect.poll(() => clock.nextDue(), { interval: 2 }).not.toBe(Infinity)
  watch.down()
}

const SILENT = 'service_silent fired firing condition'
const UNKNOWN = 'r unknown unknown instance_gone'

describe('a service', () => {
  test('of which nothing has been heard for three intervals is silent, which is told once', async () => {
    await beat()
    await passes(KEEP_MS)
    const watcher = watching()
    await look(watcher)
    await look(watcher)
    await look(watching())
    expect(await told()).toEqual([SILENT])
    expect(await redis.zrange(one.silent, '0', '-1')).toEqual([SERVICE])
    const [[, [, text]]] = (await redis.xrange(one.alerts, '-', '+')) as [[string, [string, string]]]
    expect(JSON.parse(text)).toMatchObject({
      ...{ severity: 'CRITICAL', service: SERVICE, alert_id: alertId(SERVICE_SILENT, SERVICE), instances: { i1: { state: 'gone' } } },
      message: `No instance of ${SERVICE} has been heard of for 2 min (limit 3 publishing intervals), and none said that it stops`,
    })
  })

  test('that is heard of in time is not', async () => {
    await beat()
    await passes(KEEP_MS - 5000)
    await look(watching())
    expect(await told()).toEqual([])
  })

  test.for([
    { why: 'gives a sign of life', state: 'alive' },
    { why: 'says that it stops', state: 'stopped' },
  ])('that was silent and $why is so no more, and is found again should it fall silent again', async ({ state }) => {
    await beat()
    await passes(KEEP_MS)
    await look(watching())
    await beat('i1', state)
    expect(await told()).toEqual([SILENT, 'service_silent resolved resolved condition'])
    expect(await redis.zcard(one.silent)).toBe(0)
    await beat()
    await passes(KEEP_MS)
    await look(watching())
    expect((await told()).slice(2)).toEqual([SILENT])
  })

  test('that has said that it stops is not silent', async () => {
    await beat()
    await beat('i1', 'stopped')
    await passes(KEEP_MS)
    await look(watching())
    expect(await told()).toEqual([])
    expect(await redis.zcard(one.due)).toBe(0)
  })

  test('of 300 that are well is found at once', async () => {
    for (let i = 0; i < 300; i++) await beat('i1', 'alive', `s${i}`)
    await redis.zadd(one.due, '1', 's299')
    await redis.zadd(one.instances('s299'), String(Date.now() - KEEP_MS), 'i1')
    const watcher = watching()
    await look(watcher)
    expect(await told()).toEqual([SILENT])
    expect(watcher.asked.looks).toBeLessThan(5)
  })
})

describe('an open alert of which nobody is left who could say how it stands', () => {
  test.for([
    { why: 'the service has stopped', state: 'stopped', silent: [] },
    { why: 'the service was killed', state: 'alive', silent: [SILENT] },
  ])('becomes unknown, is told once, and is forgotten after a day: $why', async ({ state, silent }) => {
    await beat()
    await fires()
    await beat('i1', state)
    await passes(KEEP_MS + 1)
    await look(watching())
    await look(watching())
    expect((await told()).toSorted()).toEqual(['r fired firing condition', UNKNOWN, ...silent].toSorted())
    expect(await redis.zrange(one.open, '0', '-1')).toContain('a1')
    expect(JSON.parse((await redis.hget(one.alert('a1'), 'doc'))!)).toMatchObject({
      state: 'unknown',
      message: 'No instance is alive that could tell whether this goes on: too slow',
      instances: { i1: { state: 'gone', breaching: false } },
    })
    await passes(FORGOTTEN_AFTER_MS)
    await look(watching())
    expect((await told()).filter((line) => line.startsWith('r ')).at(-1)).toBe('r resolved resolved instance_gone')
    await passes(FORGOTTEN_AFTER_MS)
    await look(watching())
    expect(await redis.exists(one.open, one.openOf(SERVICE), one.due, one.services, one.silent)).toBe(0)
  })

  test('becomes unknown though it was the last thing that was heard of the service', async () => {
    await beat()
    await passes(30_000)
    await fires()
    await passes(KEEP_MS - 30_000)
    await look(watching())
    await passes(30_001)
    await look(watching())
    expect((await told()).toSorted()).toEqual(['r fired firing condition', UNKNOWN, SILENT].toSorted())
  })

  test('is looked after though it was told after the service had said that it stops', async () => {
    await beat()
    await beat('i1', 'stopped')
    await fires()
    await passes(KEEP_MS + 1)
    await look(watching())
    expect(await told()).toEqual(['r fired firing condition', UNKNOWN])
  })

  test('keeps nobody from noticing that the service, which was started again, falls silent', async () => {
    await beat()
    await fires()
    await beat('i1', 'stopped')
    await passes(KEEP_MS + 1)
    await look(watching())
    await beat('i2')
    await passes(KEEP_MS + 1)
    await look(watching())
    expect((await told()).at(-1)).toBe(SILENT)
  })
})

test('names that no service has are taken off the list, and hide nothing that stands behind them', async () => {
  for (const name of ['of two words', 'UPPER', '\u001b[31m', 'x'.repeat(65), '']) await redis.zadd(one.due, '1', name)
  await beat()
  await passes(KEEP_MS)
  await look(watching())
  expect(await redis.zrange(one.due, '0', '-1')).toEqual([SERVICE])
  expect(await told()).toEqual([SILENT])
})

describe('who looks when', () => {
  test('nobody is said to be silent just after Redis came back', async () => {
    await beat()
    await passes(KEEP_MS)
    const { watch, clock, asked } = watching()
    watch.up()
    clock.advance(GRACE_MS / 2)
    watch.heard(one, 0, true)
    clock.advance(GRACE_MS / 2 - 1)
    expect(asked.looks).toBe(0)
  })

  test.for([
    { why: 'the one whose turn it is, all the time', isWatcher: true, nextDue: 30_000, from: 400, to: 400 },
    { why: 'the others when somebody may be due, a little later', isWatcher: false, nextDue: 30_000, from: 30_400, to: 30_700 },
    { why: 'the others though somebody is due already', isWatcher: false, nextDue: -5000, from: 400, to: 700 },
    { why: 'the others now and then though nobody is ever due', isWatcher: false, nextDue: undefined, from: 15_000, to: 15_000 },
  ])('$why', ({ isWatcher, nextDue, from, to }) => {
    const { watch, clock } = watching()
    watch.up()
    clock.advance(GRACE_MS)
    watch.heard(one, nextDue, isWatcher)
    expect(clock.nextDue() - clock.monotonicMs()).toBeGreaterThanOrEqual(from)
    expect(clock.nextDue() - clock.monotonicMs()).toBeLessThanOrEqual(to)
  })

  test('a look that fails is repeated', async () => {
    await beat()
    await passes(KEEP_MS)
    let broken = true
    const { watch, clock } = watching([one], (command) => (broken ? Promise.reject(new Error('lost')) : command(client)))
    watch.up()
    clock.advance(GRACE_MS)
    await expect.poll(() => clock.nextDue(), { interval: 2 }).not.toBe(Infinity)
    broken = false
    clock.advance(15_000)
    await expect.poll(() => told(), { interval: 5 }).toEqual([SILENT])
  })

  test('nobody looks any more when the connection is lost', async () => {
    const { watch, clock, asked } = watching()
    watch.up()
    clock.advance(GRACE_MS)
    watch.down()
    await expect.poll(() => asked.looks, { interval: 2 }).toBe(1)
    clock.advance(600_000)
    expect([asked.looks, clock.nextDue()]).toEqual([1, Infinity])
  })

  test('every shard is looked after, its own more often', async () => {
    const shards = allShards(4)
    const far = shards.find(({ shard }) => shard !== shardOf('watcher', 4).shard)!
    const service = Array.from({ length: 100 }, (_, i) => `s${i}`).find((name) => shardOf(name, 4).shard === far.shard)!
    await beat('i1', 'alive', service, far)
    await passes(KEEP_MS, far, service)
    const watcher = watching(shards)
    watcher.watch.up()
    watcher.clock.advance(GRACE_MS)
    await expect.poll(() => told(far), { interval: 5 }).toEqual([SILENT])
  })
})
