/** Time passes on the clock of the watch; what is to have happened long ago is dated back in Redis. */
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { SERVICE_SILENT } from '../../src/catalogue.ts'
import { systemClock } from '../../src/clock.ts'
import { AlertWriter, type Delivery } from '../../src/publish/alert-writer.ts'
import { RedisExporter } from '../../src/publish/redis-exporter.ts'
import { FORGOTTEN_AFTER_MS, SilenceWatch } from '../../src/publish/silence-watch.ts'
import { alertId } from '../../src/wire/alert-id.ts'
import { allShards, shardNames, shardOf, type ShardNames } from '../../src/wire/names.ts'
import { createPublisher, type PublisherClient } from '../../src/wire/redis-client.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { alertOf, snapshotOf, transitionOf } from '../wire/fixtures.ts'

const [SERVICE, RETENTION_MS, GRACE_MS, KEEP_MS] = ['geocoding', 86_400_000, 10_000, 90_000]
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
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})
afterAll(async () => {
  client.disconnect()
  redis.disconnect()
  await valkey.stop()
})

type Run = Delivery['run']

/** Of some process that watches, and how many questions it has asked. */
function watching(shards: readonly ShardNames[] = [one], run: Run = (command) => command(client)) {
  const clock = new VirtualClock()
  const asked = { looks: 0 }
  const watch = new SilenceWatch({
    ...{ shards, instance: 'w', retentionMs: RETENTION_MS, graceMs: GRACE_MS, clock },
    run: (command) => {
      asked.looks++
      return run(command)
    },
  })
  cleanups.push(() => watch.down())
  return { watch, clock, asked }
}

function writerOf(service: string, clock: VirtualClock, run: Run = (command) => command(client)): AlertWriter {
  const delivery: Delivery = {
    ...{ flowing: () => true, connected: () => true, leaving: () => true, run, taken() {}, failed: () => true },
    ...{ conflicted() {}, cut() {}, dropped() {}, heardEpoch() {} },
  }
  return new AlertWriter({
    ...{ names: one, service, instance: 'i1', goneAfterMs: KEEP_MS, retentionMs: RETENTION_MS, limit: 10 },
    clock,
    delivery,
  })
}

/** One instance of a service that publishes every 30 s. */
class Instance {
  readonly #exporter: RedisExporter
  readonly #service: string

  constructor({ service = SERVICE, instance = 'i1', shards = 1 } = {}) {
    this.#service = service
    this.#exporter = new RedisExporter({
      ...{ target: { host: '127.0.0.1', port: valkey.port, shards }, clock: systemClock, service, instance },
      ...{ publishingIntervalMs: KEEP_MS / 3, retentionMs: RETENTION_MS },
    })
    cleanups.push(() => this.dies())
  }

  async #taken(publish: () => void): Promise<void> {
    await this.#exporter.load(5000)
    const before = this.#exporter.stats.published
    publish()
    await vi.waitUntil(() => this.#exporter.stats.published > before, { timeout: 5000, interval: 1 })
  }

  async beats(): Promise<this> {
    await this.#taken(() => this.#exporter.status(snapshotOf({ service: this.#service })))
    return this
  }

  async fires(): Promise<void> {
    await this.#taken(() => this.#exporter.transition(transitionOf('fired', { service: this.#service, message: 'too "slow"' })))
  }

  async stops(): Promise<void> {
    await this.#exporter.load(5000)
    await this.#exporter.stop(snapshotOf({ service: this.#service, phase: 'stopped' }), 5000)
  }

  dies(): void {
    this.#exporter.connection.close()
  }
}

const beats = (options?: ConstructorParameters<typeof Instance>[0]) => new Instance(options).beats()

