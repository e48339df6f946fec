/** Several instances of one service, and what others may do to one's alerts: nothing. Each test is a case that lost or doubled an alert once. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { ServiceChild, startService, startServices } from '../support/service-child.ts'
import { instancesOf, openIn, toldBy, typesOf } from '../support/told.ts'

let valkey: EmbeddedValkey
let redis: Redis

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
})
beforeEach(async () => {
  await redis.flushall()
})
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
})

const of = (instance: string) => ({ redisPort: valkey.port, instance })
const ANISETTE = 'anisette_unreachable'
const soon = { timeout: 15_000, interval: 30 }
const told = (rule = ANISETTE) => typesOf(redis, rule)
/** Long enough for whatever would be wrong to happen: three intervals, and what is asked in between. */
const aWhile = async () => {
  const [seconds] = await redis.time()
  await expect.poll(async () => Number((await redis.time())[0]) - Number(seconds), soon).toBeGreaterThanOrEqual(3)
}

describe('three instances of one service', { timeout: 60_000 }, () => {
  test('with the same fault are one alert that is over with the last of them', async () => {
    const [a, b, c] = await startServices([of('A')], [of('B')], [of('C')])
    for (const each of [a, b, c]) each!.tell({ anisette: 'unreachable' })
    await expect.poll(() => instancesOf(redis, ANISETTE), soon).toEqual({ A: 'firing', B: 'firing', C: 'firing' })
    for (const each of [a, b]) each!.tell({ anisette: 'reachable' })
    await expect.poll(() => instancesOf(redis, ANISETTE), soon).toEqual({ A: 'resolved', B: 'resolved', C: 'firing' })
    expect(await told()).toEqual(['fired'])
    await expect.poll(async () => (await a!.ask()).status, soon).toBe('unhealthy')
    expect((await a!.ask()).instanceStatus).toBe('healthy')
    c!.tell({ anisette: 'reachable' })
    await expect.poll(() => told(), soon).toEqual(['fired', 'resolved'])
    await expect.poll(async () => (await a!.ask()).status, soon).toBe('healthy')
    await aWhile()
    expect(await told()).toEqual(['fired', 'resolved'])
  })

  test('one of which has a breach that is too short: what another fires is not touched', async () => {
    // A is back before it counts as gone, however slowly a process starts.
    const patient = (instance: string) => ({ ...of(instance), publishingInterval: 5 })
    const [a, b] = await startServices([patient('A')], [patient('B')])
    b!.tell({ due: 0 })
    a!.tell({ due: 60_000 })
    await expect.poll(() => openIn(redis), soon).toEqual(['large_queue firing'])
    b!.tell({ due: 60_000 })
    await expect.poll(() => instancesOf(redis, 'large_queue'), soon).toEqual({ A: 'firing', B: 'pending' })
    b!.tell({ due: 0 })
    await expect.poll(() => instancesOf(redis, 'large_queue'), soon).toEqual({ A: 'firing', B: 'inactive' })
    await aWhile()
    expect(await openIn(redis)).toEqual(['large_queue firing'])
    await a!.kill()
    const again = new ServiceChild(patient('A'))
    onTestFinished(() => again.kill())
    // Before it judges: while it knows nothing of the queue, B may say of it that all is well.
    again.tell({ due: 60_000 })
    await again.started
    await aWhile()
    expect(await told('large_queue')).toEqual(['fired'])
  })

  test('one of which restarts in good health has nothing to say of what another fires', async () => {
    const [a, b] = await startServices([of('A')], [of('B')])
    a!.tell({ anisette: 'unreachable' })
    await expect.poll(() => told(), soon).toEqual(['fired'])
    await b!.stop()
    await startServices([of('B')], [of('D')])
    await aWhile()
    expect([await told(), await openIn(redis)]).toEqual([['fired'], [`${ANISETTE} firing`]])
    expect((await a!.ask()).alerts).toEqual([`${ANISETTE} firing`])
  })

  test.for([
    { how: 'is killed', end: (child: ServiceChild) => child.kill() },
    { how: 'stops gracefully', end: (child: ServiceChild) => child.stop() },
  ])('one of which $how while it fires: it is gone after three intervals, and another resolves what it finds well', async ({ end }) => {
    const [a] = await startServices([of('A')], [of('B')], [of('C')])
    a!.tell({ anisette: 'unreachable' })
    await expect.poll(() => told(), soon).toEqual(['fired'])
    await end(a!)
    await expect.poll(() => told(), soon).toEqual(['fired', 'resolved'])
    const [fired, resolved] = await toldBy(redis, ANISETTE)
    expect(Date.parse(resolved!.timestamp) - Date.parse(fired!.timestamp)).toBeGreaterThan(800)
    expect(resolved!.instances).toMatchObject({ A: { state: 'gone', breaching: false } })
    await aWhile()
    expect(await told()).toEqual(['fired', 'resolved'])
  })

  test('all of which are killed while they fire: unknown, told once by whoever else is alive, and resolved by evidence alone', async () => {
    const [a, b] = await startServices([of('A')], [of('B')], [{ ...of('W'), serviceName: 'watcher' }])
    for (const each of [a, b]) each!.tell({ anisette: 'unreachable' })
    await expect.poll(() => instancesOf(redis, ANISETTE), soon).toEqual({ A: 'firing', B: 'firing' })
    await Promise.all([a!.kill(), b!.kill()])
    await expect.poll(() => told(), { ...soon, timeout: 25_000 }).toEqual(['fired', 'unknown'])
    expect(await told('service_silent')).toEqual(['fired'])
    await aWhile()
    expect(await openIn(redis)).toEqual([`${ANISETTE} unknown`, 'service_silent firing'])
    const still = await startService(of('D'), 'unreachable')
    await expect.poll(() => told(), soon).toEqual(['fired', 'unknown', 'updated'])
    expect(await told('service_silent')).toEqual(['fired', 'resolved'])
    still.tell({ anisette: 'reachable' })
    await expect.poll(() => told(), soon).toEqual(['fired', 'unknown', 'updated', 'resolved'])
    expect((await toldBy(redis, ANISETTE)).map(({ episode }) => episode)).toEqual([1, 1, 1, 1])
  })

  test('the last of which stops gracefully while it fires: unknown once the others have waited, and still on the list', async () => {
    const [a] = await startServices([of('A')], [{ ...of('W'), serviceName: 'watcher' }])
    a!.tell({ anisette: 'unreachable' })
    await expect.poll(() => told(), soon).toEqual(['fired'])
    await a!.stop()
    await expect.poll(() => told(), { ...soon, timeout: 25_000 }).toEqual(['fired', 'unknown'])
    expect([await openIn(redis), await told('service_silent')]).toEqual([[`${ANISETTE} unknown`], []])
  })

  test('one of which is frozen while it fires, and goes on', async () => {
    const [a] = await startServices([of('A')], [of('B')])
    a!.tell({ anisette: 'unreachable' })
    await expect.poll(() => told(), soon).toEqual(['fired'])
    a!.signal('SIGSTOP')
    await expect.poll(() => told(), soon).toEqual(['fired', 'resolved'])
    a!.signal('SIGCONT')
    await expect.poll(() => told(), soon).toEqual(['fired', 'resolved', 'fired'])
    a!.tell({ anisette: 'reachable' })
    await expect.poll(() => told(), soon).toEqual(['fired', 'resolved', 'fired', 'resolved'])
  })
})

