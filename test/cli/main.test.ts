import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { runCommand } from '../../src/cli/command-line.ts'
import type { Snapshot } from '../../src/types.ts'
import { VERSION } from '../../src/version.ts'
import { encodeMetrics } from '../../src/wire/metrics-message.ts'
import { encodeStatus } from '../../src/wire/status-message.ts'
import { RedisRecord } from '../subscribe/record.ts'
import { snapshotOf } from '../wire/fixtures.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

let valkey: EmbeddedValkey
let redis: Redis
let record: RedisRecord
const children: ChildProcess[] = []

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
  record = new RedisRecord(redis)
  const since = Date.now() - 185_000
  await record.tell({
    ...{ id: 'a2', service: 'tracker_fetcher', rule: 'anisette_unreachable', severity: 'CRITICAL', since },
    message: 'Anisette is gone\u001b[2J',
    instances: {},
  })
  await say({ instanceStatus: 'unhealthy', reasons: ['anisette_unreachable: Anisette was going'] })
  await say(GEOCODING)
  await redis.multi().zadd('{health}:services', '1000', 'gone').zadd('{health}:instances:gone', '1000', 'g').exec()
  await record.beat({ service: 'ended', phase: 'stopped' })
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  redis.disconnect()
  await valkey.stop()
})

const GEOCODING = { service: 'geocoding', instance: 'pod-1', reasons: [], alerts: [], checks: {}, metrics: {} } as const

let beats = 0
/** As the instance does. */
async function say(change: Partial<Snapshot>): Promise<void> {
  const snapshot = snapshotOf({ at: Date.now(), ...change })
  await record.beat({ service: snapshot.service, instance: snapshot.instance, text: encodeStatus(snapshot, ++beats).json })
}

function start(
  args: readonly string[],
  env: Record<string, string> = {},
): ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream } {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'], NO_COLOR: '1', HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  return child
}

/** In this process; `start` is for what takes a process. */
async function run(args: readonly string[], env: Record<string, string> = {}): Promise<{ code: number; out: string; talk: string }> {
  const lines = { out: '', talk: '' }
  const code = await runCommand(args, {
    env: { HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port), ...env },
    out: (line) => (lines.out += `${line}\n`),
    talk: (line) => (lines.talk += `${line}\n`),
    redraw: undefined,
    signal: new AbortController().signal,
  })
  return { code, ...lines }
}

async function output(child: ReturnType<typeof start>): Promise<{ code: number; out: string; talk: string }> {
  let [out, talk] = ['', '']
  child.stdout.on('data', (data) => (out += String(data)))
  child.stderr.on('data', (data) => (talk += String(data)))
  const [code] = (await once(child, 'close')) as [number]
  return { code, out, talk }
}

test('status: every service on a line, what is wrong below it, exit 1 because something is unhealthy', async () => {
  const { code, out, talk } = await output(start(['status']))
  expect({ code, talk }).toEqual({ code: 1, talk: '' })
  expect(out.replaceAll(/\d+ (s|d( \d+ h)?) ago/g, 'a while ago').split('\n')).toEqual([
    'SERVICE          STATUS     INSTANCES  ALERTS  LAST BEAT',
    'ended            stopped    0 of 0     -       a while ago',
    'geocoding        healthy    1 of 1     -       a while ago',
    'gone             unhealthy  0 of 1     -       a while ago',
    '  silent: no instance gives a sign of life',
    'tracker_fetcher  unhealthy  1 of 1     1       a while ago',
    '  CRITICAL  firing for 3 min  anisette_unreachable  Anisette is gone',
    '',
  ])
})

