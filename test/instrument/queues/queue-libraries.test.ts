/** What every queue library keeps to. Each is used by a service in this process, which has never heard of us. */
import { existsSync } from 'node:fs'

import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import type { EmbeddedValkey } from '../../../examples/valkey/start-valkey.ts'
import { startValkey } from '../../../examples/valkey/start-valkey.ts'
import { checkQueues } from '../../../src/config/check-targets.ts'
import type { CommandClient } from '../../../src/instrument/queues/command-client.ts'
import { Hold } from '../../../src/instrument/calls/hold.ts'
import { hookModules } from '../../../src/instrument/hook/module-hook.ts'
import { QUEUE_LIBRARIES, watchQueueLibraries } from '../../../src/instrument/queues/queue-libraries.ts'
import type { FoundQueue, QueueAttempt } from '../../../src/instrument/queues/queue-library.ts'
import { QueueReader } from '../../../src/instrument/queues/queues.ts'
import type { Cancel } from '../../../src/types.ts'
import { diagLines } from '../../contracts/diag-lines.ts'
import { QUEUE_LIBRARIES_IN_CI } from '../../support/queue-libraries-in-ci.ts'
import { WorkInHand } from '../../../src/record/work-in-hand.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

type End = 'completed' | 'failed'
type Work = () => unknown

/** A service whose queues are in the Redis at `port`. */
interface Service {
  /** Does all work in turn, put into a queue of this name; resolves to how each piece ended as the library says it. */
  run(queue: string, port: number, works: readonly Work[]): Promise<readonly End[]>
  /** Puts one piece of work into the queue, which nobody does. */
  add(queue: string, port: number): Promise<void>
}

/** By the name of the library. */
const SERVICES: Readonly<Record<string, Service>> = {
  BullMQ: {
    async run(name, port, works) {
      const { Queue, Worker } = await import('bullmq')
      const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null }
      const queue = new Queue(name, { connection })
      const worker = new Worker<number>(name, (job) => works[job.data]!() as Promise<unknown>, { connection, autorun: false })
      const ends: End[] = []
      const done = new Promise<void>((resolve) => {
        const ended = (end: End) => () => void (ends.push(end) === works.length && resolve())
        worker.on('completed', ended('completed'))
        worker.on('failed', ended('failed'))
      })
      await queue.addBulk(works.map((_, index) => ({ name: 'work', data: index })))
      const running = worker.run()
      await done
      await worker.close()
      await running
      await queue.close()
      return ends
    },
    async add(name, port) {
      const { Queue } = await import('bullmq')
      const queue = new Queue(name, { connection: { host: '127.0.0.1', port } })
      await queue.add('work', 0)
      await queue.close()
    },
  },
}

const clock = new VirtualClock(Date.UTC(2026, 10, 29))
const hostile = Object.defineProperty(new Error('look at my code'), 'code', {
  get() {
    throw new Error('do not look')
  },
})

interface Row {
  readonly why: string
  readonly work: Work
  readonly end: End
  readonly durationMs: number
}

const WORKS: readonly Row[] = [
  { why: 'returns at once', work: () => 7, end: 'completed', durationMs: 0 },
  { why: 'returns nothing', work: () => undefined, end: 'completed', durationMs: 0 },
  { why: 'takes its time', work: () => clock.advance(25), end: 'completed', durationMs: 25 },
  {
    why: 'returns a promise',
    work: async () => {
      await Promise.resolve()
      clock.advance(40)
    },
    end: 'completed',
    durationMs: 40,
  },
  {
    why: 'throws',
    work: () => {
      throw new Error('at once')
    },
    end: 'failed',
    durationMs: 0,
  },
  { why: 'rejects', work: () => Promise.reject(new Error('later')), end: 'failed', durationMs: 0 },
  { why: 'rejects with what throws when it is looked at', work: () => Promise.reject(hostile), end: 'failed', durationMs: 0 },
]
const works = WORKS.map(({ work }) => work)
const ends = WORKS.map(({ end }) => end)