describe('a server that loses its memory', { timeout: 60_000 }, () => {
  test('is told of all that is open again, as what goes on', async () => {
    const [a, b] = await startServices([of('A')], [of('B')])
    for (const each of [a, b]) each!.tell({ anisette: 'unreachable' })
    await expect.poll(() => instancesOf(redis, ANISETTE), soon).toEqual({ A: 'firing', B: 'firing' })
    await redis.flushall()
    await expect.poll(() => instancesOf(redis, ANISETTE), soon).toEqual({ A: 'firing', B: 'firing' })
    expect(await toldBy(redis, ANISETTE)).toMatchObject([{ type: 'updated', cause: 'memory_lost', seq: 1, episode: 1 }])
    for (const each of [a, b]) each!.tell({ anisette: 'reachable' })
    await expect.poll(() => told(), soon).toEqual(['updated', 'resolved'])
  })
})

describe('clocks that are wrong', { timeout: 60_000 }, () => {
  test('a pending alert goes on where it was, though the clock went back an hour with a restart', async () => {
    const rules = { large_queue: { for: 4, keepFiring: 0.5 } }
    const before = await startService({ ...of('A'), rules })
    before.tell({ due: 60_000 })
    await expect.poll(() => instancesOf(redis, 'large_queue'), soon).toEqual({ A: 'pending' })
    const began = Date.now()
    await before.kill()
    const after = await startService({ ...of('A'), rules, clockAheadMs: -3_600_000 })
    after.tell({ due: 60_000 })
    await expect.poll(() => told('large_queue'), soon).toEqual(['fired'])
    expect(Date.now() - began).toBeGreaterThan(2500)
  })

  test('since is by the server’s clock, whatever the machine’s says', async () => {
    const ahead = await startService({ ...of('A'), clockAheadMs: 3_600_000 })
    ahead.tell({ anisette: 'unreachable' })
    await expect.poll(() => told(), soon).toEqual(['fired'])
    const [fired] = await toldBy(redis, ANISETTE)
    const [seconds] = await redis.time()
    expect(Math.abs(Date.parse(fired!.since) / 1000 - Number(seconds))).toBeLessThan(20)
  })
})

test('an alert that a newer version keeps is neither overwritten nor fired', { timeout: 30_000 }, async () => {
  const a = await startService(of('A'))
  a.tell({ anisette: 'unreachable' })
  await expect.poll(() => told(), soon).toEqual(['fired'])
  const [id] = await redis.zrange('{health}:open', '0', '-1')
  await a.kill()
  const document = '{"v":2,"state":"burning"}'
  await redis.del(`{health}:alert:${id}`, `{health}:alert:${id}:instances`)
  await redis.hset(`{health}:alert:${id}`, 'rev', '1', 'doc', document)
  const again = await startService(of('A'), 'unreachable')
  await expect.poll(() => again.diag.filter((line) => line.includes('newer otel-health')).length, soon).toBe(1)
  await aWhile()
  expect([await told(), await redis.hget(`{health}:alert:${id}`, 'doc')]).toEqual([['fired'], document])
})
