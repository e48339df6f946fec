import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { systemClock } from '../../src/clock.ts'
import { RedisExporter } from '../../src/publish/redis-exporter.ts'
import { follow, type Follower } from '../../src/subscribe/follow.ts'
import type { HealthMessage } from '../../src/wire/message.ts'
import { snapshotOf, transitionOf } from '../wire/fixtures.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

let valkey: EmbeddedValkey
let client: Redis
let exporter: RedisExporter
const cleanups: (() => unknown)[] = []

beforeAll(async () => {
  valkey = await startValkey()
  client = new Redis({ port: valkey.port })
})
afterAll(async () => {
  client.disconnect()
  await valkey.stop()
})
beforeEach(async () => {
  await client.flushall()
  exporter = new RedisExporter({
    target: { host: '127.0.0.1', port: valkey.port },
    clock: systemClock,
    service: 'tracker_fetcher',
    instance: '4f2c',
    publishingIntervalMs: 30_000,
    retentionMs: 86_400_000,
  })
  await exporter.load(1000)
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
  await exporter.stop(snapshotOf({ phase: 'stopped' }), 0)
})

interface Reader {
  readonly follower: Follower
  readonly subscriber: Redis
  readonly clock: VirtualClock
  readonly heard: HealthMessage[]
  /** Resolves once what is known fulfils the condition. */
  until(condition: () => boolean): Promise<void>
}

async function reader(): Promise<Reader> {
  const subscriber = new Redis({ port: valkey.port, protocol: 2, retryStrategy: () => 1 })
  const clock = new VirtualClock()
  const heard: HealthMessage[] = []
  let wake = Promise.withResolvers<void>()
  const follower = await follow({
    client,
    subscriber,
    clock,
    onMessage: (message) => heard.push(message),
    onView: () => {
      wake.resolve()
      wake = Promise.withResolvers()
    },
  })
  cleanups.push(
    () => follower.close(),
    () => subscriber.disconnect(),
  )
  return {
    ...{ follower, subscriber, clock, heard },
    async until(condition) {
      while (!condition()) await wake.promise
    },
  }
}

const seqs = (heard: readonly HealthMessage[]) => heard.flatMap((message) => (message.channel === 'alerts' ? [message.seq] : []))
const open = ({ view }: Follower) => view.alerts.map(({ alert_id }) => alert_id).toSorted()

test('who joins late knows what is open and who is alive, and hears what comes', async () => {
  exporter.transition(transitionOf('fired', { id: 'a1' }))
  exporter.transition(transitionOf('fired', { id: 'a2' }))
  exporter.status(snapshotOf())
  await client.ping()
  const late = await reader()
  await late.until(() => late.follower.view.services.length === 1)
  expect(open(late.follower)).toEqual(['a1', 'a2'])
  exporter.transition(transitionOf('resolved', { id: 'a1' }))
  exporter.status(snapshotOf({ reasons: ['new'] }))
  await late.until(() => late.heard.length === 2)
  expect(open(late.follower)).toEqual(['a2'])
  expect(late.follower.view.services[0]!.instances[0]!.status?.reasons).toEqual(['new'])
  expect(seqs(late.heard)).toEqual([3])
})

test('a message that was lost is read from the stream, in order', async () => {
  const one = await reader()
  exporter.transition(transitionOf('fired', { id: 'a1' }))
  await one.until(() => one.heard.length === 1)
  await one.subscriber.unsubscribe('health:system:alerts')
  exporter.transition(transitionOf('fired', { id: 'a2' }))
  exporter.transition(transitionOf('resolved', { id: 'a2' }))
  await expect.poll(() => client.xlen('{health}:alerts'), { interval: 5 }).toBe(3)
  await one.subscriber.subscribe('health:system:alerts')
  exporter.transition(transitionOf('fired', { id: 'a3' }))
  await one.until(() => seqs(one.heard).length === 4)
  expect(seqs(one.heard)).toEqual([1, 2, 3, 4])
  expect(open(one.follower)).toEqual(['a1', 'a3'])
  expect(one.follower.stats).toMatchObject({ gaps: 1, restarts: 0 })
})

test('the last message of all, lost, is noticed at the next look', async () => {
  const one = await reader()
  await one.subscriber.unsubscribe('health:system:alerts')
  exporter.transition(transitionOf('fired', { id: 'a1' }))
  await expect.poll(() => client.xlen('{health}:alerts'), { interval: 5 }).toBe(1)
  one.clock.advance(5000)
  await one.until(() => seqs(one.heard).length === 1)
  expect(open(one.follower)).toEqual(['a1'])
})

test('a server that lost its memory begins a new epoch, and so does the reader', async () => {
  const one = await reader()
  for (const id of ['a1', 'a2']) exporter.transition(transitionOf('fired', { id }))
  await one.until(() => seqs(one.heard).length === 2)
  await client.flushall()
  exporter.transition(transitionOf('fired', { id: 'a3' }))
  await one.until(() => seqs(one.heard).length === 3)
  expect(seqs(one.heard)).toEqual([1, 2, 1])
  await one.until(() => open(one.follower).length === 1)
  expect(one.follower.view.seq).toBe(1)
  expect(one.follower.stats.restarts).toBe(1)
})

test('a connection that was cut comes back and nothing is missing', async () => {
  const one = await reader()
  await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
  exporter.transition(transitionOf('fired', { id: 'a1' }))
  await one.until(() => seqs(one.heard).length === 1)
  await expect.poll(() => client.pubsub('NUMSUB', 'health:system:alerts'), { interval: 5 }).toEqual(['health:system:alerts', 1])
  exporter.transition(transitionOf('fired', { id: 'a2' }))
  await one.until(() => seqs(one.heard).length === 2)
})

test('what is no message is counted, and harms nothing', async () => {
  const one = await reader()
  await client.publish('health:system:alerts', '{"v":1')
  await client.publish('health:service:tracker_fetcher:status', 'x'.repeat(100_000))
  exporter.status(snapshotOf())
  await one.until(() => one.heard.length === 1)
  expect(one.follower.stats.bad).toBe(2)
})

test('a status that was held up on its way does not replace a newer one', async () => {
  const one = await reader()
  exporter.status(snapshotOf({ at: Date.UTC(2026, 10, 22, 11), reasons: ['new'] }))
  exporter.status(snapshotOf({ at: Date.UTC(2026, 10, 22, 10), reasons: ['old'] }))
  exporter.metrics(snapshotOf())
  await one.until(() => one.heard.length === 2)
  expect(one.follower.view.services[0]!.instances[0]!.status?.reasons).toEqual(['new'])
})

test('an instance that stops is gone from the view', async () => {
  const one = await reader()
  exporter.status(snapshotOf())
  await one.until(() => one.follower.view.services.length === 1)
  await exporter.stop(snapshotOf({ phase: 'stopped' }), 1000)
  await one.until(() => one.follower.view.services.length === 0)
  expect(one.heard.at(-1)).toMatchObject({ channel: 'status', phase: 'stopped' })
})