/** Everything that Redis has heard of the service, it has heard so much earlier. */
async function passes(ms: number, names = one, service = SERVICE): Promise<void> {
  for (const key of [names.due, names.silent, names.services, names.instances(service), names.starts(service), names.restarts(service)]) {
    const listed = await redis.zrange(key, '0', '-1', 'WITHSCORES')
    for (let i = 0; i < listed.length; i += 2) await redis.zadd(key, String(Number(listed[i + 1]) - ms), listed[i]!)
  }
  const earlier = (time: string) => String(Number(time) - ms)
  for (const [name, entry] of Object.entries(await redis.hgetall(names.entries('a1'))))
    await redis.hset(names.entries('a1'), name, entry.replace(/(?<="at":)\d+/, earlier))
  const fold = await redis.hget(names.alert('a1'), 'fold')
  if (fold !== null) await redis.hset(names.alert('a1'), 'fold', fold.replace(/\d{13}/, earlier))
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
const FIRED = 'low_success_rate fired firing condition'
const UNKNOWN = 'low_success_rate unknown unknown instance_gone'

describe('a service', () => {
  test('of which nothing has been heard for three intervals is silent, which is told once', async () => {
    await beats()
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
      message: `No instance of ${SERVICE} is alive: the last that did not say that it stops was heard of 90 s ago (limit 3 publishing intervals)`,
    })
  })

  test('that is heard of in time is not', async () => {
    await beats()
    await passes(KEEP_MS - 5000)
    await look(watching())
    expect(await told()).toEqual([])
  })

  test.for([
    { why: 'gives a sign of life', isStopping: false },
    { why: 'says that it stops', isStopping: true },
  ])('that was silent and $why is so no more, and is found again should it fall silent again', async ({ isStopping }) => {
    await beats()
    await passes(KEEP_MS)
    await look(watching())
    if (isStopping) await new Instance().stops()
    else await beats()
    expect(await told()).toEqual([SILENT, 'service_silent resolved resolved condition'])
    expect(await redis.zcard(one.silent)).toBe(0)
    await beats()
    await passes(KEEP_MS)
    await look(watching())
    expect((await told()).slice(2)).toEqual([SILENT])
  })

  test('that has said that it stops is not silent', async () => {
    const instance = await beats()
    await instance.stops()
    await passes(KEEP_MS)
    await look(watching())
    expect(await told()).toEqual([])
    expect(await redis.zrange(one.services, '0', '-1')).toEqual([SERVICE])
    await passes(FORGOTTEN_AFTER_MS)
    await look(watching())
    expect(await told()).toEqual([])
    expect(await redis.exists(one.services, one.due, one.silent)).toBe(0)
  })

  test('of 300 that are well is found at once', async () => {
    const [now, well] = [Date.now(), Array.from({ length: 300 }, (_, i) => `s${i}`)]
    await redis.zadd(one.due, ...well.flatMap((name) => [String(now + KEEP_MS), name]))
    await redis.zadd(one.due, '1', 's299')
    await redis.zadd(one.instances('s299'), String(now - KEEP_MS), 'i1')
    const watcher = watching()
    await look(watcher)
    expect(await told()).toEqual([SILENT])
    expect(watcher.asked.looks).toBeLessThan(5)
  })
})

describe('an open alert of which nobody is left who could say how it stands', () => {
  test.for([
    { why: 'the service has stopped', isStopping: true, silent: [] },
    { why: 'the service was killed', isStopping: false, silent: [SILENT] },
  ])('becomes unknown, is told once, and is forgotten after a day: $why', async ({ isStopping, silent }) => {
    const instance = await beats()
    await instance.fires()
    if (isStopping) await instance.stops()
    else await instance.beats()
    await passes(KEEP_MS + 1)
    await look(watching())
    await look(watching())
    expect((await told()).toSorted()).toEqual([FIRED, UNKNOWN, ...silent].toSorted())
    expect(await redis.zrange(one.open, '0', '-1')).toContain('a1')
    expect(JSON.parse((await redis.hget(one.alert('a1'), 'doc'))!)).toMatchObject({
      state: 'unknown',
      message: 'No instance is alive that could tell whether this goes on: too "slow"',
      instances: { i1: { state: 'gone', breaching: false } },
    })
    await passes(FORGOTTEN_AFTER_MS)
    await look(watching())
    expect((await told()).filter((line) => line.startsWith('low')).at(-1)).toBe('low_success_rate resolved resolved instance_gone')
    expect(JSON.parse((await redis.hget(one.alert('a1'), 'doc'))!)).toMatchObject({
      message: 'Forgotten, for nothing has been heard of geocoding for 24 h',
      instances: {},
    })
    await passes(FORGOTTEN_AFTER_MS)
    await look(watching())
    expect(await redis.exists(one.open, one.openOf(SERVICE), one.due, one.services, one.silent)).toBe(0)
  })

  test('is left as it is while an instance is alive that does not know', async () => {
    const [firing, other] = [await beats(), await beats({ instance: 'i2' })]
    await firing.fires()
    firing.dies()
    await passes(KEEP_MS + 1)
    await other.beats()
    await look(watching())
    expect(await told()).toEqual([FIRED])
  })

  test('becomes unknown though it was the last thing that was heard of the service', async () => {
    const instance = await beats()
    await passes(30_000)
    await instance.fires()
    await passes(KEEP_MS - 30_000)
    await look(watching())
    await passes(30_001)
    await look(watching())
    expect((await told()).toSorted()).toEqual([FIRED, UNKNOWN, SILENT].toSorted())
  })

  test('is looked after though it was told after the service had said that it stops', async () => {
    const instance = await beats()
    await instance.stops()
    const late = writerOf(SERVICE, new VirtualClock())
    late.begin(Date.now() + 1000)
    late.say(alertOf({ service: SERVICE }), false)
    await expect.poll(() => late.waiting, { interval: 1 }).toBe(0)
    await passes(KEEP_MS + 1)
    await look(watching())
    expect(await told()).toEqual([FIRED, UNKNOWN])
  })

  test('keeps nobody from noticing that the service, which was started again, falls silent', async () => {
    const instance = await beats()
    await instance.fires()
    await instance.stops()
    await passes(KEEP_MS + 1)
    await look(watching())
    await beats({ instance: 'i2' })
    await passes(KEEP_MS + 1)
    await look(watching())
    expect((await told()).at(-1)).toBe(SILENT)
  })
})

