/** Queues in a real Redis, over both versions of its protocol, and when they are read. */
import { setImmediate } from 'node:timers/promises'

import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import type { EmbeddedValkey } from '../../../examples/valkey/start-valkey.ts'
import { startValkey } from '../../../examples/valkey/start-valkey.ts'
import type { QueueTarget } from '../../../src/config/targets.ts'
import type { Command, CommandClient, Reply } from '../../../src/instrument/queues/command-client.ts'
import type { QueueReading } from '../../../src/instrument/queues/queue-reading.ts'
import type { QueueReadings } from '../../../src/instrument/queues/queues.ts'
import { QueueReader, watchQueues } from '../../../src/instrument/queues/queues.ts'
import { diagLines } from '../../contracts/diag-lines.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const NOW = Date.UTC(2026, 10, 22, 10)

let valkey: EmbeddedValkey
beforeAll(async () => {
  valkey = await startValkey()
})
afterAll(() => valkey.stop())

/** Sends what it is given to Redis and remembers it, one entry per round trip. */
function recordingClient(redis: Redis): CommandClient & { readonly trips: (readonly Command[])[] } {
  const trips: (readonly Command[])[] = []
  return {
    trips,
    async pipeline(commands) {
      trips.push(commands)
      const replies = await redis.pipeline(commands.map(([name, ...args]) => ['call', name, ...args])).exec()
      return replies ?? []
    },
  }
}