test.for([
  { why: 'a healthy service', args: ['status', 'geocoding'], code: 0, out: /^geocoding {2}healthy\n/, talk: /^$/ },
  {
    why: 'an unhealthy one, its alert said once',
    args: ['status', 'tracker_fetcher'],
    code: 1,
    out: /^tracker_fetcher {2}unhealthy\n\nalerts\n {2}CRITICAL {2}firing for 3 min {2}anisette_unreachable {2}Anisette is gone\n\n[^]*4f2c {2}unhealthy {2}running/,
    talk: /^$/,
  },
  {
    why: 'one nobody knows',
    args: ['status', 'nope'],
    code: 1,
    out: /^$/,
    talk: /No service named nope .*known: ended, geocoding, gone, tracker_fetcher/,
  },
  { why: 'check: OK', args: ['check', 'geocoding'], code: 0, out: /^OK - geocoding is healthy, 1 of 1 instances/, talk: /^$/ },
  {
    why: 'check: CRITICAL',
    args: ['check', 'tracker_fetcher'],
    code: 2,
    out: /^CRITICAL - .*anisette_unreachable \(3 min\).* \| fetch_rate_per_hour=713\.2\n$/,
    talk: /^$/,
  },
  {
    why: 'check: silent is CRITICAL',
    args: ['check', 'gone'],
    code: 2,
    out: /^CRITICAL - gone is unhealthy: silent: no instance gives a sign of life, 0 of 1/,
    talk: /^$/,
  },
  {
    why: 'one that stopped is nothing unhealthy',
    args: ['status', 'ended'],
    code: 0,
    out: /^ended {2}stopped {2}no instance is left, and none is missed\n\nlast beat \d+ s ago\n$/,
    talk: /^$/,
  },
  {
    why: 'check: one that stopped does no work',
    args: ['check', 'ended'],
    code: 1,
    out: /^WARNING - ended is stopped: no instance is left, and none is missed, last beat \d+ s ago\n$/,
    talk: /^$/,
  },
  { why: 'check: one nobody knows is UNKNOWN', args: ['check', 'nope'], code: 3, out: /^UNKNOWN - no service named nope/, talk: /^$/ },
  { why: 'check: without a service is UNKNOWN', args: ['check'], code: 3, out: /^UNKNOWN - which service/, talk: /^$/ },
  { why: 'help', args: ['--help'], code: 0, out: /^Usage: otel-health <command>/, talk: /^$/ },
  {
    why: 'help with one command',
    args: ['help', 'ack'],
    code: 0,
    out: /^Usage: otel-health ack <id> \[options\]\n[^]*-m, --message <why>/,
    talk: /^$/,
  },
  {
    why: 'the same, as other programs have it',
    args: ['ack', '--help'],
    code: 0,
    out: /^Usage: otel-health ack <id> \[options\]\n/,
    talk: /^$/,
  },
  { why: 'the version', args: ['--version'], code: 0, out: new RegExp(`^${VERSION.replaceAll('.', '\\.')}\n$`), talk: /^$/ },
  { why: 'the version, as a command', args: ['version'], code: 2, out: /^$/, talk: /did you mean otel-health --version\?/ },
  { why: 'the version of a command', args: ['status', '--version'], code: 2, out: /^$/, talk: /--version goes without a command/ },
  {
    why: 'a command with letters exchanged',
    args: ['statsu'],
    code: 2,
    out: /^$/,
    talk: /no command "statsu": did you mean otel-health status\?/,
  },
  { why: 'the beginning of a command', args: ['sim'], code: 2, out: /^$/, talk: /no command "sim": did you mean otel-health simulate\?/ },
  { why: 'help with a command that is not there', args: ['help', 'wacth'], code: 2, out: /^$/, talk: /did you mean otel-health watch\?/ },
  {
    why: 'an option with letters exchanged',
    args: ['status', '--jsno'],
    code: 2,
    out: /^$/,
    talk: /no option --jsno: did you mean --json\?/,
  },
  { why: 'an option without its value', args: ['ack', '1', '-m'], code: 2, out: /^$/, talk: /-m.*: see otel-health help ack\.\n$/ },
  { why: 'a command that holds a password', args: ['me:hunter2@redis'], code: 2, out: /^$/, talk: /^There is no command "\*\*\*@redis": / },
  {
    why: 'a service that holds a password',
    args: ['status', 'me:hunter2@redis'],
    code: 1,
    out: /^$/,
    talk: /^No service named \*\*\*@redis has/,
  },
  { why: 'no command', args: [], code: 2, out: /^$/, talk: /^Usage/ },
  { why: 'an unknown command', args: ['frob'], code: 2, out: /^$/, talk: /no command "frob"/ },
  {
    why: 'an unknown option',
    args: ['status', '--frob'],
    code: 2,
    out: /^$/,
    talk: /^There is no option --frob: otel-health status \[service\] takes --json, --help\.\n$/,
  },
  { why: 'an argument too many', args: ['watch', 'x'], code: 2, out: /^$/, talk: /"x" is one argument too many/ },
])('$why', async ({ args, code, out, talk }) => {
  const ended = await run(args)
  expect(ended.out).toMatch(out)
  expect(ended.talk).toMatch(talk)
  expect(ended.code).toBe(code)
})