test('names that no service has are taken off the list, and hide nothing that stands behind them', async () => {
  for (const name of ['of two words', 'UPPER', '\u001b[31m', 'x'.repeat(65), '']) await redis.zadd(one.due, '1', name)
  await beats()
  await passes(KEEP_MS)
  await look(watching())
  expect(await redis.zrange(one.due, '0', '-1')).toEqual([SERVICE])
  expect(await told()).toEqual([SILENT])
})

describe('who looks when', () => {
  test('nobody is said to be silent just after Redis came back', async () => {
    await beats()
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

  test('a look at who is due already is not put off by what others hear meanwhile', () => {
    const { watch, clock } = watching()
    watch.up()
    clock.advance(GRACE_MS)
    watch.heard(one, 100, false)
    const looksAt = clock.nextDue()
    for (let i = 1; i <= 4; i++) {
      clock.advance(100)
      watch.heard(one, 100 - 100 * i, false)
      expect(clock.nextDue()).toBe(looksAt)
    }
  })

  test('beats that come more often than the looks do not hold them up', () => {
    const { watch, clock, asked } = watching()
    watch.up()
    clock.advance(GRACE_MS - 1)
    for (let i = 0; i < 20; i++) {
      clock.advance(100)
      watch.heard(one, 30_000, true)
    }
    expect(asked.looks).toBeGreaterThan(0)
  })

  test('a look that fails is repeated', async () => {
    await beats()
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

  test.for([
    { who: 'the one whose turn it is looks into every shard', isWatcher: true, looks: 4 },
    { who: 'the others look into their own', isWatcher: false, looks: 1 },
  ])('$who', ({ isWatcher, looks }) => {
    const shards = allShards(4)
    const { watch, clock, asked } = watching(shards)
    watch.up()
    watch.heard(shards[2]!, undefined, isWatcher)
    clock.advance(GRACE_MS)
    expect(asked.looks).toBe(looks)
  })

  test('whose turn comes later begins to look into every shard', async () => {
    const shards = allShards(4)
    const { watch, clock, asked } = watching(shards)
    watch.up()
    watch.heard(shards[2]!, undefined, false)
    clock.advance(GRACE_MS)
    await expect.poll(() => clock.nextDue(), { interval: 2 }).not.toBe(Infinity)
    watch.heard(shards[2]!, undefined, true)
    clock.advance(400)
    expect(asked.looks).toBe(5)
  })

  test('every shard is looked after, and what is open in it', async () => {
    const shards = allShards(4)
    const own = shardOf('watcher', 4)
    const far = shards.find(({ shard }) => shard !== own.shard)!
    const service = Array.from({ length: 100 }, (_, i) => `s${i}`).find((name) => shardOf(name, 4).shard === far.shard)!
    const instance = await beats({ service, shards: 4 })
    await instance.fires()
    await instance.beats()
    await passes(KEEP_MS + 1, far, service)
    const { watch, clock } = watching(shards)
    watch.up()
    watch.heard(own, undefined, true)
    clock.advance(GRACE_MS)
    await expect.poll(async () => (await told(far)).toSorted(), { interval: 5 }).toEqual([FIRED, UNKNOWN, SILENT].toSorted())
    expect(await redis.keys('{health:*}:alert:a1')).toEqual([far.alert('a1')])
  })
})
