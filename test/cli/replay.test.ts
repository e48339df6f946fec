/** A monitor on a virtual clock leaves hours of history in a real Redis; then its rules, and changed ones, are run over them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'

import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { runCommand } from '../../src/cli/command-line.ts'
import { TrackerFetcherHealthMonitor } from '../../src/kinds/tracker-fetcher/monitor.ts'
import { HistoryWriter } from '../../src/publish/history-writer.ts'
import { counter } from '../../src/rules/metric-ref.ts'
import { increase } from '../../src/rules/readings.ts'
import { rule } from '../../src/rules/rule.ts'
import { shardNames } from '../../src/wire/names.ts'
import type { PublisherClient } from '../../src/wire/redis-client.ts'
import { encodeStatus } from '../../src/wire/status-message.ts'
import { RedisRecord } from '../subscribe/record.ts'
import { MemoryExporter } from '../support/memory-exporter.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const SERVICE = 'tracker_fetcher'
const MINUTE = 60
const HOUR = 3600
const NAMES = shardNames()

let valkey: EmbeddedValkey
let redis: Redis
let folder: string
const clock = new VirtualClock()
const began = clock.epochMs()
const exporter = new MemoryExporter(clock)

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
  folder = await mkdtemp(join(tmpdir(), 'replay-'))
  await happens()
  await tell()
  // Without a health.config it is of the kind that it says it is.
  await new RedisRecord(redis).beat({ service: SERVICE, instance: 'pod-1', text: encodeStatus(exporter.statuses.at(-1)!, 1).json })
}, 60_000)
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
  await rm(folder, { recursive: true })
})

/** Its scripts take the server's time, which does not run as fast as the clock here. */
function atVirtualTime(): PublisherClient {
  const healthHistory = async (...args: string[]) => {
    const [history, , counted, , instance, amounts, ...fields] = args as [string, string, string, string, string, string, ...string[]]
    const id = `${clock.epochMs()}-*`
    await redis.xadd(history, id, ...fields)
    if (amounts !== '') await redis.xadd(counted, id, 'instance', instance, 'counted', amounts)
    return '1'
  }
  return { healthHistory } as unknown as PublisherClient
}

/** An hour of peace, half an hour in which nothing succeeds, a queue that is too long for 20 min, and an hour in which nothing is done. */
async function happens(): Promise<void> {
  const monitor = new TrackerFetcherHealthMonitor({
    ...{ clock, exporter, serviceName: SERVICE, env: { OTEL_METRICS_EXPORTER: 'none' } },
    rules: [
      rule('many_attempts')
        .when(increase(counter('tracker_fetcher.fetch.attempts')).over('5m'))
        .above(25)
        .for('5m'),
    ],
  })
  let taken = () => {}
  const writer = new HistoryWriter({
    ...{ names: NAMES, service: SERVICE, instance: 'pod-1', retentionMs: 24 * HOUR * 1000, clock },
    send: (command) => command(atVirtualTime()),
    taken: () => taken(),
  })
  await monitor.start()
  await setImmediate()
  for (let second = 0; second < 4.5 * HOUR; second++) {
    const isFailing = second >= HOUR && second < 1.5 * HOUR
    const isStalled = second >= 3 * HOUR && second < 4 * HOUR
    const isLong = second >= 2 * HOUR && second < 2 * HOUR + 20 * MINUTE
    if (second % 10 === 0 && !isStalled) {
      const success = !isFailing && second % 300 !== 0
      monitor.recordFetchAttempt(success ? { success } : { success, errorType: 'http_500' })
    }
    if (second % 30 === 0) monitor.recordQueueSizes({ hot: isLong ? 20_000 : 500 })
    clock.advance(1000)
    const last = exporter.statuses.at(-1)
    if (second % MINUTE === MINUTE - 1 && last) {
      const written = new Promise<void>((resolve) => (taken = resolve))
      writer.write(last, false)
      await written
    }
  }
}

/** What was told live, into the stream of alerts; and an alert of another service, and one that has other labels than any of today's rules. */
async function tell(): Promise<void> {
  const common = { v: 1, epoch: 'e', rev: 1, deliver: true, value: null, instances: {}, overlays: {} }
  const open = { type: 'fired', severity: 'WARNING', state: 'firing', message: 'Too long', episode: 1, rule: 'large_queue' }
  const told = exporter.transitions.map(({ type, alert }, i) => {
    const { id: alertId, rule: name, severity, state, since, message, episode } = alert
    const said = { alert_id: alertId, rule: name, severity, state, since: new Date(since).toISOString(), message, episode }
    return { at: began + 1000 * exporter.told[i]!.at, type, service: SERVICE, ...said }
  })
  const at = began + 122 * 60_000
  const others = [
    { ...open, at, service: 'mailer', alert_id: 'b', since: new Date(at).toISOString() },
    { ...open, at, service: SERVICE, alert_id: 'c', labels: { queue: 'hot' }, since: new Date(at).toISOString() },
  ]
  const sorted = [...told, ...others].toSorted((a, b) => a.at - b.at)
  for (const [seq, { at: ms, ...said }] of sorted.entries()) {
    const message = { ...common, id: `${ms}-${seq}`, seq, timestamp: new Date(ms).toISOString(), ...said }
    await redis.xadd(NAMES.alerts, message.id, 'd', JSON.stringify(message))
  }
}

interface Shown {
  readonly rule: string
  readonly severity: string
  readonly from: string
  readonly until: string | null
}

async function run(args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly talk: string }> {
  const lines = { out: '', talk: '' }
  const code = await runCommand(args, {
    env: { HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port) },
    out: (line) => (lines.out += `${line}\n`),
    talk: (line) => (lines.talk += `${line}\n`),
    redraw: undefined,
    signal: new AbortController().signal,
  })
  return { code, ...lines }
}