test.for([
  { why: 'by a name that Redis cannot have', env: { HEALTH_SERVICE_NAME: 'GeoCoding' }, code: 0, out: /^OK - geocoding is healthy/ },
  { why: 'by OTEL_SERVICE_NAME', env: { OTEL_SERVICE_NAME: 'geocoding' }, code: 0, out: /^OK - geocoding is healthy/ },
  { why: 'by a variable that cannot be used', env: { HEALTH_SERVICE_NAME: '***' }, code: 3, out: /^UNKNOWN - The service name "\*\*\*"/ },
])('check asks for the service that the environment names, $why', async ({ env, code, out }) => {
  const ended = await run(['check'], env)
  expect(ended).toMatchObject({ code, out: expect.stringMatching(out) as string, talk: '' })
})

test('--json is data', async () => {
  const { services } = JSON.parse((await run(['status', '--json'])).out) as { services: Record<string, unknown>[] }
  expect(services.map(({ service, status, reasons }) => [service, status, reasons])).toEqual([
    ['ended', 'stopped', ['no instance is left, and none is missed']],
    ['geocoding', 'healthy', []],
    ['gone', 'unhealthy', ['silent: no instance gives a sign of life']],
    ['tracker_fetcher', 'unhealthy', ['anisette_unreachable: Anisette is gone\u001b[2J']],
  ])
  expect(JSON.parse((await run(['check', 'geocoding', '--json'])).out)).toMatchObject({ status: 'OK', code: 0 })
})

test.for([
  {
    why: 'a Redis that refuses',
    env: { HEALTH_REDIS_PORT: '1' },
    args: ['status'],
    code: 3,
    says: /^No connection to the health Redis at 127\.0\.0\.1:1 \(ECONNREFUSED\)/,
  },
  { why: 'a Redis that refuses, followed', env: { HEALTH_REDIS_PORT: '1' }, args: ['tail'], code: 3, says: /^No connection/ },
  {
    why: 'a password that the server does not know',
    env: { HEALTH_REDIS_USERNAME: 'me', HEALTH_REDIS_PASSWORD: 'secret' },
    args: ['status'],
    code: 3,
    says: /it refuses the user or the password/,
  },
  {
    why: 'a variable that cannot be used',
    env: { HEALTH_REDIS_PORT: 'abc' },
    args: ['status'],
    code: 2,
    says: /^HEALTH_REDIS_PORT is "abc"/,
  },
])('$why: one sentence, and soon', async ({ env, args, code, says }) => {
  const begin = performance.now()
  const ended = await output(start(args, env))
  expect(ended.code).toBe(code)
  expect(ended.talk).toMatch(says)
  expect(ended.talk).not.toContain('secret')
  expect(ended.talk.trim().split('\n')).toHaveLength(1)
  expect(performance.now() - begin).toBeLessThan(2000)
})

test('a Redis that is frozen: exit 3 within 3 s', async () => {
  const frozen = await startValkey()
  frozen.kill('SIGSTOP')
  const begin = performance.now()
  const ended = await output(start(['check', 'geocoding'], { HEALTH_REDIS_PORT: String(frozen.port) }))
  expect(ended).toMatchObject({ code: 3, out: expect.stringMatching(/^UNKNOWN - No connection .*no answer within 2 s/) as string })
  expect(performance.now() - begin).toBeLessThan(3000)
  await frozen.stop()
})

