/** Sizes of queues in a real Redis, over both versions of its protocol. */
import { setImmediate } from 'node:timers/promises'

import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import type { EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { startValkey } from '../../examples/valkey/start-valkey.ts'
import type { CommandClient, QueueReading, WatchedQueue } from '../../src/instrument/queues.ts'
import { readQueues, watchQueues } from '../../src/instrument/queues.ts'
import { diagLines } from '../contracts/diag-lines.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const NOW = Date.UTC(2026, 10, 22, 10)

let valkey: EmbeddedValkey
beforeAll(async () => {
  valkey = await startValkey()
})
afterAll(() => valkey.stop())

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

  interface Row {
    readonly why: string
    readonly fill: () => Promise<unknown>
    readonly queue: WatchedQueue
    readonly found: Partial<QueueReading>
  }
  const due = (...ages: number[]): (string | number)[] => ages.flatMap((seconds) => [NOW - seconds * 1000, `tracker ${seconds}`])

  test.for<Row>([
    {
      why: 'all members of a list are due, and nobody knows since when',
      fill: () => redis.rpush('q', 'a', 'b', 'c'),
      queue: { tier: 'immediate', key: 'q', type: 'list' },
      found: { sizes: { immediate: { due: 3 } }, oldestDueAges: {} },
    },
    {
      why: 'a list that is not there is empty',
      fill: () => setImmediate(),
      queue: { tier: 'retry', key: 'q', type: 'list' },
      found: { sizes: { retry: { due: 0 } }, oldestDueAges: {} },
    },
    {
      why: 'members of a sorted set are due from their score on',
      fill: () => redis.zadd('q', ...due(90, 0, -0.001, -3600)),
      queue: { tier: 'hot', key: 'q', type: 'zset' },
      found: { sizes: { hot: { due: 2, scheduled: 2 } }, oldestDueAges: { hot: 90 } },
    },
    {
      why: 'where nothing is due yet, nothing is late',
      fill: () => redis.zadd('q', ...due(-60)),
      queue: { tier: 'cold', key: 'q', type: 'zset' },
      found: { sizes: { cold: { due: 0, scheduled: 1 } }, oldestDueAges: { cold: 0 } },
    },
    {
      why: 'a sorted set that is not there is empty',
      fill: () => setImmediate(),
      queue: { tier: 'warm', key: 'q', type: 'zset' },
      found: { sizes: { warm: { due: 0, scheduled: 0 } }, oldestDueAges: { warm: 0 } },
    },
    {
      why: 'a score that is no time, as for "at once", is due but has no age',
      fill: () => redis.zadd('q', '-inf', 'a', 0, 'b'),
      queue: { tier: 'immediate', key: 'q', type: 'zset' },
      found: { sizes: { immediate: { due: 2, scheduled: 0 } }, oldestDueAges: {} },
    },
    {
      why: 'a member may look like anything',
      fill: () => redis.zadd('q', NOW - 5000, '12,345\r\n🛰️'),
      queue: { tier: 'hot', key: 'q', type: 'zset' },
      found: { sizes: { hot: { due: 1, scheduled: 0 } }, oldestDueAges: { hot: 5 } },
    },
    {
      why: 'what workers hold is counted, whenever its lease ends',
      fill: () => redis.zadd('q', ...due(10, -10, -20)),
      queue: { tier: 'leased', key: 'q', type: 'zset' },
      found: { sizes: {}, oldestDueAges: {}, leased: 3 },
    },
    {
      why: 'what workers hold may be a list',
      fill: () => redis.rpush('q', 'a', 'b'),
      queue: { tier: 'leased', key: 'q', type: 'list' },
      found: { sizes: {}, oldestDueAges: {}, leased: 2 },
    },
  ])('$why', async ({ fill, queue, found }) => {
    await fill()
    expect(await readQueues(redis, [queue], NOW)).toEqual({ leased: undefined, ...found })
  })

  test('all queues are read in one go', async () => {
    await redis.rpush('now', 'a')
    await redis.zadd('hot', ...due(30))
    const queues: WatchedQueue[] = [
      { tier: 'immediate', key: 'now', type: 'list' },
      { tier: 'hot', key: 'hot', type: 'zset' },
      { tier: 'leased', key: 'leased', type: 'zset' },
    ]
    expect(await readQueues(redis, queues, NOW)).toEqual({
      sizes: { immediate: { due: 1 }, hot: { due: 1, scheduled: 0 } },
      oldestDueAges: { hot: 30 },
      leased: 0,
    })
  })

  test('a key of another type is an error', async () => {
    await redis.set('q', 'text')
    await expect(readQueues(redis, [{ tier: 'hot', key: 'q', type: 'zset' }], NOW)).rejects.toThrow('WRONGTYPE')
  })
})