describe.for([2, 3] as const)('over RESP%i', (protocol) => {
  let redis: Redis
  beforeAll(() => {
    redis = new Redis({ port: valkey.port, host: '127.0.0.1', protocol })
  })
  beforeEach(async () => {
    await redis.flushall()
  })
  afterAll(() => {
    redis.disconnect()
  })

  const read = (queues: Record<string, QueueTarget>, clock = new VirtualClock(NOW)) =>
    new QueueReader(recordingClient(redis), queues, clock).read()

  interface Row {
    readonly why: string
    readonly fill: () => Promise<unknown>
    readonly queue: QueueTarget
    readonly found: QueueReading
  }
  const nothing = () => setImmediate()
  const due = (...ages: number[]): (string | number)[] => ages.flatMap((seconds) => [NOW - seconds * 1000, `tracker ${seconds}`])

  test.for<Row>([
    {
      why: 'all members of a list are due, and nobody knows since when',
      fill: () => redis.rpush('q', 'a', 'b', 'c'),
      queue: { key: 'q', type: 'list' },
      found: { due: 3 },
    },
    { why: 'a list that is not there is empty', fill: nothing, queue: { key: 'q', type: 'list' }, found: { due: 0 } },
    {
      why: 'all members of a set are due',
      fill: () => redis.sadd('q', 'a', 'b'),
      queue: { key: 'q', type: 'set' },
      found: { due: 2 },
    },
    {
      why: 'members of a sorted set are due from their score on',
      fill: () => redis.zadd('q', ...due(90, 0, -0.001, -3600)),
      queue: { key: 'q', type: 'zset' },
      found: { due: 2, scheduled: 2, oldestAgeSeconds: 90 },
    },
    {
      why: 'scores may be seconds',
      fill: () => redis.zadd('q', NOW / 1000 - 1.5, 'a', NOW / 1000 + 1, 'b'),
      queue: { key: 'q', type: 'zset', scores: 'seconds' },
      found: { due: 1, scheduled: 1, oldestAgeSeconds: 1.5 },
    },
    {
      why: 'where nothing is due yet, nothing is late',
      fill: () => redis.zadd('q', ...due(-60)),
      queue: { key: 'q', type: 'zset' },
      found: { due: 0, scheduled: 1, oldestAgeSeconds: 0 },
    },
    {
      why: 'a sorted set that is not there is empty',
      fill: nothing,
      queue: { key: 'q', type: 'zset' },
      found: { due: 0, scheduled: 0, oldestAgeSeconds: 0 },
    },
    {
      why: 'a score that is no time, as for "at once", is due but has no age',
      fill: () => redis.zadd('q', '-inf', 'a', 0, 'b', 7, 'c'),
      queue: { key: 'q', type: 'zset' },
      found: { due: 3, scheduled: 0 },
    },
    {
      why: 'of those that have a time the oldest counts',
      fill: () => redis.zadd('q', 0, 'at once', ...due(5, 30)),
      queue: { key: 'q', type: 'zset' },
      found: { due: 3, scheduled: 0, oldestAgeSeconds: 30 },
    },
    {
      why: 'a member may look like anything',
      fill: () => redis.zadd('q', NOW - 5000, '12,345\r\n🛰️'),
      queue: { key: 'q', type: 'zset' },
      found: { due: 1, scheduled: 0, oldestAgeSeconds: 5 },
    },
    {
      why: 'a stream that is not there is empty',
      fill: nothing,
      queue: { key: 'q', type: 'stream' },
      found: { due: 0, oldestAgeSeconds: 0 },
    },
    {
      why: 'a group of a stream that is not there has nothing to do',
      fill: nothing,
      queue: { key: 'q', type: 'stream', group: 'g' },
      found: { due: 0, leased: 0, oldestAgeSeconds: 0 },
    },
    {
      why: 'ids that a producer chose are no times',
      fill: () => redis.xadd('q', '5-1', 'a', '1'),
      queue: { key: 'q', type: 'stream' },
      found: { due: 1 },
    },
    {
      why: 'a BullMQ queue that is not there is empty',
      fill: nothing,
      queue: { bullmq: 'q' },
      found: { due: 0, scheduled: 0, leased: 0, failed: 0, oldestAgeSeconds: 0 },
    },
    {
      why: 'BullMQ 5 has the jobs of a paused queue in a list of their own, and the oldest is at its right',
      fill: async () => {
        await redis.lpush('bull:q:paused', 'old', 'new')
        await redis.hset('bull:q:old', 'timestamp', NOW - 60_000, 'opts', '{"attempts":0}')
        await redis.hset('bull:q:new', 'timestamp', NOW - 1000, 'opts', '{}')
      },
      queue: { bullmq: 'q' },
      found: { due: 2, scheduled: 0, leased: 0, failed: 0, oldestAgeSeconds: 60 },
    },
    {
      why: 'the markers of BullMQ 4 are no jobs',
      fill: () => redis.rpush('bull:q:wait', '0:1795381859064'),
      queue: { bullmq: 'q' },
      found: { due: 0, scheduled: 0, leased: 0, failed: 0, oldestAgeSeconds: 0 },
    },
    {
      why: 'behind a marker of BullMQ 4 the oldest job is found',
      fill: async () => {
        await redis.rpush('bull:q:wait', 'new', 'old', '0:1795381859064')
        await redis.hset('bull:q:old', 'timestamp', NOW - 60_000)
      },
      queue: { bullmq: 'q' },
      found: { due: 2, scheduled: 0, leased: 0, failed: 0, oldestAgeSeconds: 60 },
    },
    {
      why: 'a job that was delayed waits since its delay was over, and one that was begun since then',
      fill: async () => {
        await redis.rpush('bull:q:wait', 'again', 'late')
        await redis.hset('bull:q:late', 'timestamp', NOW - 3_600_000, 'delay', 0, 'opts', '{"delay":3590000}')
        await redis.hset('bull:q:again', 'timestamp', NOW - 3_600_000, 'processedOn', NOW - 20_000, 'opts', '{}')
      },
      queue: { bullmq: 'q' },
      found: { due: 2, scheduled: 0, leased: 0, failed: 0, oldestAgeSeconds: 20 },
    },
    {
      why: 'jobs whose data is gone have no age',
      fill: () => redis.rpush('bull:q:wait', 'gone'),
      queue: { bullmq: 'q' },
      found: { due: 1, scheduled: 0, leased: 0, failed: 0 },
    },
    {
      why: 'keys that match a pattern are one queue, and keys of another type are not meant',
      fill: async () => {
        await redis.zadd('jobs:eu:1', ...due(90, -60))
        await redis.zadd('jobs:us', ...due(30))
        await redis.set('jobs:lock', 'x')
        await redis.zadd('other', ...due(900))
      },
      queue: { key: 'jobs:*', type: 'zset' },
      found: { due: 2, scheduled: 1, oldestAgeSeconds: 90 },
    },
    {
      why: 'a pattern that no key matches is an empty queue',
      fill: nothing,
      queue: { key: 'jobs:*', type: 'list' },
      found: { due: 0 },
    },
    {
      why: 'in a pattern only * is special',
      fill: async () => {
        await redis.rpush('a?[b]\\1', 'x')
        await redis.rpush('axb1', 'x')
      },
      queue: { key: 'a?[b]\\*', type: 'list' },
      found: { due: 1 },
    },
  ])('$why', async ({ fill, queue, found }) => {
    await fill()
    const { readings, failures } = await read({ q: queue })
    expect([...failures]).toEqual([])
    expect(readings).toEqual({ q: found })
  })

  describe('a stream', () => {
    /** Which is wrong by decades. */
    const clock = new VirtualClock(0)
    const group: QueueTarget = { key: 's', type: 'stream', group: 'g' }
    const old = () => Date.now() - 60_000
    beforeEach(async () => {
      await redis.xadd('s', `${old()}-0`, 'n', '1')
      await redis.xgroup('CREATE', 's', 'g', '0')
    })
    const deliver = (entries: number) => redis.xreadgroup('GROUP', 'g', 'worker', 'COUNT', entries, 'STREAMS', 's', '>')
    /** Ages are told by the server's clock, so that they may be a little more. */
    const aboutSixty = expect.closeTo(60, -1) as number

    test('without a group is due as a whole, since its oldest entry, by the server’s clock', async () => {
      await redis.xadd('s', '*', 'n', '2')
      expect((await read({ s: { key: 's', type: 'stream' } }, clock)).readings).toEqual({ s: { due: 2, oldestAgeSeconds: aboutSixty } })
    })

    test('has due what its group was not given, since the oldest of it', async () => {
      await redis.xadd('s', '*', 'n', '2')
      expect((await read({ s: group }, clock)).readings).toEqual({ s: { due: 2, leased: 0, oldestAgeSeconds: aboutSixty } })
    })

    test('has leased what was not acknowledged, and that is the oldest', async () => {
      await redis.xadd('s', '*', 'n', '2')
      await deliver(1)
      expect((await read({ s: group }, clock)).readings).toEqual({ s: { due: 1, leased: 1, oldestAgeSeconds: aboutSixty } })
    })

    test('of which all is acknowledged has nothing old', async () => {
      await deliver(1)
      const [[id]] = (await redis.xrange('s', '-', '+')) as [[string, string[]]]
      await redis.xack('s', 'g', id)
      expect((await read({ s: group }, clock)).readings).toEqual({ s: { due: 0, leased: 0, oldestAgeSeconds: 0 } })
    })

    test('whose lag the server does not know has a known age and unknown size', async () => {
      const later = await redis.xadd('s', '*', 'n', '2')
      await redis.xadd('s', '*', 'n', '3')
      await redis.xdel('s', later!)
      expect((await read({ s: group }, clock)).readings).toEqual({ s: { leased: 0, oldestAgeSeconds: aboutSixty } })
    })

    test('without the group that is asked for is not known', async () => {
      const { readings, failures } = await read({ s: { key: 's', type: 'stream', group: 'h' } }, clock)
      expect(readings).toEqual({})
      expect(failures.get('s')).toMatch(/^NOGROUP/)
    })
  })

  test('all queues are read in one round trip', async () => {
    await redis.rpush('now', 'a')
    await redis.zadd('hot', ...due(30))
    const client = recordingClient(redis)
    const reader = new QueueReader(
      client,
      {
        now: { key: 'now', type: 'list' },
        hot: { key: 'hot', type: 'zset' },
        held: { key: 'held', type: 'set' },
        events: { key: 'events', type: 'stream' },
        mail: { bullmq: 'mail' },
      },
      new VirtualClock(NOW),
    )
    expect((await reader.read()).readings).toMatchObject({
      now: { due: 1 },
      hot: { due: 1 },
      held: { due: 0 },
      events: { due: 0 },
      mail: { due: 0 },
    })
    expect(client.trips).toHaveLength(1)
  })

  test('a queue that cannot be read keeps no other from being read', async () => {
    await redis.set('text', 'x')
    await redis.rpush('list', 'x')
    await redis.call('ACL', 'SETUSER', 'limited', 'reset', 'on', '>pw', '~*', '+llen', '+scard', '+zcard')
    const limited = new Redis({
      port: valkey.port,
      protocol,
      username: 'limited',
      password: 'pw',
      disableClientInfo: true,
      enableReadyCheck: false,
    })
    const { readings, failures } = await new QueueReader(
      recordingClient(limited),
      {
        list: { key: 'list', type: 'list' },
        wrong: { key: 'text', type: 'list' },
        denied: { key: 'z', type: 'zset' },
        mail: { bullmq: 'mail' },
        pattern: { key: 'a*', type: 'set' },
        set: { key: 's', type: 'set' },
      },
      new VirtualClock(NOW),
    ).read()
    limited.disconnect()
    expect(readings).toEqual({ list: { due: 1 }, set: { due: 0 } })
    expect(Array.from(failures, ([name, why]) => `${name}: ${why.split(' ')[0]}`).toSorted()).toEqual([
      'denied: NOPERM',
      'mail: NOPERM',
      'pattern: NOPERM',
      'wrong: WRONGTYPE',
    ])
  })

  test('a stream is read by whom TIME is denied', async () => {
    await redis.xadd('s', `${NOW - 5000}-0`, 'n', '1')
    await redis.call('ACL', 'SETUSER', 'limited', 'reset', 'on', '>pw', '~*', '+@read')
    const limited = new Redis({
      port: valkey.port,
      protocol,
      username: 'limited',
      password: 'pw',
      disableClientInfo: true,
      enableReadyCheck: false,
    })
    const reader = new QueueReader(recordingClient(limited), { s: { key: 's', type: 'stream' } }, new VirtualClock(NOW))
    expect((await reader.read()).readings).toEqual({ s: { due: 1, oldestAgeSeconds: 5 } })
    limited.disconnect()
  })

  test('keys of a pattern are looked for once a minute, and not by KEYS', async () => {
    for (let i = 0; i < 30; i++) await redis.rpush(`jobs:${i}`, 'x')
    const client = recordingClient(redis)
    const clock = new VirtualClock(NOW)
    const reader = new QueueReader(client, { jobs: { key: 'jobs:*', type: 'list' } }, clock)
    const dueAfter = async (ms: number): Promise<number | undefined> => {
      clock.advance(ms)
      return (await reader.read()).readings['jobs']?.due
    }
    const searches = () => client.trips.flat().filter(([name]) => name === 'SCAN').length
    expect(await dueAfter(0)).toBe(30)
    const first = searches()
    await redis.rpush('jobs:new', 'x')
    expect(await dueAfter(59_000)).toBe(30)
    expect(searches()).toBe(first)
    expect(await dueAfter(1000)).toBe(31)
    expect(searches()).toBeGreaterThan(first)
    expect(client.trips.flat().some(([name]) => name === 'KEYS')).toBe(false)
  })

  test('of more than 1,000 keys 1,000 are counted, and that is said once', async () => {
    const lines = diagLines()
    const fill = redis.pipeline()
    for (let i = 0; i < 3000; i++) fill.rpush(`jobs:${i}`, 'x')
    await fill.exec()
    const reader = new QueueReader(recordingClient(redis), { jobs: { key: 'jobs:*', type: 'list' } }, new VirtualClock(NOW))
    for (let i = 0; i < 3; i++) expect((await reader.read()).readings).toEqual({ jobs: { due: 1000 } })
    expect(lines).toEqual(['otel-health: queue "jobs" has more than 1000 keys; the first 1000 found are counted.'])
  })
})

