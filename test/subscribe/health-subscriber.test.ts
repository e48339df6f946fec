import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import type { HealthEvent, ToldEvent } from '../../src/subscribe/health-event.ts'
import { HealthSubscriber, type HealthSubscriberOptions } from '../../src/subscribe/health-subscriber.ts'
import { createReader } from '../../src/wire/redis-client.ts'
import { forgedText, RedisRecord, statusText } from './record.ts'

let valkey: EmbeddedValkey
let redis: Redis
let record: RedisRecord
const cleanups: (() => unknown)[] = []

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
  record = new RedisRecord(redis)
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

interface Reader {
  readonly subscriber: HealthSubscriber
  readonly listening: Redis
  readonly told: ToldEvent[]
}

async function reader(options: Partial<HealthSubscriberOptions> = {}): Promise<Reader> {
  const client = (await createReader({ host: '127.0.0.1', port: valkey.port }, { timeoutMs: 2000, reconnect: true })) as Redis
  const listening = (await createReader({ host: '127.0.0.1', port: valkey.port }, { timeoutMs: 2000, reconnect: true })) as Redis
  for (const each of [client, listening]) {
    each.on('error', () => {})
    cleanups.push(() => each.disconnect())
    await each.connect()
  }
  const subscriber = new HealthSubscriber({ client, subscriber: listening, viewMs: 1, ...options } as HealthSubscriberOptions)
  const told: ToldEvent[] = []
  for (const kind of ['message', 'gap', 'epoch', 'connection'] as const) subscriber.on(kind, (event) => told.push(event))
  await subscriber.start()
  cleanups.push(() => subscriber.stop())
  return { subscriber, listening, told }
}

const poll = <T>(look: () => T) => expect.poll(look, { interval: 2, timeout: 8000 })
const seqs = (told: readonly HealthEvent[]) =>
  told.flatMap((event) => (event.kind === 'message' && event.message.channel === 'alerts' ? [event.message.seq] : []))
const gaps = (told: readonly HealthEvent[]) => told.filter(({ kind }) => kind === 'gap')
const open = ({ view }: HealthSubscriber) => view.alerts.map(({ alert_id }) => alert_id).toSorted()
const alive = ({ view }: HealthSubscriber) => view.services.map(({ service }) => service)

