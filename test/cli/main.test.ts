import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { runCommand } from '../../src/cli/command-line.ts'
import { systemClock } from '../../src/clock.ts'
import { RedisExporter } from '../../src/publish/redis-exporter.ts'
import { snapshotOf, transitionOf } from '../wire/fixtures.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

let valkey: EmbeddedValkey
let fetcher: RedisExporter
let geocoding: RedisExporter
const children: ChildProcess[] = []

function exporterOf(service: string, instance: string): RedisExporter {
  return new RedisExporter({
    target: { host: '127.0.0.1', port: valkey.port },
    clock: systemClock,
    ...{ service, instance, publishingIntervalMs: 30_000, retentionMs: 86_400_000 },
  })
}

beforeAll(async () => {
  valkey = await startValkey()
  fetcher = exporterOf('tracker_fetcher', '4f2c')
  geocoding = exporterOf('geocoding', 'pod-1')
  await Promise.all([fetcher.load(1000), geocoding.load(1000)])
  const since = Date.now() - 185_000
  fetcher.transition(
    transitionOf('fired', { id: 'a2', rule: 'anisette_unreachable', severity: 'CRITICAL', since, message: 'Anisette is gone\u001b[2J' }),
  )
  fetcher.status(snapshotOf({ at: Date.now(), instanceStatus: 'unhealthy', reasons: ['anisette_unreachable: Anisette was going'] }))
  geocoding.status(
    snapshotOf({ service: 'geocoding', instance: 'pod-1', at: Date.now(), reasons: [], alerts: [], checks: {}, metrics: {} }),
  )
  const redis = new Redis(valkey.port)
  await vi.waitUntil(async () => (await redis.zcard('{health}:services')) === 2, { interval: 5 })
  await redis.zadd('{health}:services', '1000', 'gone')
  redis.disconnect()
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await Promise.all([fetcher, geocoding].map((exporter) => exporter.stop(snapshotOf({ phase: 'stopped' }), 0)))
  await valkey.stop()
})

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
    'geocoding        healthy    1 of 1     -       a while ago',
    'gone             unhealthy  0 of 0     -       a while ago',
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
    talk: /No service named nope .*known: geocoding, gone, tracker_fetcher/,
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
    out: /^CRITICAL - gone is unhealthy: silent: no instance gives a sign of life, 0 of 0/,
    talk: /^$/,
  },
  { why: 'check: one nobody knows is UNKNOWN', args: ['check', 'nope'], code: 3, out: /^UNKNOWN - no service named nope/, talk: /^$/ },
  { why: 'check: without a service is UNKNOWN', args: ['check'], code: 3, out: /^UNKNOWN - which service/, talk: /^$/ },
  { why: 'help', args: ['--help'], code: 0, out: /^Usage: otel-health <command>/, talk: /^$/ },
  { why: 'no command', args: [], code: 2, out: /^$/, talk: /^Usage/ },
  { why: 'an unknown command', args: ['frob'], code: 2, out: /^$/, talk: /no command "frob"/ },
  {
    why: 'an unknown option',
    args: ['status', '--frob'],
    code: 2,
    out: /^$/,
    talk: /^Unknown option '--frob': see otel-health --help\.\n$/,
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
    says: /WRONGPASS/,
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
  const redis = new Redis(valkey.port)
  await expect.poll(() => redis.pubsub('NUMPAT'), { interval: 5 }).toBeGreaterThan(0)
  redis.disconnect()
  const line = once(createInterface(child.stdout), 'line')
  geocoding.metrics(snapshotOf({ service: 'geocoding', instance: 'pod-1' }))
  expect(JSON.parse(String((await line)[0]))).toMatchObject({ v: 1, service: 'geocoding', beat: 1, evidence: {} })
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test('watch, where stdout is no terminal, is a line whenever something changes', async () => {
  const child = start(['watch'])
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const next = async () => String((await lines.next()).value).replace(/^\S+Z /, '')
  expect([await next(), await next(), await next()]).toEqual([
    'geocoding healthy',
    'gone unhealthy: silent: no instance gives a sign of life',
    'tracker_fetcher unhealthy: anisette_unreachable: Anisette is gone',
  ])
  const own = { service: 'geocoding', instance: 'pod-1', instanceStatus: 'degraded', reasons: ['redis'] } as const
  geocoding.status(snapshotOf({ ...own, at: Date.now() }))
  const [changed] = [await next(), await next(), await next()]
  expect(changed).toBe('geocoding degraded: redis')
  geocoding.status(snapshotOf({ ...own, at: Date.now(), dependsOn: ['tracker_fetcher'] }))
  expect(await next()).toBe(
    'geocoding degraded: redis; depends on tracker_fetcher, which is unhealthy: anisette_unreachable: Anisette is gone',
  )
  child.kill('SIGINT')
  expect(await once(child, 'exit')).toEqual([0, null])
})