test('a queue of BullMQ is read as BullMQ reads it, in two round trips', async () => {
  const redis = new Redis({ port: valkey.port })
  await redis.flushall()
  const queue = new Queue('mail', { connection: { host: '127.0.0.1', port: valkey.port }, prefix: 'app' })
  const at = (age: number) => ({ timestamp: NOW - age * 1000 })
  for (const age of [40, 30, 20]) await queue.add('letter', {}, at(age))
  await queue.add('at once', {}, { ...at(35), lifo: true })
  await queue.add('important', {}, { ...at(70), priority: 2 })
  await queue.add('tomorrow', {}, { ...at(10), delay: 86_400_000 })
  const target: QueueTarget = { bullmq: 'mail', prefix: 'app' }
  const client = recordingClient(redis)
  const read = async () => (await new QueueReader(client, { mail: target }, new VirtualClock(NOW)).read()).readings['mail']
  const { waiting, prioritized, delayed } = await queue.getJobCounts()
  const found = { due: waiting! + prioritized!, scheduled: delayed, leased: 0, failed: 0, oldestAgeSeconds: 70 }
  expect(found).toMatchObject({ due: 5, scheduled: 1 })
  expect(await read()).toEqual(found)
  expect(client.trips.map((commands) => new Set(commands.map(([name]) => name)))).toEqual([
    new Set(['LLEN', 'ZCARD', 'ZCOUNT', 'ZRANGE', 'LRANGE', 'HMGET']),
    new Set(['HMGET']),
  ])

  await queue.pause()
  await queue.add('overdue, and nobody moves it', {}, { ...at(100), delay: 5000 })
  expect(await read()).toEqual({ ...found, due: 6, oldestAgeSeconds: 95, paused: true })
  await queue.resume()
  expect(await read()).toEqual({ ...found, due: 6, oldestAgeSeconds: 95 })
  await queue.close()
  redis.disconnect()
})

