/**
 * Three instances in processes of their own through random histories: faults that come and go, kills, freezes, graceful restarts, clocks that
 * are stepped. OTEL_HEALTH_TEST_HISTORIES: how many (default 60).
 */
import { setTimeout as passed } from 'node:timers/promises'

import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { isOpen } from '../../src/judge/alert.ts'
import { foldAlert } from '../../src/judge/fold.ts'
import type { AlertState, RuleScope, Severity } from '../../src/types.ts'
import { parseEntry } from '../../src/wire/alert-entry.ts'
import { alertId } from '../../src/wire/alert-id.ts'
import { shardNames } from '../../src/wire/names.ts'
import { ServiceChild } from '../support/service-child.ts'
import type { ToldTransition } from '../support/told.ts'
import { startRedis, type RealRedis } from './real-redis.ts'

const HISTORIES = Number(process.env['OTEL_HEALTH_TEST_HISTORIES'] ?? 60)
/** Side by side. */
const LANES = 4
const KEEP_MS = 900
/** What an instance has found, it has said by then, however busy the machine is. */
const SAID_WITHIN_MS = 1200
const RULE = 'anisette_unreachable'
const names = shardNames()

let server: RealRedis
let redis: Redis

beforeAll(async () => {
  server = await startRedis()
  redis = new Redis(server.port)
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

/** mulberry32: the same history for the same seed. */
function randomFrom(seed: number): () => number {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

type Condition = 'reachable' | 'unreachable'

/** One instance as the test commands it: what is true of it, since when. */
class Instance {
  child: ServiceChild
  condition: Condition = 'reachable'
  /** Since when it is alive, awake and in this condition. Milliseconds of the test's clock. */
  since = performance.now()
  isAwake = true
  readonly #options: { readonly redisPort: number; readonly serviceName: string; readonly instance: string }

  constructor(service: string, instance: string) {
    this.#options = { redisPort: server.port, serviceName: service, instance }
    this.child = new ServiceChild(this.#options)
  }

  become(condition: Condition): void {
    this.condition = condition
    this.since = performance.now()
    this.child.tell({ anisette: condition })
  }

  async restart(how: 'kill' | 'stop', clockAheadMs: number): Promise<void> {
    this.since = Infinity
    if (how === 'kill') await this.child.kill()
    else await this.child.stop()
    this.child = new ServiceChild({ ...this.#options, clockAheadMs }, this.condition)
    await this.child.started
    this.since = performance.now()
  }

  async freeze(ms: number): Promise<void> {
    this.since = Infinity
    this.child.signal('SIGSTOP')
    await passed(ms)
    this.child.signal('SIGCONT')
    this.since = performance.now()
  }
}

interface Held {
  readonly told: readonly ToldTransition[]
  readonly open: boolean
}

async function held(service: string): Promise<Held> {
  const [entries, score] = await Promise.all([redis.xrange(names.alerts, '-', '+'), redis.zscore(names.open, alertId(RULE, service))])
  const told = entries.map(([, [, text]]) => JSON.parse(text!) as ToldTransition)
  return { told: told.filter((each) => each.service === service && each.rule === RULE), open: score !== null }
}

/** What Redis says the alert is, and what the specification makes of the entries that Redis has; in one step of the server. */
async function agreement(service: string): Promise<{ readonly says: unknown; readonly isByTheModel: unknown } | undefined> {
  const id = alertId(RULE, service)
  const answers = (await redis
    .multi()
    .time()
    .hget(names.alert(id), 'fold')
    .hgetall(names.entries(id))
    .zrange(names.instances(service), '0', '-1', 'WITHSCORES')
    .exec())!
  const [[seconds, micro], fold, texts, scores] = answers.map(([, answer]) => answer) as [
    [string, string],
    string | null,
    Record<string, string>,
    string[],
  ]
  if (fold === null) return undefined
  const now = Number(seconds) * 1000 + Math.floor(Number(micro) / 1000)
  const [state, severity, since, episode, scope] = fold.split(' ') as [AlertState, Severity, string, string, RuleScope]
  const before = { state, severity, since: Number(since), episode: Number(episode) }
  const scoreOf = (name: string) => (scores.includes(name) ? Number(scores[scores.indexOf(name) + 1]) : undefined)
  const entries = Object.entries(texts).map(([name, text]) => parseEntry(name, text, scoreOf(name), now)!)
  const { after, told, gone } = foldAlert({ scope, before, entries, alive: true, now })
  // Somebody who is gone since is folded out with the next look of another.
  if (gone.length > 0) return undefined
  const isClosed = !isOpen(before)
  return { says: isClosed ? undefined : { ...before, told: undefined }, isByTheModel: isClosed ? undefined : { ...after, told } }
}

async function history(seed: number): Promise<string[]> {
  const random = randomFrom(seed)
  const service = `h${seed}`
  const problems: string[] = []
  const instances = ['A', 'B', 'C'].map((name) => new Instance(service, name))
  const watched = new AbortController()
  let heard = 0
  /** No resolve while an instance that is alive and awake has been breaching for long enough to have said so. */
  const watch = async () => {
    while (!watched.signal.aborted) {
      const breaching = instances.filter(
        ({ condition, since }) => condition === 'unreachable' && performance.now() - since > SAID_WITHIN_MS,
      )
      await passed(40)
      const still = breaching.filter(
        ({ condition, since }) => condition === 'unreachable' && performance.now() - since > SAID_WITHIN_MS + 40,
      )
      const { told } = await held(service)
      const news = told.slice(heard)
      heard = told.length
      for (const { type, timestamp } of news)
        if (type === 'resolved' && still.length > 0) problems.push(`resolved at ${timestamp} while ${still.length} breached`)
    }
  }
  try {
    await Promise.all(instances.map(({ child }) => child.started))
    const watching = watch()
    const steps = 6 + Math.floor(random() * 6)
    for (let i = 0; i < steps; i++) {
      const instance = instances[Math.floor(random() * 3)]!
      const what = random()
      if (what < 0.6) instance.become(random() < 0.5 ? 'unreachable' : 'reachable')
      else if (what < 0.72) await instance.restart('kill', random() < 0.5 ? 0 : (random() - 0.5) * 7_200_000)
      else if (what < 0.8) await instance.restart('stop', 0)
      else if (what < 0.9) await instance.freeze(random() < 0.5 ? 150 : KEEP_MS + 600)
      await passed(random() * (random() < 0.2 ? 1800 : 250))
      const agreed = await agreement(service)
      if (agreed && JSON.stringify(agreed.says) !== JSON.stringify(agreed.isByTheModel))
        problems.push(`step ${i}: Redis says ${JSON.stringify(agreed.says)}, the model ${JSON.stringify(agreed.isByTheModel)}`)
    }
    const anyBreach = () => instances.some(({ condition }) => condition === 'unreachable')
    await expect.poll(async () => (await held(service)).open, { timeout: 8000, interval: 50 }).toBe(anyBreach())
    for (const instance of instances) instance.become('reachable')
    await expect.poll(async () => (await held(service)).open, { timeout: 8000, interval: 50 }).toBe(false)
    await passed(300)
    watched.abort()
    await watching
    const { told, open } = await held(service)
    if (open) problems.push('open again at the end')
    let episode = 0
    let isOpenNow = false
    for (const { type, seq, episode: of, instances: who } of told) {
      // That an alert comes and goes is told of an alert that is open, or of one that is not.
      if (type === 'flapping_started' || type === 'flapping_ended') continue
      if (type === 'fired') {
        if (isOpenNow) problems.push(`${seq}: fired while open`)
        if (of !== episode + 1) problems.push(`${seq}: episode ${of} after ${episode}`)
        episode = of
        isOpenNow = true
      } else if (!isOpenNow) problems.push(`${seq}: ${type} of an alert that is not open`)
      if (type === 'resolved') {
        isOpenNow = false
        const states = Object.values(who).map(({ state }) => state)
        if (!states.some((state) => state === 'resolved' || state === 'inactive')) problems.push(`${seq}: resolved without evidence`)
      }
    }
    if (isOpenNow) problems.push('told fired, never resolved')
    for (const { child } of instances) problems.push(...child.unhandled)
  } catch (error) {
    problems.push(String(error))
  } finally {
    watched.abort()
    await Promise.all(instances.map(({ child }) => child.kill()))
  }
  return problems.map((problem) => `history ${seed}: ${problem}`)
}

describe('three processes through random histories', () => {
  test(
    `${HISTORIES} of them: told fired means told resolved, one open episode, no resolve while one breaches or without evidence`,
    async () => {
      const problems: string[] = []
      const first = Number(process.env['OTEL_HEALTH_TEST_SEED'] ?? 1)
      let next = first
      const lane = async () => {
        while (next < first + HISTORIES) problems.push(...(await history(next++)))
      }
      await Promise.all(Array.from({ length: LANES }, lane))
      expect(problems).toEqual([])
    },
    HISTORIES * 10_000,
  )
})
