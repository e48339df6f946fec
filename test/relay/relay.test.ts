/** The relay on a real server: what it does there, and what is left when relays die. */
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { systemClock } from '../../src/clock.ts'
import { readRelayConfig } from '../../src/relay/relay-config.ts'
import { Relay } from '../../src/relay/relay.ts'
import type { RelayEvent } from '../../src/relay/target-report.ts'
import { allShards, shardOf } from '../../src/wire/names.ts'
import { startReceiver, type Receiver } from './receiver.ts'
import { killWhileWriting, seeded } from './relay-kills.ts'
import { RelayProcesses } from './relay-processes.ts'
import { writeTransition } from './transitions.ts'

let valkey: EmbeddedValkey
let redis: Redis
let receiver: Receiver
const ending: (() => unknown)[] = []

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
  receiver = await startReceiver()
})
afterEach(async () => {
  await Promise.all(ending.splice(0).map((end) => end()))
  await receiver.close()
})

interface Starting {
  readonly shards?: number
  readonly env?: Record<string, string>
  readonly port?: number
  /** Longer than a busy machine keeps a process waiting, unless the claim is to be lost: a relay that lost it rightly sends again. */
  readonly claimMs?: number
}

function startRelay(targets: readonly object[], { shards = 1, env = {}, port = valkey.port, claimMs = 5000 }: Starting = {}) {
  const client = new Redis({ port, maxRetriesPerRequest: 0, retryStrategy: () => 50 })
  client.on('error', () => {})
  const events: RelayEvent[] = []
  const relay = new Relay({
    ...{ client, shards: allShards(shards), targets: readRelayConfig({ targets }, env), clock: systemClock },
    ...{ say: (event: RelayEvent) => events.push(event), pollMs: 10, claimMs, wait: () => 20 },
  })
  relay.start()
  const stop = async () => {
    await relay.stop(500)
    client.disconnect()
  }
  ending.push(stop)
  return { relay, events, stop }
}

const hook = (name: string, url: string = receiver.url) => ({ type: 'webhook', name, url })
const until = (isSo: () => unknown) => vi.waitUntil(isSo, { timeout: 10_000, interval: 5 })