describe('transitions', () => {
  test('who joins late knows what is open and who is alive, and hears what comes', async () => {
    await record.tell({ id: 'a1' })
    await record.tell({ id: 'a2' })
    await record.beat({ service: 'mailer' })
    const { subscriber, told } = await reader()
    expect([open(subscriber), alive(subscriber), subscriber.view.seq]).toEqual([['a1', 'a2'], ['mailer'], 2])
    await record.tell({ id: 'a1', type: 'resolved' })
    await record.beat({ status: 'degraded' })
    await poll(() => subscriber.view.services[0]?.instances[0]?.status?.status).toBe('degraded')
    await poll(() => seqs(told)).toEqual([3])
    expect(open(subscriber)).toEqual(['a2'])
  })

  test('a message that was lost is read from the stream, in order', async () => {
    const { subscriber, told, listening } = await reader()
    await record.tell({ id: 'a1' })
    await poll(() => seqs(told)).toEqual([1])
    await listening.unsubscribe('health:system:alerts')
    await record.tell({ id: 'a2' })
    await record.tell({ id: 'a2', type: 'resolved' })
    await listening.subscribe('health:system:alerts')
    await record.tell({ id: 'a3' })
    await poll(() => seqs(told)).toEqual([1, 2, 3, 4])
    expect(open(subscriber)).toEqual(['a1', 'a3'])
  })

  test('the last message of all, lost, is noticed within a second', async () => {
    const { subscriber, told, listening } = await reader()
    await listening.unsubscribe('health:system:alerts')
    await record.tell({ id: 'a1' })
    await poll(() => seqs(told)).toEqual([1])
    expect(open(subscriber)).toEqual(['a1'])
  })

  test('a connection that was cut comes back, and nothing is missing', async () => {
    const { told } = await reader()
    await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub')
    await record.tell({ id: 'a1' })
    await poll(() => seqs(told)).toEqual([1])
    await record.tell({ id: 'a2' })
    await poll(() => seqs(told)).toEqual([1, 2])
    expect(told.filter(({ kind }) => kind === 'gap')).toEqual([])
  })

  test('what the stream no longer holds is a gap, and what it did is known all the same', async () => {
    const { subscriber, told } = await reader()
    await record.tell({ id: 'a1' })
    await poll(() => seqs(told)).toEqual([1])
    await record.tellAndTrim({ id: 'a1', type: 'resolved' }, { id: 'a2' })
    await record.tell({ id: 'a3' })
    await poll(() => seqs(told)).toEqual([1, 4])
    const { epoch } = subscriber.view
    expect(gaps(told)).toEqual([{ kind: 'gap', shard: 0, epoch, from: 2, to: 3, missed: 2 }])
    await poll(() => open(subscriber)).toEqual(['a2', 'a3'])
  })

  test('what it no longer holds at its end is a gap, too, within a second', async () => {
    const { subscriber, told } = await reader()
    await record.tellAndTrim({ id: 'a1' }, { id: 'a2' })
    await poll(() => gaps(told)).toMatchObject([{ from: 1, to: 2, missed: 2 }])
    await poll(() => open(subscriber)).toEqual(['a1', 'a2'])
    await record.tell({ id: 'a3' })
    await poll(() => seqs(told)).toEqual([3])
    expect(gaps(told)).toHaveLength(1)
  })

  test('an entry that is no transition, or of a version to come, is a gap', async () => {
    const { subscriber, told } = await reader()
    await record.tell({ id: 'a1' })
    const message = await record.tell({ id: 'a2' })
    await poll(() => seqs(told)).toEqual([1, 2])
    const { id } = JSON.parse(message) as { id: string }
    await redis.hset('{health}:meta', 'seq', 3)
    await redis.xadd('{health}:alerts', `${id.split('-')[0]!}-3`, 'd', message.replace('"v":1', '"v":2'))
    await record.tell({ id: 'a4' })
    await poll(() => seqs(told)).toEqual([1, 2, 4])
    expect(gaps(told)).toMatchObject([{ from: 3, to: 3, missed: 1 }])
    expect(subscriber.stats.unreadable).toBe(1)
  })
})

describe('another epoch', () => {
  const epochs = (told: readonly HealthEvent[]) => told.filter(({ kind }) => kind === 'epoch')

  test('a server that lost its memory begins anew, and so does the reader', async () => {
    const { subscriber, told } = await reader()
    for (const id of ['a1', 'a2']) await record.tell({ id })
    await record.beat()
    await poll(() => seqs(told)).toEqual([1, 2])
    await redis.flushall()
    await new RedisRecord(redis, { epoch: 'new' }).tell({ id: 'a3' })
    await poll(() => seqs(told)).toEqual([1, 2, 1])
    await poll(() => [open(subscriber), alive(subscriber)]).toEqual([['a3'], ['mailer']])
    expect([subscriber.view.epoch, subscriber.view.seq, subscriber.stats.epochs]).toEqual(['new', 1, 1])
    expect(epochs(told)).toMatchObject([{ to: 'new' }])
    expect(subscriber.view.services[0]).toEqual({ service: 'mailer', lastBeatAt: undefined, instances: [] })
    expect(gaps(told)).toEqual([])
  })

  test('nobody has told anything since: the loss itself is noticed within a second', async () => {
    await record.tell({ id: 'a1' })
    const { subscriber, told } = await reader()
    await redis.flushall()
    await poll(() => epochs(told)).toMatchObject([{ to: null }])
    await poll(() => [open(subscriber), subscriber.view.seq]).toEqual([[], 0])
    await record.tell({ id: 'a2' })
    await poll(() => seqs(told)).toEqual([1])
    expect(gaps(told)).toEqual([])
  })

  test('of the old epoch what the stream still holds is told first', async () => {
    const { told, listening } = await reader()
    await record.tell({ id: 'a1' })
    await poll(() => seqs(told)).toEqual([1])
    await listening.unsubscribe('health:system:alerts')
    await record.tell({ id: 'a2' })
    await redis.hdel('{health}:meta', 'epoch', 'seq')
    // An id is never below the one before.
    await redis.hincrby('{health}:meta', 'ms', 1)
    const anew = new RedisRecord(redis, { epoch: 'new' })
    await anew.tell({ id: 'a3' })
    await anew.tell({ id: 'a4' })
    await poll(() => seqs(told)).toEqual([1, 2, 1, 2])
    expect(told.map(({ kind }) => kind).filter((kind) => kind !== 'connection')).toEqual([
      'message',
      'message',
      'epoch',
      'message',
      'message',
    ])
  })

  test('a clock that went back with the memory hides nothing', async () => {
    await redis.hset('{health}:meta', { epoch: 'old', seq: 5, ms: 9_000_000_000_000 })
    const { told } = await reader()
    await redis.flushall()
    const anew = new RedisRecord(redis, { epoch: 'new' })
    for (const id of ['a1', 'a2']) await anew.tell({ id })
    await poll(() => seqs(told)).toEqual([1, 2])
    expect(gaps(told)).toEqual([])
  })

  test('numbers that went back in the same epoch: part of the memory was lost', async () => {
    const { told } = await reader()
    for (const id of ['a1', 'a2', 'a3']) await record.tell({ id })
    await poll(() => seqs(told)).toEqual([1, 2, 3])
    await redis.hset('{health}:meta', 'seq', 1)
    await record.tell({ id: 'a4' })
    await poll(() => seqs(told)).toEqual([1, 2, 3, 2])
    const { epoch } = JSON.parse(await record.tell({ id: 'a5' })) as { epoch: string }
    expect(epochs(told)).toEqual([{ kind: 'epoch', shard: 0, from: epoch, to: epoch }])
  })
})