const inHand = new WorkInHand(clock)
const hold = new Hold(clock)
let attempts: QueueAttempt[] = []
let queues: FoundQueue[] = []
let told = (): void => {}
let stop: Cancel
let valkey: EmbeddedValkey

beforeAll(async () => {
  valkey = await startValkey()
  const hook = hookModules()
  const cancel = watchQueueLibraries(hook, {
    clock,
    inHand,
    hold,
    onAttempt(attempt) {
      attempts.push(attempt)
      told()
    },
    onQueue(queue) {
      queues.push(queue)
      told()
    },
    onAskedQueue() {},
  })
  stop = () => {
    cancel()
    hook.remove()
  }
})
afterAll(() => valkey.stop())
beforeEach(() => {
  attempts = []
  queues = []
  told = () => {}
})

test('every library has a service here or in a test of test/ci', () => {
  const tested = [...Object.keys(SERVICES), ...Object.keys(QUEUE_LIBRARIES_IN_CI)]
  expect(tested.toSorted()).toEqual(QUEUE_LIBRARIES.map(({ name }) => name).toSorted())
})

test.for([...new Set(Object.values(QUEUE_LIBRARIES_IN_CI))])('there is a test/ci/%s', (file) => {
  expect(existsSync(new URL(`../../ci/${file}`, import.meta.url))).toBe(true)
})

describe.for(Object.entries(SERVICES))('%s', ([name, service]) => {
  test('each piece of work is one attempt, and says of it what the library says', async () => {
    expect(await service.run('work', valkey.port, works)).toEqual(ends)
    expect(attempts).toHaveLength(WORKS.length)
    for (const [index, { end, durationMs }] of WORKS.entries()) {
      const { error, ...attempt } = attempts[index]!
      expect(attempt).toEqual({ queue: 'work', durationMs, failed: end === 'failed', postponed: false })
      expect(error instanceof Error).toBe(end === 'failed')
    }
  })

  test('a queue in use is found once, as health.config would name it, and can be read from another thread', async () => {
    for (let i = 0; i < 2; i++) await service.run('found', valkey.port, works)
    await service.add('found', valkey.port)
    expect(queues).toHaveLength(1)
    const [queue] = queues as [FoundQueue]
    expect(structuredClone(queue)).toEqual(queue)
    expect(() => checkQueues({ [queue.name]: queue.target }, 'queues', { keys: {} })).not.toThrow()
    expect(queue).toMatchObject({ name: 'found', redis: { host: '127.0.0.1', port: valkey.port } })

    const redis = new Redis(queue.redis!.port, queue.redis!.host)
    const client: CommandClient = {
      pipeline: async (commands) => (await redis.pipeline(commands.map((command) => ['call', ...command])).exec()) ?? [],
    }
    const { readings, failures } = await new QueueReader(client, { [queue.name]: queue.target }, clock).read()
    redis.disconnect()
    expect([...failures]).toEqual([])
    expect(readings).toMatchObject({ found: { due: 1 } })
    for (const figure of Object.values(readings['found']!)) expect(figure >= 0 && figure < Infinity).toBe(true)
  })

  let saidBefore = false
  test.for([
    { why: 'an error', thrown: new Error('cannot be recorded') },
    { why: 'what is no error', thrown: undefined },
  ])('whoever is told may throw $why: the service does not notice', async ({ why, thrown }) => {
    const lines = diagLines()
    told = () => {
      throw thrown
    }
    expect(await service.run(`told of ${why}`, valkey.port, works)).toEqual(ends)
    expect(attempts).toHaveLength(WORKS.length)
    expect(queues).toHaveLength(1)
    // Said the first time; the second of these tests has nothing more to say.
    expect(lines).toEqual(saidBefore ? [] : [`otel-health: a ${name} worker could not be recorded:`])
    saidBefore = true
  })
})

describe('after the watch has ended', () => {
  beforeAll(() => stop())
  test.for(Object.entries(SERVICES))('%s works as before and nothing is told', async ([, service]) => {
    expect(await service.run('unwatched', valkey.port, works)).toEqual(ends)
    expect({ attempts, queues }).toEqual({ attempts: [], queues: [] })
  })
})