test.for([
  {
    why: 'is emptied',
    answers: { ZCARD: 1, ZCOUNT: 1, ZRANGE: [] },
    found: { sizes: { hot: { due: 1, scheduled: 0 } }, oldestDueAges: {} },
  },
  {
    why: 'grows',
    answers: { ZCARD: 0, ZCOUNT: 2, ZRANGE: ['a', String(NOW + 5)] },
    found: { sizes: { hot: { due: 2, scheduled: 0 } }, oldestDueAges: { hot: 0 } },
  },
])('a queue that $why while it is read gives no impossible figures', async ({ answers, found }) => {
  const client: CommandClient = { call: async (command) => answers[command as keyof typeof answers] }
  expect(await readQueues(client, [{ tier: 'hot', key: 'q', type: 'zset' }], NOW)).toMatchObject(found)
})

describe('a watch', () => {
  /** Redis that answers when it is told. */
  function setUp() {
    const clock = new VirtualClock()
    const lines = diagLines()
    const readings: QueueReading[] = []
    let asked = 0
    let pending = Promise.withResolvers<unknown>()
    const client: CommandClient = {
      call() {
        asked++
        return (pending = Promise.withResolvers()).promise
      },
    }
    const cancel = watchQueues({
      client,
      queues: [{ tier: 'immediate', key: 'q', type: 'list' }],
      clock,
      intervalMs: 5000,
      onReading: (reading) => readings.push(reading),
    })
    return {
      clock,
      lines,
      readings,
      cancel,
      asked: () => asked,
      answer: (size: number) => {
        pending.resolve(size)
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
    for (const size of [1, 2, 3]) {
      await answer(size)
      clock.advance(5000)
    }
    expect(readings.map(({ sizes }) => sizes.immediate)).toEqual([{ due: 1 }, { due: 2 }, { due: 3 }])
  })

  test('never reads twice at once', async () => {
    const { clock, asked, answer } = setUp()
    clock.advance(60_000)
    expect(asked()).toBe(1)
    await answer(1)
    clock.advance(5000)
    expect(asked()).toBe(2)
  })

  test('says that it fails when that begins, whatever it fails with', async () => {
    const { clock, lines, readings, answer, fail } = setUp()
    for (const error of [new Error('Connection is closed.'), undefined, new Error('again')]) {
      await fail(error)
      clock.advance(5000)
    }
    expect(lines).toEqual(['otel-health: queue sizes cannot be read from Redis:'])
    await answer(1)
    expect(readings).toHaveLength(1)
    clock.advance(5000)
    await fail(new Error('gone'))
    expect(lines).toHaveLength(2)
  })

  test('that is cancelled takes no answer any more and says nothing of it', async () => {
    for (const end of ['answer', 'fail'] as const) {
      const { clock, lines, readings, cancel, asked, answer, fail } = setUp()
      cancel()
      await (end === 'answer' ? answer(1) : fail(new Error('Connection is closed.')))
      clock.advance(60_000)
      expect(readings).toEqual([])
      expect(lines).toEqual([])
      expect(asked()).toBe(1)
    }
  })
})
