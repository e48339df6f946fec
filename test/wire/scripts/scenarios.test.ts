/** The scenarios, as Redis has them: the same messages in the same order as by the specification. Time passes by putting back what is kept. */
import { readFileSync } from 'node:fs'

import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'

import { startValkey, type EmbeddedValkey } from '../../../examples/valkey/start-valkey.ts'
import { isOpen } from '../../../src/judge/alert.ts'
import type { Action } from '../../../src/overlays/step-overlays.ts'
import type { Alert, AlertState, TransitionCause } from '../../../src/types.ts'
import { encodeEntry } from '../../../src/wire/alert-entry.ts'
import { shardNames } from '../../../src/wire/names.ts'
import { createPublisher, type PublisherClient } from '../../../src/wire/redis-client.ts'
import { acting, actKeys, alertKeys } from '../../../src/wire/scripts/alert.ts'
import { toMs } from '../../../src/wire/scripts/time.ts'
import { runScenario, type AlertStore, type Scenario, type Server, type Told } from '../../judge/scenario.ts'
import { passes } from './held-overlay.ts'

const scenarios = parse(readFileSync(new URL('../../scenarios.yaml', import.meta.url), 'utf8')) as readonly Scenario[]
const names = shardNames()
const SERVICE = 'service'
const CHANNEL = [names.alertsChannel, '864000000', 'e']

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

class ServerInRedis implements Server {
  readonly #rules: string[] = []
  #windows: { from: number; until: number }[] = []
  #silences = 0
  #at: number | undefined

  /** Puts its clock forward to `now`; returns what its clock says then. */
  async forward(now: number): Promise<number> {
    if (this.#at !== undefined && now > this.#at) await passes(redis, names, this.#rules, now - this.#at)
    this.#at = now
    return toMs(await client.healthTime(names.meta))
  }

  alert(rule: string, causes: readonly string[]): AlertStore {
    this.#rules.push(rule)
    return new AlertInRedis(this, rule, causes)
  }

  async silence(rule: string | undefined, until: number, now: number): Promise<void> {
    const serverNow = await this.forward(now)
    const match = rule === undefined ? [] : [['rule', rule]]
    const windows = [[serverNow - 1, serverNow + until - now]]
    await redis.hset(names.silences, `s${this.#silences++}`, JSON.stringify({ v: 1, by: 'ada', why: 'known', match, windows }))
    this.#windows.push({ from: now, until })
  }

  async unsilence(now: number): Promise<void> {
    await this.forward(now)
    await redis.del(names.silences)
    this.#windows = []
  }

  /** The first end of a silence after that time. */
  nextEnd(after: number): number | undefined {
    return this.#windows
      .map(({ until }) => until)
      .filter((at) => at > after)
      .toSorted((a, b) => a - b)[0]
  }
}

class AlertInRedis implements AlertStore {
  readonly #server: ServerInRedis
  readonly #rule: string
  readonly #causes: string
  #n = 0
  #state: AlertState | '' = ''
  #due: number | undefined
  #lookedAt = 0
  #read = '-'
  #hasNews = false

  constructor(server: ServerInRedis, rule: string, causes: readonly string[]) {
    this.#server = server
    this.#rule = rule
    this.#causes = causes.map((cause) => `${SERVICE}:${cause}`).join(' ')
  }

  get isOpen(): boolean {
    return this.#state !== '' && isOpen({ state: this.#state })
  }

  due(): number | undefined {
    const times = [this.#due, this.isOpen ? this.#server.nextEnd(this.#lookedAt) : undefined].filter((at) => at !== undefined)
    return times.length === 0 ? undefined : Math.min(...times)
  }

  async say(alert: Alert, wasTold: boolean, cause: TransitionCause, now: number): Promise<void> {
    await this.#server.forward(now)
    const { head, counted, tail, about } = encodeEntry(alert, { monotonicMs: alert.evaluatedAt, epochMs: now })
    const says = `${head}"keep":8640000000,"start":1,"n":${++this.#n},${counted}`
    await this.#run(now, ['i', says, tail, about, `any ${wasTold ? 'told' : 'untold'} staying ${cause}`, ...CHANNEL, this.#causes])
  }

  async act(action: Action, now: number): Promise<void> {
    const serverNow = await this.#server.forward(now)
    const act = action.kind === 'ack' ? (`ack ${serverNow + action.until - now}` as const) : (`${action.kind} -` as const)
    await this.#run(
      now,
      acting(names, 864_000_000, 'e', { act, by: 'ada', why: 'known', says: '"message":"by hand","value":null' }),
      actKeys,
    )
  }

  async look(now: number): Promise<void> {
    await this.#server.forward(now)
    await this.#run(now, ['', '', '', '', '', ...CHANNEL])
  }

  async take(): Promise<readonly Told[]> {
    if (!this.#hasNews) return []
    this.#hasNews = false
    const entries = await redis.xrange(names.alerts, this.#read, '+')
    const last = entries.at(-1)
    if (last) this.#read = `(${last[0]}`
    const messages = entries.map(([, fields]) => JSON.parse(fields[1]!) as Told & { readonly rule: string })
    return messages.filter(({ rule }) => rule === this.#rule)
  }

  async #run(now: number, args: readonly string[], keys: typeof alertKeys = alertKeys): Promise<void> {
    this.#lookedAt = now
    this.#hasNews = true
    const [outcome, , state] = await client.healthAlert(...keys(names, this.#rule, SERVICE), ...args)
    if (outcome !== '1') throw new Error(`The script answered ${outcome}.`)
    this.#state = state as AlertState | ''
    const [score, time] = await Promise.all([redis.zscore(names.overlayDue, `${SERVICE} ${this.#rule}`), client.healthTime(names.meta)])
    this.#due = score === null ? undefined : now + Number(score) - toMs(time)
  }
}

test.for(scenarios)('$name', { timeout: 60_000 }, async (scenario) => {
  const { all, delivered } = await runScenario(scenario, new ServerInRedis())
  expect({ all, delivered }).toEqual({ all: scenario.expect ?? all, delivered: scenario.expect_delivered ?? delivered })
})