describe('a watch', () => {
  /** Redis that answers when it is told. */
  function setUp(queues: Record<string, QueueTarget> = { q: { key: 'q', type: 'list' } }) {
    const clock = new VirtualClock()
    const lines = diagLines()
    const readings: QueueReadings[] = []
    let asked = 0
    let pending = Promise.withResolvers<readonly Reply[]>()
    const client: CommandClient = {
      pipeline() {
        asked++
        return (pending = Promise.withResolvers()).promise
      },
    }
    const cancel = watchQueues({ client, queues, clock, intervalMs: 5000, onReading: (reading) => readings.push(reading) })
    return {
      clock,
      lines,
      readings,
      cancel,
      asked: () => asked,
      answer: (...replies: (number | Error)[]) => {
        pending.resolve(replies.map((reply) => (typeof reply === 'number' ? [null, reply] : [reply])))
        return setImmediate()
      },
      fail: (error: unknown) => {
        pending.reject(error)
        return setImmediate()
      },
    }
  }

  test('reads at once and then every interval', async () => {
    const { clock, readings, answer } = setUp()
    await setImmediate()
    for (const size of [1, 2, 3]) {
      await answer(size)
      clock.advance(5000)
      await setImmediate()
    }
    expect(readings).toEqual([{ q: { due: 1 } }, { q: { due: 2 } }, { q: { due: 3 } }])
  })

  test('never reads twice at once', async () => {
    const { clock, asked, answer } = setUp()
    await setImmediate()
    clock.advance(60_000)
    expect(asked()).toBe(1)
    await answer(1)
    clock.advance(5000)
    await setImmediate()
    expect(asked()).toBe(2)
  })

  test('says that it fails when that begins, whatever it fails with', async () => {
    const { clock, lines, readings, answer, fail } = setUp()
    await setImmediate()
    for (const error of [new Error('Connection is closed.'), undefined, new Error('again')]) {
      await fail(error)
      clock.advance(5000)
      await setImmediate()
    }
    expect(lines).toEqual(['otel-health: queue sizes cannot be read from Redis:'])
    await answer(1)
    expect(readings).toHaveLength(1)
    clock.advance(5000)
    await setImmediate()
    await fail(new Error('gone'))
    expect(lines).toHaveLength(2)
  })

  test('says of each queue when it begins that it cannot be read, all that fail alike in one line', async () => {
    const list = { type: 'list' } as const
    const { clock, lines, readings, answer } = setUp({ a: { key: 'a', ...list }, b: { key: 'b', ...list }, c: { key: 'c', ...list } })
    const wrong = new Error('WRONGTYPE no list')
    for (const replies of [
      [1, wrong, wrong],
      [1, wrong, wrong],
      [new Error('NOPERM'), 2, wrong],
      [1, wrong, 3],
    ]) {
      await setImmediate()
      await answer(...replies)
      clock.advance(5000)
    }
    expect(lines).toEqual([
      'otel-health: not known from Redis: queue "b", queue "c" (WRONGTYPE no list).',
      'otel-health: not known from Redis: queue "a" (NOPERM).',
      'otel-health: not known from Redis: queue "b" (WRONGTYPE no list).',
    ])
    expect(readings).toEqual([{ a: { due: 1 } }, { a: { due: 1 } }, { b: { due: 2 } }, { a: { due: 1 }, c: { due: 3 } }])
  })

  test('that is cancelled takes no answer any more and says nothing of it', async () => {
    for (const end of ['answer', 'fail'] as const) {
      const { clock, lines, readings, cancel, asked, answer, fail } = setUp()
      await setImmediate()
      cancel()
      await (end === 'answer' ? answer(1) : fail(new Error('Connection is closed.')))
      clock.advance(60_000)
      expect(readings).toEqual([])
      expect(lines).toEqual([])
      expect(asked()).toBe(1)
    }
  })
})

