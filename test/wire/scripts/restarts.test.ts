/** Who crashed and who took the place, in histories of processes on a real server. Time is made to pass by dating back what the server keeps. */
import { createHash } from 'node:crypto'

import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../../examples/valkey/start-valkey.ts'
import { readPresence } from '../../../src/publish/presence.ts'
import { StatusWriter } from '../../../src/publish/status-writer.ts'
import { shardNames } from '../../../src/wire/names.ts'
import { createPublisher, type BeatReply, type PublisherClient } from '../../../src/wire/redis-client.ts'
import { lookAfterSilent } from '../../../src/wire/silent-service.ts'
import { toldBy } from '../../support/told.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'
import { snapshotOf } from '../fixtures.ts'

const [SERVICE, INTERVAL_S, HOUR_MS] = ['svc', 30, 3_600_000]
const names = shardNames()

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
afterAll(async () => {
  client.disconnect()
  redis.disconnect()
  await valkey.stop()
})

interface Process {
  readonly instance: string
  beat(phase?: 'running' | 'draining' | 'stopped'): Promise<BeatReply>
}

function processOf(instance: string, isWatched = true): Process {
  const asked: PromiseWithResolvers<BeatReply>[] = []
  const writer = new StatusWriter({
    ...{ names, service: SERVICE, instance, goneAfterMs: 3000 * INTERVAL_S, retentionMs: 24 * HOUR_MS, isWatched },
    ...{ clock: new VirtualClock(), mayBeSentAgain: () => false },
    send: (command) => command(client),
    taken: (reply) => asked.shift()!.resolve(reply),
  })
  return {
    instance,
    beat(phase = 'running') {
      writer.make(snapshotOf({ service: SERVICE, instance, phase }), phase === 'stopped')
      const answer = Promise.withResolvers<BeatReply>()
      asked.push(answer)
      writer.send()
      return answer.promise
    },
  }
}

/** All processes of the service. Each that is alive beats every 30 s. */
class Fleet {
  readonly #alive = new Map<string, Process>()
  readonly #draining = new Set<string>()
  #count = 0
  /** Seconds. */
  #sinceBeat = 0

  /** Under a name of its own unless it is given one. */
  async start(name = `p${++this.#count}`, isWatched = true): Promise<string> {
    const process = processOf(name, isWatched)
    this.#alive.set(name, process)
    await process.beat()
    return name
  }

  /** From then on it beats as one that ends. */
  async drain(name: string): Promise<void> {
    this.#draining.add(name)
    await this.#alive.get(name)!.beat('draining')
  }

  goOn(name: string): void {
    this.#draining.delete(name)
  }

  kill(name: string): void {
    this.#alive.delete(name)
    this.#draining.delete(name)
  }

  async stop(name: string): Promise<void> {
    await this.#alive.get(name)!.beat('stopped')
    this.kill(name)
  }