test('tail prints messages as they come, and ends when told to', async () => {
  const child = start(['tail'])
  await listening()
  const line = once(createInterface(child.stdout), 'line')
  await record.say('health:service:geocoding:metrics', encodeMetrics(snapshotOf(GEOCODING), 1).json)
  expect(JSON.parse(String((await line)[0]))).toMatchObject({ v: 1, service: 'geocoding', beat: 1, evidence: {} })
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})

/** Until a child has begun to listen. */
async function listening(): Promise<void> {
  await expect.poll(() => redis.pubsub('NUMPAT'), { interval: 5, timeout: 20_000 }).toBeGreaterThan(0)
}

test('watch, where stdout is no terminal, is a line whenever something changes', async () => {
  const child = start(['watch'])
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async () => String((await lines.next()).value).replace(/^\S+Z /, '')
  expect([await next(), await next(), await next(), await next()]).toEqual([
    'ended stopped: no instance is left, and none is missed',
    'geocoding healthy',
    'gone unhealthy: silent: no instance gives a sign of life',
    'tracker_fetcher unhealthy: anisette_unreachable: Anisette is gone',
  ])
  const own = { ...GEOCODING, instanceStatus: 'degraded', reasons: ['redis'] } as const
  await say(own)
  expect(await next()).toBe('geocoding degraded: redis')
  await say({ ...own, dependsOn: ['tracker_fetcher'] })
  expect(await next()).toBe(
    'geocoding degraded: redis; depends on tracker_fetcher, which is unhealthy: anisette_unreachable: Anisette is gone',
  )
  await say(GEOCODING)
  expect(await next()).toBe('geocoding healthy')
  child.kill('SIGINT')
  expect(await once(child, 'exit')).toEqual([0, null])
})

describe('what was forged', () => {
  test('is one line of tail, and steers no terminal', async () => {
    const child = start(['tail'])
    await listening()
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    const message = encodeStatus(snapshotOf({ ...GEOCODING, at: Date.now(), reasons: ['a\u202eb\u200bc\u009b2J\u2028d'] }), 1)
    const forged = JSON.stringify(JSON.parse(message.json), null, 2).replaceAll('\\u009b', '\u009b')
    expect(forged).toMatch(/\u202e/)
    await record.say('health:service:geocoding:status', forged)
    const line = String((await lines.next()).value)
    expect(line).toMatch(/^\{"v":1,[^\p{Cc}\p{Cf}\p{Zl}]*\}$/u)
    expect(JSON.parse(line)).toMatchObject({ reasons: ['a\u202eb\u200bc\u009b2J\u2028d'] })
    child.kill('SIGTERM')
    await once(child, 'exit')
  })

  test('steers no terminal on stderr', async () => {
    const { talk } = await output(start(['status', 'no\u001b[2J\u202ebody']))
    expect(talk).toMatch(/^No service named no.*body has been heard of/)
    expect(talk.trim()).toMatch(/^[^\p{Cc}\p{Cf}]*$/u)
  })
})