test('of a cluster every master is asked for keys, and one that is lost ends the search', async () => {
  const node = (keys: readonly string[]): CommandClient => ({ pipeline: () => Promise.resolve([[null, ['0', keys]]]) })
  const masters: CommandClient[] = [node(['a1', 'a2']), node([]), node(['a3'])]
  const cluster: CommandClient = {
    pipeline: (commands) => Promise.resolve(commands.map(() => [null, 2])),
    masters: () => Promise.resolve(masters),
  }
  const read = () => new QueueReader(cluster, { a: { key: 'a*', type: 'list' } }, new VirtualClock()).read()
  expect((await read()).readings).toEqual({ a: { due: 6 } })
  masters[1] = { pipeline: () => Promise.reject(new Error('Connection is closed.')) }
  expect(await read()).toEqual({ readings: {}, failures: new Map([['a', 'Connection is closed.']]) })
  masters.length = 0
  expect((await read()).readings).toEqual({})
})

test('a keyspace too large to be searched within one interval is searched in several; until then nothing is known', async () => {
  let calls = 0
  const client: CommandClient = {
    pipeline(commands) {
      const search = commands[0]![0] === 'SCAN'
      if (search) calls++
      return Promise.resolve(commands.map(() => [null, search ? [calls < 120 ? String(calls) : '0', [`a${calls}`]] : 1]))
    },
  }
  const reader = new QueueReader(client, { a: { key: 'a*', type: 'list' } }, new VirtualClock())
  const found: unknown[] = []
  for (let i = 0; i < 4; i++) found.push((await reader.read()).readings)
  expect(found).toEqual([{}, {}, { a: { due: 120 } }, { a: { due: 120 } }])
  expect(calls).toBe(120)
})