  /** Everything that the server knows it has known so much longer, and who is alive beats meanwhile. */
  async passes(seconds: number): Promise<void> {
    for (let left = seconds; left > 0;) {
      const step = Math.min(left, INTERVAL_S - this.#sinceBeat)
      await this.#earlier(1000 * step)
      left -= step
      this.#sinceBeat += step
      if (this.#sinceBeat < INTERVAL_S) continue
      this.#sinceBeat = 0
      for (const [name, process] of this.#alive) await process.beat(this.#draining.has(name) ? 'draining' : 'running')
      await this.#look()
    }
  }

  async #earlier(ms: number): Promise<void> {
    const ofService = [names.instances(SERVICE), names.starts(SERVICE), names.restarts(SERVICE), names.draining(SERVICE)]
    for (const key of [names.due, names.silent, names.services, ...ofService]) {
      const listed = await redis.zrange(key, '0', '-1', 'WITHSCORES')
      for (let i = 0; i < listed.length; i += 2) await redis.zadd(key, String(Number(listed[i + 1]) - ms), listed[i]!)
    }
  }

  /** As somebody who watches all services does. */
  async #look(): Promise<void> {
    await lookAfterSilent(client, {
      ...{ names, service: SERVICE, epochs: 'w', retentionMs: 24 * HOUR_MS, forgottenAfterMs: 24 * HOUR_MS, lookAgainMs: 1000 },
    })
  }

  async sees(): Promise<{ restarts: number; instances: string[]; told: string[] }> {
    const { restarts } = await readPresence(client, names, SERVICE, 'reader')
    const told = (await toldBy(redis)).map(({ rule, type }) => `${rule} ${type}`)
    return { restarts, instances: (await redis.zrange(names.instances(SERVICE), '0', '-1')).toSorted(), told }
  }
}

/** Seconds after which everything is known that will be. */
const SETTLED = 4 * INTERVAL_S
const SILENT = 'service_silent fired'

interface History {
  readonly why: string
  readonly of: (fleet: Fleet) => Promise<void>
  readonly restarts: number
  readonly instances: readonly string[]
  readonly told?: readonly string[]
}

async function started(fleet: Fleet, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await fleet.start()
  await fleet.passes(1800)
}

const HISTORIES: readonly History[] = [
  {
    why: 'one instance that crashes four times, each time under a new name',
    async of(fleet) {
      await started(fleet, 1)
      for (let i = 1; i <= 4; i++) {
        fleet.kill(`p${i}`)
        await fleet.passes(5)
        await fleet.start()
        await fleet.passes(60)
      }
      await fleet.passes(SETTLED)
    },
    restarts: 4,
    instances: ['p5'],
  },
  {
    why: 'one instance of which no process lives to its second beat',
    async of(fleet) {
      for (let i = 1; i <= 12; i++) {
        fleet.kill(await fleet.start())
        await fleet.passes(10)
      }
      await fleet.start()
      await fleet.passes(SETTLED)
    },
    restarts: 12,
    instances: ['p13'],
  },
  {
    why: 'the same with longer and longer pauses, as an orchestrator makes them: the one that crashed before the last pause was silent meanwhile',
    async of(fleet) {
      for (const pause of [10, 20, 40, 80, 160]) {
        fleet.kill(await fleet.start())
        await fleet.passes(pause)
      }
      await fleet.start()
      await fleet.passes(SETTLED)
    },
    restarts: 5,
    instances: ['p6'],
    told: [SILENT, 'service_silent resolved'],
  },
  {
    why: 'one of three that crashes three times under new names',
    async of(fleet) {
      await started(fleet, 3)
      for (const name of ['p2', 'p4', 'p5']) {
        fleet.kill(name)
        await fleet.passes(5)
        await fleet.start()
        await fleet.passes(90)
      }
      await fleet.passes(SETTLED)
    },
    restarts: 3,
    instances: ['p1', 'p3', 'p6'],
  },
  {
    why: 'three that crash under names that last: each start replaces the one of its name, at once',
    async of(fleet) {
      for (const name of ['a', 'b', 'c']) await fleet.start(name)
      await fleet.passes(1800)
      for (const name of ['a', 'b', 'c', 'a']) {
        fleet.kill(name)
        await fleet.passes(1)
        await fleet.start(name)
      }
    },
    restarts: 4,
    instances: ['a', 'b', 'c'],
  },
  {
    why: 'a deployment of three, one after the other: each new one starts, then an old one stops gracefully',
    async of(fleet) {
      await started(fleet, 3)
      for (const name of ['p1', 'p2', 'p3']) {
        await fleet.start()
        await fleet.passes(20)
        await fleet.stop(name)
        await fleet.passes(20)
      }
      await fleet.passes(SETTLED)
    },
    restarts: 0,
    instances: ['p4', 'p5', 'p6'],
  },
  {
    why: 'the same, but each old one stops before a new one starts',
    async of(fleet) {
      await started(fleet, 3)
      for (const name of ['p1', 'p2', 'p3']) {
        await fleet.stop(name)
        await fleet.passes(20)
        await fleet.start()
        await fleet.passes(20)
      }
      await fleet.passes(SETTLED)
    },
    restarts: 0,
    instances: ['p4', 'p5', 'p6'],
  },
  {
    why: 'a deployment of three that kills each of the old ones',
    async of(fleet) {
      await started(fleet, 3)
      for (const name of ['p1', 'p2', 'p3']) {
        fleet.kill(name)
        await fleet.passes(5)
        await fleet.start()
      }
      await fleet.passes(SETTLED)
    },
    restarts: 3,
    instances: ['p4', 'p5', 'p6'],
  },
  {
    why: 'a deployment of three whose old ones are killed while they drain: they were asked to end',
    async of(fleet) {
      await started(fleet, 3)
      for (const name of ['p1', 'p2', 'p3']) {
        await fleet.drain(name)
        await fleet.passes(30)
        fleet.kill(name)
        await fleet.start()
      }
      await fleet.passes(SETTLED)
    },
    restarts: 0,
    instances: ['p4', 'p5', 'p6'],
  },
  {
    why: 'the same, but each new one starts before an old one is asked to end',
    async of(fleet) {
      await started(fleet, 3)
      for (const name of ['p1', 'p2', 'p3']) {
        await fleet.start()
        await fleet.passes(20)
        await fleet.drain(name)
        await fleet.passes(40)
        fleet.kill(name)
      }
      await fleet.passes(SETTLED)
    },
    restarts: 0,
    instances: ['p4', 'p5', 'p6'],
  },
  {
    why: 'one that is killed while it drains and started again under its name',
    async of(fleet) {
      await fleet.start('a')
      await fleet.passes(1800)
      await fleet.drain('a')
      await fleet.passes(40)
      fleet.kill('a')
      await fleet.start('a')
      await fleet.passes(SETTLED)
    },
    restarts: 0,
    instances: ['a'],
  },
  {
    why: 'one that drains for an hour and then stops, as it said',
    async of(fleet) {
      await started(fleet, 1)
      await fleet.drain('p1')
      await fleet.passes(3600)
      await fleet.stop('p1')
      await fleet.passes(2 * SETTLED)
    },
    restarts: 0,
    instances: [],
  },
  {
    why: 'one that is killed while it drains, and nobody is left to know whether it could do what it had begun',
    async of(fleet) {
      await started(fleet, 1)
      await fleet.drain('p1')
      await fleet.passes(40)
      fleet.kill('p1')
      await fleet.passes(SETTLED)
    },
    restarts: 0,
    instances: ['p1'],
    told: [SILENT],
  },
  {
    why: 'one that called its end off and crashed later, and one that took its place',
    async of(fleet) {
      await started(fleet, 2)
      await fleet.drain('p1')
      await fleet.passes(60)
      fleet.goOn('p1')
      await fleet.passes(60)
      fleet.kill('p1')
      // Not in the millisecond of its last beat.
      await fleet.passes(5)
      await fleet.start()
      await fleet.passes(SETTLED)
    },
    restarts: 1,
    instances: ['p2', 'p3'],
  },
  {
    why: 'three that are started at once for the first time',
    async of(fleet) {
      await started(fleet, 3)
    },
    restarts: 0,
    instances: ['p1', 'p2', 'p3'],
  },
  {
    why: 'one that becomes five',
    async of(fleet) {
      await started(fleet, 1)
      for (let i = 0; i < 4; i++) await fleet.start()
      await fleet.passes(SETTLED)
    },
    restarts: 0,
    instances: ['p1', 'p2', 'p3', 'p4', 'p5'],
  },
  {
    why: 'five that become one, gracefully',
    async of(fleet) {
      await started(fleet, 5)
      for (const name of ['p1', 'p2', 'p3', 'p4']) await fleet.stop(name)
      await fleet.passes(SETTLED)
    },
    restarts: 0,
    instances: ['p5'],
  },
  {
    why: 'one of three that is killed and not replaced is missing',
    async of(fleet) {
      await started(fleet, 3)
      fleet.kill('p2')
      await fleet.passes(SETTLED)
    },
    restarts: 0,
    instances: ['p1', 'p2', 'p3'],
  },
  {
    why: 'one that is killed, replaced, and whose replacement soon stops gracefully: nothing is left and nothing is told',
    async of(fleet) {
      await started(fleet, 1)
      fleet.kill('p1')
      await fleet.passes(5)
      await fleet.stop(await fleet.start())
      await fleet.passes(600)
    },
    restarts: 0,
    instances: [],
  },
  {
    why: 'two, one of which is killed and missed, and the other stops gracefully a while later: nothing is told',
    async of(fleet) {
      await started(fleet, 2)
      fleet.kill('p1')
      await fleet.passes(SETTLED)
      await fleet.stop('p2')
      await fleet.passes(600)
    },
    restarts: 0,
    instances: [],
  },
  {
    why: 'two, one of which stops gracefully and the other is killed a moment before: that one did not say that it stops',
    async of(fleet) {
      await started(fleet, 2)
      fleet.kill('p1')
      await fleet.passes(10)
      await fleet.stop('p2')
      await fleet.passes(SETTLED)
    },
    restarts: 0,
    instances: ['p1'],
    told: [SILENT],
  },
  {
    why: 'one that crashes, while the server loses its memory, and is started again: nobody knows of it',
    async of(fleet) {
      await started(fleet, 2)
      fleet.kill('p1')
      await redis.flushall()
      await fleet.start()
      await fleet.passes(SETTLED)
    },
    restarts: 0,
    instances: ['p2', 'p3'],
  },
  {
    why: 'one that crashes and is started again, 16 minutes ago',
    async of(fleet) {
      await started(fleet, 1)
      fleet.kill('p1')
      await fleet.passes(5)
      await fleet.start()
      await fleet.passes(960)
    },
    restarts: 0,
    instances: ['p2'],
  },
  {
    why: 'one that crashes once, and whose second process is deployed away gracefully: its start is taken away',
    async of(fleet) {
      await started(fleet, 1)
      fleet.kill('p1')
      await fleet.passes(5)
      await fleet.start()
      await fleet.passes(SETTLED)
      await fleet.start()
      await fleet.stop('p2')
      await fleet.passes(SETTLED)
    },
    restarts: 0,
    instances: ['p3'],
  },
  {
    why: 'one whose silence is no alert counts as stopped when nothing is heard of it',
    async of(fleet) {
      await fleet.start('job', false)
      fleet.kill('job')
      await fleet.passes(600)
    },
    restarts: 0,
    instances: [],
  },
]

test.for(HISTORIES)('$why', async ({ of, restarts, instances, told = [] }) => {
  const fleet = new Fleet()
  await of(fleet)
  expect(await fleet.sees()).toEqual({ restarts, instances, told })
})

test('one that was only slow takes its place again, and is asked to say again what is open', async () => {
  const fleet = new Fleet()
  const slow = processOf('slow')
  await slow.beat()
  await fleet.passes(60)
  await fleet.start()
  await fleet.passes(60)
  expect(await fleet.sees()).toMatchObject({ restarts: 1, instances: ['p1'] })
  const [, wasKept] = await slow.beat()
  expect(wasKept).toBe('0')
  expect(await fleet.sees()).toMatchObject({ restarts: 0, instances: ['p1', 'slow'] })
})

test('what silence says of who was heard when is so', async () => {
  const fleet = new Fleet()
  await started(fleet, 2)
  fleet.kill('p1')
  await fleet.passes(10)
  await fleet.stop('p2')
  await fleet.passes(90)
  const [silent] = await toldBy(redis)
  expect(silent!.message).toBe(
    'No instance of svc is alive: the last that did not say that it stops was heard of 90 s ago (limit 3 publishing intervals)',
  )
})

test.for([
  { why: 'is one start', before: [], restarts: 0, starts: 1 },
  { why: 'is one restart where it takes a place', before: ['a'], restarts: 1, starts: 1 },
])('a first beat whose answer is lost $why', async ({ before, restarts, starts }) => {
  for (const name of before) await new Fleet().start(name)
  const lost = processOf('a')
  // Sent before the first one is answered.
  await Promise.all([lost.beat(), lost.beat()])
  expect([await redis.zcard(names.restarts(SERVICE)), await redis.zcard(names.starts(SERVICE))]).toEqual([restarts, starts])
})

test('nobody takes its own place though the server’s clock was set back, nor that of one that beat in the same millisecond', async () => {
  const fleet = new Fleet()
  await fleet.start('a')
  await fleet.start('b')
  for (const name of ['a', 'b']) fleet.kill(name)
  const starts = await redis.zrange(names.starts(SERVICE), '0', '-1', 'WITHSCORES')
  const [ofB, at] = starts.slice(
    starts.findIndex((start) => start.endsWith(` ${createHash('sha1').update('b').digest('hex').slice(0, 8)}`)),
  )
  await redis.del(names.starts(SERVICE))
  await redis.zadd(names.starts(SERVICE), at!, ofB!)
  await redis.zadd(names.instances(SERVICE), at!, 'a', Number(at) - 1, 'b')
  await fleet.passes(SETTLED)
  expect(await fleet.sees()).toMatchObject({ restarts: 0, instances: ['a', 'b'] })
})

test('whatever starts and stops gracefully, in whatever order, was neither restarted nor silent', { timeout: 60_000 }, async () => {
  const step = fc.oneof(
    fc.constant('start' as const),
    fc.record({ stop: fc.nat({ max: 9 }) }),
    fc.record({ pass: fc.constantFrom(1, 29, 30, 61, 200) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      await redis.flushall()
      const fleet = new Fleet()
      const alive: string[] = []
      for (const each of steps) {
        if (each === 'start') alive.push(await fleet.start())
        else if ('pass' in each) await fleet.passes(each.pass)
        else for (const name of alive.splice(each.stop, 1)) await fleet.stop(name)
      }
      expect(await fleet.sees()).toEqual({ restarts: 0, instances: alive.toSorted(), told: [] })
    }),
    { numRuns: 40 },
  )
})