describe('what anybody may publish', () => {
  test('forged transitions tell nothing and hide nothing', async () => {
    const { subscriber, told } = await reader()
    const first = await record.tell({ id: 'a1' })
    const { epoch } = JSON.parse(first) as { epoch: string }
    for (const [i, forged] of [
      { seq: 2 },
      { seq: 1_000_000 },
      { seq: 1 },
      { seq: 0, id: '9999999999999-0' },
      { seq: 1, epoch: 'other' },
      { seq: 7, epoch },
    ].entries()) {
      await record.say('health:system:alerts', forgedText(first, forged))
      await record.tell({ id: `b${i}` })
    }
    await poll(() => seqs(told)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(told.filter(({ kind }) => kind !== 'message' && kind !== 'connection')).toEqual([])
    expect(
      told.filter((event) => event.kind === 'message' && event.message.channel === 'alerts' && event.message.message === 'forged'),
    ).toEqual([])
    expect(subscriber.view.seq).toBe(7)
  })

  test('a forged status changes nothing that is known', async () => {
    await record.beat()
    const { subscriber, told } = await reader()
    const channel = 'health:service:mailer:status'
    await record.say(channel, statusText({ status: 'unhealthy' }))
    await record.say(channel, statusText({ phase: 'stopped' }))
    await record.say(channel, statusText({ instance: 'nobody' }))
    await record.say('health:service:stranger:status', statusText({ service: 'stranger' }))
    await record.say(channel, statusText({ at: Date.now() + 3_600_000 }))
    await record.say('health:service:mailer:metrics', 'x'.repeat(100_000))
    await record.beat({ service: 'other' })
    await poll(() => alive(subscriber)).toEqual(['mailer', 'other'])
    expect(subscriber.view.services[0]!.instances).toMatchObject([{ instance: 'a', status: { status: 'healthy', phase: 'running' } }])
    expect(subscriber.stats).toMatchObject({ bad: 1, future: 1 })
    // It was said, and whoever listens hears it.
    expect(told.filter(({ kind }) => kind === 'message')).toHaveLength(5)
  })

  test('a clock that is known to be ahead sends no messages of the future', async () => {
    await record.beat({ aheadMs: 3_600_000 })
    const { subscriber, told } = await reader()
    await record.beat({ aheadMs: 3_600_000 })
    await poll(() => told.filter(({ kind }) => kind === 'message')).toHaveLength(1)
    expect(Math.round(subscriber.view.services[0]!.instances[0]!.skewMs! / 100)).toBe(36_000)
  })

  test('an instance that stops is gone from the view, and its service stays', async () => {
    await record.beat({ instance: 'a' })
    await record.beat({ service: 'other' })
    const { subscriber } = await reader()
    await record.beat({ phase: 'stopped' })
    await poll(() => subscriber.view.services.map(({ service, instances }) => [service, instances.length])).toEqual([
      ['mailer', 0],
      ['other', 1],
    ])
    expect(subscriber.view.problems).toBeUndefined()
  })
})

describe('a server that does not answer', () => {
  test('is noticed within seconds, and again when it answers', async () => {
    const frozen = await startValkey()
    cleanups.push(() => frozen.stop())
    const other = new Redis(frozen.port)
    cleanups.push(() => other.disconnect())
    const there = new RedisRecord(other)
    await there.beat()
    const subscriber = new HealthSubscriber({ connection: { host: '127.0.0.1', port: frozen.port }, timeoutMs: 500, refreshMs: 200 })
    cleanups.push(() => subscriber.stop())
    await subscriber.start()
    expect(subscriber.connection).toEqual({ state: 'connected' })
    expect(subscriber.view.staleSince).toBeUndefined()
    const before = Date.now()
    frozen.kill('SIGSTOP')
    await poll(() => subscriber.connection.state).toBe('stale')
    expect(subscriber.view.staleSince).toBeGreaterThanOrEqual(before - 1500)
    expect(subscriber.view.staleSince).toBeLessThanOrEqual(Date.now())
    expect(alive(subscriber)).toEqual(['mailer'])
    frozen.kill('SIGCONT')
    await poll(() => subscriber.connection.state).toBe('connected')
    const told: number[] = []
    subscriber.on('message', ({ message }) => message.channel === 'alerts' && told.push(message.seq))
    await there.tell({ id: 'a1' })
    await poll(() => told).toEqual([1])
  })

  test('at the start is an error', async () => {
    await expect(new HealthSubscriber({ connection: { host: '127.0.0.1', port: 1 } }).start()).rejects.toThrow('ECONNREFUSED')
  })
})

describe('the iterator', () => {
  test('yields what is told, in order, until the subscriber is stopped', async () => {
    const { subscriber } = await reader()
    const events: HealthEvent[] = []
    const iterator = subscriber[Symbol.asyncIterator]()
    const done = (async () => {
      for await (const event of iterator) events.push(event)
    })()
    for (const id of ['a1', 'a2', 'a3']) await record.tell({ id })
    await poll(() => seqs(events)).toEqual([1, 2, 3])
    await poll(() => events.some((event) => event.kind === 'view' && event.view.seq === 3)).toBe(true)
    await subscriber.stop()
    await done
    expect(events.map(({ kind }) => kind)).not.toContain('overflow')
  })

  test('tells a slow reader how much it has missed, and goes on', async () => {
    const { subscriber, told } = await reader({ buffer: 3 })
    const iterator = subscriber[Symbol.asyncIterator]()
    for (const id of ['a1', 'a2', 'a3', 'a4', 'a5', 'a6']) await record.tell({ id })
    await poll(() => seqs(told)).toHaveLength(6)
    const events: HealthEvent[] = []
    while (!events.some(({ kind }) => kind === 'overflow')) events.push((await iterator.next()).value!)
    expect(seqs(events)).toEqual([1, 2, 3])
    expect(events.at(-1)).toEqual({ kind: 'overflow', events: 3, transitions: 3 })
    await record.tell({ id: 'a7' })
    const later: HealthEvent[] = []
    while (seqs(later).length === 0) later.push((await iterator.next()).value!)
    expect(seqs(later)).toEqual([7])
    await iterator.return!()
    expect((await iterator.next()).done).toBe(true)
  })
})

describe('with shards', () => {
  test('every shard is followed by itself', async () => {
    record = new RedisRecord(redis, { shards: 4 })
    const services = ['mailer', 'geocoding', 'fetcher', 'aggregator', 'fence', 'archive']
    await record.tell({ id: 'old', service: 'mailer' })
    const { subscriber, told } = await reader({ shards: 4 })
    for (const service of services) {
      await record.beat({ service })
      await record.tell({ id: service, service })
    }
    await poll(() => alive(subscriber)).toEqual(services.toSorted())
    await poll(() => seqs(told)).toHaveLength(services.length)
    expect(open(subscriber)).toEqual([...services, 'old'].toSorted())
    // A service is known before its instances are.
    await poll(() => subscriber.view.services.map(({ instances }) => instances.length)).toEqual(services.map(() => 1))
    expect(subscriber.stats).toMatchObject({ gaps: 0, bad: 0 })
  })
})