describe('one bad key', () => {
  const BAD = '{health}:status:geocoding:pod-2'
  afterEach(async () => {
    await redis.del(BAD, '{health}:alert:bad')
    await redis.zrem('{health}:instances:geocoding', 'pod-2')
    await redis.zrem('{health}:open', 'bad')
  })

  test.for([
    { why: 'of another type', write: () => redis.lpush(BAD, 'x'), says: 'is of another type than it should be' },
    { why: 'of 1 MB', write: () => redis.set(BAD, 'x'.repeat(1_000_000)), says: 'is larger than 64 KB' },
    { why: 'that is no JSON', write: () => redis.set(BAD, '{'), says: 'is no JSON object' },
    { why: 'of a version to come', write: () => redis.set(BAD, '{"v":2}'), says: 'has version 2, which this otel-health does not know' },
  ])('a status $why: the rest is shown, and nothing is called well', async ({ write, says }) => {
    await redis.zadd('{health}:instances:geocoding', Date.now(), 'pod-2')
    await write()
    const all = await run(['status'])
    expect(all.out).toMatch(/^geocoding +degraded +2 of 2/m)
    expect(all.out).toMatch(/^tracker_fetcher +unhealthy/m)
    expect(all.out).toContain(`  ${BAD} ${says}`)
    expect(all.code).toBe(1)
    const one = await run(['status', 'geocoding'])
    expect(one).toMatchObject({ code: 1, out: expect.stringContaining(`  ${BAD} ${says}`) as string })
    const checked = await run(['check', 'geocoding'])
    expect(checked).toMatchObject({
      code: 3,
      out: expect.stringMatching(/^UNKNOWN - geocoding is degraded: the status of instance/) as string,
    })
    expect(checked.out).toContain(`; ${BAD} ${says}`)
    expect((await run(['check', 'tracker_fetcher'])).code).toBe(2)
    const { problems } = JSON.parse((await run(['status', '--json'])).out) as { problems: unknown[] }
    expect(problems).toEqual([{ key: BAD, reason: says, service: 'geocoding' }])
  })

  test('an alert document of a version to come is shown as such, and nothing of its service is called well', async () => {
    await redis.hset('{health}:alert:bad', { rev: 9, doc: '{"v":2,"service":"geocoding"}' })
    await redis.zadd('{health}:open', Date.now(), 'bad')
    const { code, out } = await run(['status', 'geocoding'])
    expect(out).toContain('{health}:alert:bad alert bad has version 2, which this otel-health does not know')
    expect(code).toBe(1)
    expect(await run(['check', 'geocoding'])).toMatchObject({ code: 3, out: expect.stringContaining('has version 2') as string })
  })
})

describe('a service that is not listed any more', () => {
  const mailer = (severity: 'WARNING' | 'CRITICAL') =>
    record.tell({ id: 'm1', service: 'mailer', severity, state: 'unknown', type: 'unknown', message: 'nobody knows' })
  afterEach(async () => {
    await record.tell({ id: 'm1', service: 'mailer', type: 'resolved' })
  })

  test('and left an alert open is found, and not well', async () => {
    await mailer('WARNING')
    expect((await run(['status'])).out).toMatch(/^mailer +unknown +0 of 0 +1 +-\n {2}WARNING {2}unknown for 0 s/m)
    expect(await run(['status', 'mailer'])).toMatchObject({ code: 1, out: expect.stringMatching(/^mailer {2}unknown/) as string })
    expect(await run(['check', 'mailer'])).toMatchObject({ code: 3, out: expect.stringMatching(/^UNKNOWN - mailer is unknown/) as string })
  })

  test('and left a critical one open is as bad as that', async () => {
    await mailer('CRITICAL')
    expect(await run(['check', 'mailer'])).toMatchObject({ code: 2 })
  })
})

test('an alert says which instances it is about', async () => {
  const at = new Date().toISOString()
  const entry = { severity: 'WARNING', since: at, seen: at } as const
  await record.tell({
    id: 'g1',
    service: 'geocoding',
    instances: {
      b: { ...entry, state: 'firing', breaching: true },
      a: { ...entry, state: 'firing', breaching: true },
      c: { ...entry, state: 'gone', breaching: true },
    },
  })
  expect((await run(['status', 'geocoding'])).out).toMatch(/low_success_rate {2}m\n {4}2 of 3 instances: a, b; c is gone\n/)
  await record.tell({ id: 'g1', service: 'geocoding', type: 'resolved' })
})

test('a Redis that freezes makes watch say that nothing is known', async () => {
  const freezing = await startValkey()
  const child = start(['watch'], { HEALTH_REDIS_PORT: String(freezing.port) })
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const talk = createInterface(child.stderr)[Symbol.asyncIterator]()
  expect((await lines.next()).value).toMatch(/no service$/)
  freezing.kill('SIGSTOP')
  expect((await lines.next()).value).toMatch(/STALE: the health Redis does not answer, and nothing is known$/)
  expect((await talk.next()).value).toMatch(/^The connection to 127\.0\.0\.1:\d+ is gone \(.*\); trying again\.$/)
  freezing.kill('SIGCONT')
  expect((await lines.next()).value).toMatch(/no service$/)
  expect((await talk.next()).value).toBe('Connected again.')
  child.kill('SIGKILL')
  await freezing.stop()
})