async function replayed(config: object) {
  const file = join(folder, `${Math.random()}.json`)
  await writeFile(file, JSON.stringify({ profile: 'tracker_fetcher', ...config }))
  const { code, out, talk } = await run(['replay', SERVICE, '--json', '--config', file])
  expect({ code, talk }).toEqual({ code: 0, talk: '' })
  return JSON.parse(out) as { readonly would_have_fired: readonly Shown[]; readonly not_replayed: readonly { readonly rule: string }[] }
}

const minutesOf = (iso: string) => (Date.parse(iso) - began) / 60_000

const MANY_ATTEMPTS = {
  when: { reading: 'increase', of: 'tracker_fetcher.fetch.attempts', over: '5m' },
  above: 25,
  for: '5m',
}

test('what fired live fires in the replay within two minutes, and ends as soon', async () => {
  const live = exporter.told.filter(({ type }) => type === 'fired').map(({ rule: name }) => name)
  const { would_have_fired: would } = await replayed({ rules: { many_attempts: MANY_ATTEMPTS } })
  expect(would.map(({ rule: name }) => name).toSorted()).toEqual(live.toSorted())
  expect(new Set(live)).toEqual(new Set(['low_success_rate', 'large_queue', 'low_fetch_rate', 'many_attempts']))
  for (const { rule: name, severity, from, until } of would) {
    const told = exporter.told.filter((each) => each.rule === name)
    const fired = told.filter(({ type, at }) => type === 'fired' && Math.abs(at / 60 - minutesOf(from)) <= 2)
    expect(fired, `${name} from ${from}, live ${JSON.stringify(told)}`).toHaveLength(1)
    expect(told.some((each) => each.severity === severity)).toBe(true)
    if (until === null) expect(told.at(-1)!.type).not.toBe('resolved')
    else expect(told.some(({ type, at }) => type === 'resolved' && Math.abs(at / 60 - minutesOf(until)) <= 2)).toBe(true)
  }
})

test.for([
  { why: 'a limit that was never passed', change: { large_queue: { limit: 30_000 } }, gone: ['large_queue'], added: [] },
  { why: 'a breach that must last longer', change: { large_queue: { for: '25m' } }, gone: ['large_queue'], added: [] },
  { why: 'a rule that is off', change: { low_success_rate: false }, gone: ['low_success_rate'], added: [] },
  {
    why: 'a limit that the service is beyond all the time',
    change: { low_fetch_rate: { limit: 3000 } },
    gone: [],
    added: ['low_fetch_rate'],
  },
])('changed rules say something else: $why', async ({ change, gone, added }) => {
  const before = await replayed({})
  const { would_have_fired: would } = await replayed({ rules: change })
  const names = new Set(would.map(({ rule: name }) => name))
  for (const name of gone) {
    expect(before.would_have_fired.map((each) => each.rule)).toContain(name)
    expect(names.has(name)).toBe(false)
  }
  for (const name of added) {
    const first = would.find((each) => each.rule === name)
    const wasFirst = before.would_have_fired.find((each) => each.rule === name)
    expect(minutesOf(first!.from)).toBeLessThan(minutesOf(wasFirst!.from))
  }
})

test('what cannot be replayed is named, with the reason', async () => {
  const { not_replayed: not } = await replayed({ rules: { never_counted: { ...MANY_ATTEMPTS, above: 1 } } })
  expect(not).toEqual([
    { rule: 'apple_account_unauthenticated', why: expect.stringContaining('has no apple_account_authenticated') },
    { rule: 'anisette_unreachable', why: expect.stringContaining('has no anisette_server_reachable') },
    { rule: 'slow_apple_api', why: expect.stringContaining('nothing was counted for it') },
    { rule: 'restart_loop', why: 'the history does not hold what it reads' },
    { rule: 'drain_stuck', why: 'the history does not hold what it reads' },
    { rule: 'dependency_down', why: 'the history does not hold what it reads' },
    { rule: 'never_counted', why: expect.stringContaining('has no never_counted') },
  ])
})

test('beside it stands what did fire then, of this service alone', async () => {
  const { code, out, talk } = await run(['replay', SERVICE])
  expect({ code, talk }).toEqual({ code: 0, talk: '' })
  const both = ['low_success_rate', 'large_queue', 'low_fetch_rate']
  for (const name of both) {
    expect(out).toMatch(new RegExp(`${name} +2026-11-22 \\d\\d:\\d\\d to 2026-11-22 \\d\\d:\\d\\d +did fire +\\w`))
    expect(out).toMatch(new RegExp(`${name} +2026-11-22 \\d\\d:\\d\\d to 2026-11-22 \\d\\d:\\d\\d +would fire +\\w`))
  }
  // A rule that is not among those that are tried.
  expect(out).toMatch(/many_attempts +2026-11-22 \d\d:\d\d to now +would not fire/)
  expect(out).toMatch(/large_queue queue=hot +2026-11-22 12:02 to now +would not fire/)
  expect(out).not.toContain('mailer')
})

test.for([
  { why: 'no name', args: ['replay'], code: 2, talk: /^Which service\?/ },
  { why: 'a service without a history', args: ['replay', 'nobody'], code: 1, talk: /^There is no history of nobody/ },
  {
    why: 'a file that is not there',
    args: ['replay', SERVICE, '--config', '/nowhere/health.config.json'],
    code: 2,
    talk: /could not be loaded/,
  },
])('one sentence where it cannot be done: $why', async ({ args, code, talk }) => {
  const done = await run(args)
  expect({ code: done.code, out: done.out }).toEqual({ code, out: '' })
  expect(done.talk).toMatch(talk)
})
