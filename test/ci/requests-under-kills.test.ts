/**
 * Whatever is killed, lost, forged or said again, and whenever: what was asked is done at most once by each instance, in its order, and is answered
 * or expires. How many requests: OTEL_HEALTH_TEST_REQUESTS (default 20, at most 300: the stream keeps 500 entries).
 */
import { setTimeout as passed } from 'node:timers/promises'

import type { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'

import { systemClock } from '../../src/clock.ts'
import { HealthControl } from '../../src/control/health-control.ts'
import { isOver } from '../../src/control/request-view.ts'
import { Answers } from '../../src/obey/answers.ts'
import { Listening } from '../../src/obey/listening.ts'
import { ServerTime } from '../../src/obey/server-time.ts'
import { CONTROL_ACTIONS, encodeRequest, type ControlRequest } from '../../src/wire/control-request.ts'
import { shardNames } from '../../src/wire/names.ts'
import { fieldOf } from '../../src/wire/read-requests.ts'
import { RedisConnection } from '../../src/wire/redis-connection.ts'
import { isAlive } from '../support/asked-service.ts'
import { KillableRedis } from './killable-redis.ts'
import { RedisPair } from './redis-pair.ts'

const COUNT = Number(process.env['OTEL_HEALTH_TEST_REQUESTS'] ?? 20)
const KEY = 'a key of sixteen or more'
const INSTANCES = ['i1', 'i2', 'i3']
const EXPIRES_MS = 4000
const names = shardNames(0, 1, KEY)
const soon = { timeout: 60_000, interval: 100 }

/** What was done: which request by which instance. */
interface Done {
  readonly request: string
  readonly instance: string
}

/** A process that takes what is asked, does it, and says so, as the real one does. */
class Obeying {
  readonly #connection: RedisConnection
  readonly #listening: Listening
  #isDead = false

  constructor(port: number, instance: string, ledger: Done[]) {
    const bornAt = systemClock.monotonicMs()
    this.#connection = new RedisConnection({ target: { host: '127.0.0.1', port, hmacKey: KEY }, clock: systemClock, quiet: true })
    this.#connection.start({ up() {}, down() {} })
    const time = new ServerTime(systemClock)
    const of = { connection: this.#connection, names, service: 'mailer', instance, clock: systemClock, time }
    const answers = new Answers(of)
    this.#listening = new Listening({
      ...{ ...of, answers, isSupervised: false, age: () => systemClock.monotonicMs() - bornAt, onKnown() {} },
      obedience: {
        comeBackHeld() {},
        consider: async (request: ControlRequest) => {
          if ((await answers.take(request)) !== 'ours' || this.#isDead) return
          ledger.push({ request: request.id, instance })
          await passed(Math.random() * 40)
          if (!this.#isDead) answers.end(request, { state: 'done' })
        },
      },
    })
  }

  kill(): void {
    this.#isDead = true
    this.#listening.stop()
    this.#connection.close()
  }
}

async function staysAlive(redis: Redis): Promise<void> {
  for (const instance of INSTANCES) await isAlive(redis, names, { instance, control: CONTROL_ACTIONS })
}

/** The texts of all requests that were ever seen in the stream, in their order. */
async function lookAt(redis: Redis, seen: Map<string, string>): Promise<void> {
  for (const [position, fields] of await redis.xrange(names.requests('mailer'), '-', '+')) seen.set(position, fieldOf(fields, 'd') ?? '')
}

/** What happens to the health Redis, again and again. */
interface Faulty {
  readonly port: number
  client(): Redis
  fault(): Promise<void>
  end(): Promise<void>
}

async function killedRedis(...args: readonly string[]): Promise<Faulty> {
  const server = await KillableRedis.start(args)
  return {
    port: server.port,
    client: () => server.client(),
    async fault() {
      await server.kill()
      await passed(Math.random() * 500)
      await server.start()
    },
    end: () => server.end(),
  }
}

async function replacedRedis(): Promise<Faulty> {
  const pair = await RedisPair.start()
  return { port: pair.port, client: () => pair.client(), fault: () => pair.takeOver(Math.random() * 300), end: () => pair.end() }
}

test.for([
  {
    what: 'is killed and keeps what it was told',
    begin: () => killedRedis('--appendonly', 'yes', '--appendfsync', 'always'),
    forgets: false,
  },
  { what: 'is killed and forgets everything', begin: () => killedRedis(), forgets: true },
  { what: 'is killed while another takes over that lacks the last of it', begin: replacedRedis, forgets: true },
])(`${COUNT} requests, over a Redis that again and again $what`, { timeout: 60_000 + COUNT * 10_000 }, async (given) => {
  const server = await given.begin()
  const redis = server.client()
  const ledger: Done[] = []
  const living = new Map(INSTANCES.map((instance) => [instance, new Obeying(server.port, instance, ledger)]))
  /** Instances of which a process was killed. */
  const killed = new Set<string>()
  let kills = 0
  onTestFinished(async () => {
    for (const each of living.values()) each.kill()
    redis.disconnect()
    await server.end()
  })
  const control = new HealthControl({ client: redis, hmacKey: KEY })
  const seen = new Map<string, string>()
  const asked: string[] = []
  const asking = new AbortController()

  const faults = (async () => {
    for (let i = 0; !asking.signal.aborted; i++) {
      await passed(300 + Math.random() * 900)
      if (i % 3 === 2) {
        const instance = INSTANCES[Math.floor(Math.random() * INSTANCES.length)]!
        killed.add(instance)
        kills++
        living.get(instance)!.kill()
        await passed(Math.random() * 500)
        living.set(instance, new Obeying(server.port, instance, ledger))
      } else {
        await server.fault()
        await staysAlive(redis)
      }
    }
  })()
  for (let i = 0; i < COUNT; i++) {
    await staysAlive(redis)
    // Who asks may lose the connection before it hears that it was written.
    const made = await control
      .request('restart', { service: 'mailer' }, { by: 'ann', why: String(i), expiresInMs: EXPIRES_MS })
      .catch(() => undefined)
    if (made) asked.push(made.request.id)
    await lookAt(redis, seen)
    if (made && i % 12 === 1) {
      // What was seen once is written again, and forged.
      for (const text of [...seen.values()].slice(-3)) await redis.xadd(names.requests('mailer'), '*', 'd', text, 'to', '["i1"]')
      const forged = { ...made.request, id: `f${made.request.id.slice(1)}` }
      for (const key of [undefined, 'another key, as long'])
        await redis.xadd(names.requests('mailer'), '*', 'd', encodeRequest(forged, key), 'to', '["i1"]')
    }
    await passed(Math.random() * 400)
  }
  asking.abort()
  await faults

  // A process that was killed says no more of what it had begun.
  const open = async (): Promise<string[]> =>
    (await control.requests('mailer', 500)).flatMap(({ request, byInstance }) =>
      byInstance
        .filter(({ instance, state }) => !isOver(state) && !(state === 'under way' && killed.has(instance)))
        .map(({ instance, state }) => `${request.why} ${instance} ${state}`),
    )
  await expect.poll(open, soon).toEqual([])

  const times = Map.groupBy(ledger, ({ request, instance }) => `${request} ${instance}`)
  expect([...times].filter(([, done]) => done.length > 1).map(([what]) => what)).toEqual([])
  const known = await control.requests('mailer', 500)
  if (!given.forgets) expect(known.map(({ request }) => request.id)).toEqual(expect.arrayContaining(asked))
  // Whoever says that it is done has done it, once; and nothing that was forged was.
  const saidDone = known.flatMap(({ request, byInstance }) =>
    byInstance.filter(({ state }) => state === 'done').map(({ instance }) => `${request.id} ${instance}`),
  )
  expect(saidDone.filter((what) => !times.has(what))).toEqual([])
  expect((given.forgets ? ledger : saidDone).length).toBeGreaterThan(0)
  expect(ledger.filter(({ request }) => !request.startsWith('f') || asked.includes(request)).length).toBe(ledger.length)
  // In the order in which they were asked. What is lost unread, and written again by somebody within its time, comes late.
  const places = new Map(asked.map((id, i) => [id, i]))
  for (const instance of given.forgets ? [] : INSTANCES) {
    const order = ledger.filter((done) => done.instance === instance).flatMap(({ request }) => places.get(request) ?? [])
    expect(order).toEqual(order.toSorted((a, b) => a - b))
  }
  console.log(
    `${asked.length} of ${COUNT} asked, ${ledger.length} times done, ${saidDone.length} said to be done, ${kills} processes killed.`,
  )
})