test('a transition arrives, signed, with how many services are affected, and the position is kept', async () => {
  await redis.zadd('{health}:services', Date.now(), 'geocoding', Date.now(), 'mailer')
  startRelay([{ ...hook('ours'), secretEnv: 'SECRET' }], { env: { SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' } })
  await until(async () => (await redis.hget('{health}:relay:ours', 'cursor')) !== null)
  const id = await writeTransition(redis)
  await until(() => receiver.received.length > 0)
  const { headers, body } = receiver.received[0]!
  expect(headers).toMatchObject({
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'webhook-id': id,
    'webhook-timestamp': expect.stringMatching(/^\d{10}$/),
    'webhook-signature': expect.stringMatching(/^v1,\S{44}$/),
  })
  expect(JSON.parse(body)).toMatchObject({ id, data: { relay: { text: { services: '1 of 3 services' } } } })
  await until(async () => id.endsWith(String(await redis.hget('{health}:relay:ours', 'cursor'))))
  expect(JSON.parse((await redis.hget('{health}:relay:ours:told', 'a1'))!)).toMatchObject({ told: [{ type: 'fired' }] })
})

test('a target that hangs delays no other', async () => {
  const hanging = await startReceiver()
  ending.push(() => hanging.close())
  hanging.answer = () => undefined
  startRelay([hook('hanging', hanging.url), hook('well')])
  for (let i = 0; i < 100; i++) await writeTransition(redis, { alert_id: `a${i}` })
  const began = performance.now()
  await until(() => receiver.ids.length === 100)
  expect(performance.now() - began).toBeLessThan(5000)
  await until(() => new Set(hanging.received.map(({ headers }) => headers['webhook-id'])).size === 8)
})

test('who is told later hears what others were told', async () => {
  const { stop } = startRelay([hook('first')])
  await writeTransition(redis)
  await until(async () => (await redis.hlen('{health}:relay:first:told')) === 1)
  await stop()
  startRelay([hook('first'), hook('second')])
  await until(() => receiver.received.length === 2)
  expect(JSON.parse(receiver.received[1]!.body)).toMatchObject({
    type: 'com.otel-health.alert.fired',
    data: { relay: { told: [{ target: 'first', told: [{ type: 'fired', severity: 'WARNING' }] }] } },
  })
})

test('two relays pass on once; who stops gives the other its turn at once', async () => {
  const first = startRelay([hook('ours')])
  const second = startRelay([hook('ours')])
  await until(() => [first, second].some(({ events }) => events.length > 0))
  for (let i = 0; i < 20; i++) await writeTransition(redis, { alert_id: `a${i}` })
  await until(() => receiver.ids.length === 20)
  const [holder, other] = first.events.length > 0 ? [first, second] : [second, first]
  expect(other.events).toEqual([])
  await holder.stop()
  await writeTransition(redis, { alert_id: 'after' })
  await until(() => receiver.ids.length === 21)
  expect(receiver.received).toHaveLength(21)
})

test('with shards, each shard is passed on, by whoever has claimed it', async () => {
  const relays = [startRelay([hook('ours')], { shards: 4 }), startRelay([hook('ours')], { shards: 4 })]
  const services = Array.from({ length: 20 }, (_, i) => `service-${i}`)
  await until(async () => (await redis.keys('{health:*}:relay:ours')).length === 4)
  const ids: string[] = []
  for (const service of services) ids.push(await writeTransition(redis, { service, alert_id: service }, shardOf(service, 4).shard, 4))
  await until(() => receiver.ids.length === 20)
  expect(receiver.received).toHaveLength(20)
  expect(new Set(receiver.ids)).toEqual(new Set(ids))
  const text = (JSON.parse(receiver.received.at(-1)!.body) as { data: { relay: { services: { known: number } } } }).data.relay.services
  expect(text.known).toBeGreaterThan(1)
  expect(relays.flatMap(({ events }) => events.map(({ event }) => event))).toContain('claimed')
})

test('a Redis that is killed and comes back empty: said once each, and what is written then arrives', async () => {
  let server = await startValkey()
  ending.push(() => server.stop())
  const { port } = server
  const { events } = startRelay([hook('ours')], { port })
  await until(() => events.length > 0)
  await server.stop()
  await until(() => events.some(({ event }) => event === 'redis_down'))
  server = await startValkey({ port })
  const client = new Redis(port)
  const id = await writeTransition(client)
  client.disconnect()
  await until(() => receiver.received.length === 1)
  expect(receiver.received[0]!.headers['webhook-id']).toBeOneOf([id, expect.stringMatching(/-a1-1$/)])
  expect(events.map(({ event }) => event).filter((event) => event.startsWith('redis'))).toEqual(['redis_down', 'redis_up'])
})

test('a Redis that freezes: what was written before arrives when it goes on, once', async () => {
  const { events } = startRelay([hook('ours')], { claimMs: 400 })
  await until(() => events.length > 0)
  const id = await writeTransition(redis)
  await redis.client('PAUSE', 700, 'ALL')
  await until(() => receiver.ids.includes(id))
  await redis.ping()
  expect(receiver.received).toHaveLength(1)
})

test('a Redis that was emptied: what it says then is passed on', async () => {
  const { events } = startRelay([hook('ours')])
  await writeTransition(redis)
  await until(() => receiver.ids.length === 1)
  await redis.flushall()
  await until(() => events.some(({ event }) => event === 'memory_lost'))
  const id = await writeTransition(redis, { type: 'updated', cause: 'memory_lost' })
  await until(() => receiver.ids.length === 2)
  expect(receiver.ids[1]).toBe(id)
  expect(await redis.hlen('{health}:relay:ours:told')).toBe(1)
})

test('a Redis that refuses (a key of a wrong type) is said once, and mended by itself', async () => {
  await redis.set('{health}:alerts', 'no stream')
  const { events } = startRelay([hook('ours')])
  await until(() => events.some(({ event }) => event === 'redis_down'))
  await redis.del('{health}:alerts')
  await writeTransition(redis)
  await until(() => receiver.ids.length === 1)
  expect(events.map(({ event }) => event)).toEqual(['redis_down', 'redis_up', 'claimed'])
})

test('a relay that stood still while another took over sends nothing of what that one has sent', async () => {
  // Longer than a busy machine keeps a process waiting: only who is stopped may lose its claim, or a transition is rightly sent twice.
  const relays = new RelayProcesses(valkey.port, [hook('ours')], {}, 3000)
  ending.push(() => relays.stop())
  relays.start()
  relays.start()
  await until(async () => (await redis.hget('{health}:relay:ours', 'cursor')) !== null)
  const claim = '{health}:relay:ours:claim'
  const written: string[] = []
  for (let round = 0; round < 3; round++) {
    const before = await redis.get(claim)
    const thaw = await relays.freezeHolder('ours')
    await until(async () => ![null, before].includes(await redis.get(claim)))
    for (let i = 0; i < 10; i++) written.push(await writeTransition(redis, { alert_id: `a${round}-${i}` }))
    // Noted as well: what was only sent, the next one sends again.
    await until(async () => written.at(-1)!.endsWith(String(await redis.hget('{health}:relay:ours', 'cursor'))))
    thaw()
  }
  written.push(await writeTransition(redis, { alert_id: 'last' }))
  await until(() => receiver.ids.length === written.length)
  expect(new Set(receiver.ids)).toEqual(new Set(written))
  expect(receiver.received).toHaveLength(written.length)
}, 60_000)

test('relays are killed one after the other: each transition arrives, the second of an id is known by it, in order for each alert', async () => {
  const random = seeded(7)
  receiver.answer = () => ({ status: random() < 0.03 ? 503 : 200 })
  const relays = new RelayProcesses(valkey.port, [hook('ours')])
  ending.push(() => relays.stop())
  relays.start()
  relays.start()
  // A new target hears of what is open and then of what happens: from here on, of everything.
  await until(async () => (await redis.hget('{health}:relay:ours', 'cursor')) !== null)
  const outcome = await killWhileWriting({ redis, relays, receiver, target: 'ours', kills: 6, alerts: 10, patienceMs: 15_000, random })
  expect(relays.kills).toBe(6)
  expect(outcome.written).toBeGreaterThan(100)
}, 60_000)
