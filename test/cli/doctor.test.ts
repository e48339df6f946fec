/** The whole command, as a process of its own, in the folder of a service. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { doctor } from '../../src/cli/doctor.ts'
import { systemClock } from '../../src/clock.ts'
import { RedisExporter } from '../../src/publish/redis-exporter.ts'
import { VERSION } from '../../src/version.ts'
import { REGISTER } from '../e2e/service-process.ts'
import { snapshotOf, transitionOf } from '../wire/fixtures.ts'
import { closedPort, listening } from '../support/upstream.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const MAIN = join(ROOT, 'src/cli/main.ts')

/** Longer than the command may take, and the start of Node twice. */
const TIMEOUT = { timeout: 60_000 }

let folder: string
/** Holds nothing, so that nobody is listened to for seconds. */
let empty: EmbeddedValkey
let valkey: EmbeddedValkey
let service: ChildProcess
let collector: Server
let endpoint: string
const exported: { readonly resourceMetrics: readonly { readonly scopeMetrics: readonly object[] }[] }[] = []

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'otel-health-')))
  const packageJson = { name: 'mailer', type: 'module', scripts: { start: 'node --import otel-health/register service.js' } }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(packageJson))
  writeFileSync(join(folder, 'service.js'), 'setInterval(() => {}, 1000)')
  for (const [name, target] of [
    ['otel-health', ROOT],
    ['@opentelemetry/api', join(ROOT, 'node_modules/@opentelemetry/api')],
  ] as const) {
    mkdirSync(dirname(join(folder, 'node_modules', name)), { recursive: true })
    symlinkSync(target, join(folder, 'node_modules', name))
  }
  ;[empty, valkey] = await Promise.all([startValkey(), startValkey()])
  collector = createServer((req, res) => {
    void json(req).then((body) => {
      exported.push(body as (typeof exported)[number])
      res.end('{}')
    })
  })
  endpoint = `http://127.0.0.1:${await listening(collector)}`
  service = spawn(process.execPath, ['--import', REGISTER, 'service.js'], {
    cwd: folder,
    env: { ...environment(), HEALTH_REDIS_PORT: String(valkey.port), OTEL_METRICS_EXPORTER: 'none' },
    stdio: 'ignore',
  })
  const redis = new Redis(valkey.port)
  await vi.waitUntil(async () => (await redis.zscore('{health}:services', 'mailer')) !== null, { timeout: 20_000, interval: 20 })
  redis.disconnect()
})
afterAll(async () => {
  service.kill('SIGKILL')
  collector.closeAllConnections()
  collector.close()
  await Promise.all([empty.stop(), valkey.stop()])
  rmSync(folder, { recursive: true })
})

function environment(): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    NO_COLOR: '1',
    HEALTH_REDIS_HOST: '127.0.0.1',
    HEALTH_REDIS_PORT: String(empty.port),
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  }
}

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly talk: string
  readonly ms: number
}

function start(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}, cwd: string = folder) {
  const begin = performance.now()
  const child = spawn(process.execPath, [MAIN, 'doctor', ...args], {
    cwd,
    env: { ...environment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, talk] = ['', '']
  child.stdout.on('data', (data) => (out += String(data)))
  child.stderr.on('data', (data) => (talk += String(data)))
  const ended = once(child, 'close').then(([code]): Ended => ({ code: code as number | null, out, talk, ms: performance.now() - begin }))
  return { child, ended, out: () => out }
}

async function run(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}, cwd: string = folder): Promise<Ended> {
  return await start(args, env, cwd).ended
}

interface Report {
  readonly version: string
  readonly checks: readonly { readonly name: string; readonly status: string; readonly message: string; readonly mend: string | null }[]
}

async function report(env: Readonly<Record<string, string>> = {}, args: readonly string[] = []): Promise<Report & { code: number | null }> {
  const { code, out } = await run(['--json', ...args], env)
  return { code, ...(JSON.parse(out) as Report) }
}

function statusOf({ checks }: Report, name: string): string | undefined {
  return checks.find((each) => each.name === name)?.status
}

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${await listening(server)}`
}

test('a chain that is well: a line for each thing in the order of the pipeline, nothing to mend, exit 0', TIMEOUT, async () => {
  const { code, out, talk } = await run([], { HEALTH_REDIS_PORT: String(valkey.port) })
  expect(talk).toBe('')
  expect(out.split('\n').map((line) => line.slice(0, 25).trimEnd())).toEqual([
    expect.stringMatching(/^(ok|warn) +node$/),
    'ok    otel-health',
    'ok    configuration',
    'ok    variables',
    'ok    recording',
    'ok    api',
    'ok    register',
    // Of the whole machine.
    expect.stringMatching(/^(ok|skip) +processes$/),
    'skip  clients',
    'ok    redis',
    'ok    redis-memory',
    'ok    redis-writes',
    'ok    redis-channel',
    'skip  own-redis',
    'ok    clock',
    'ok    services',
    'ok    service',
    'skip  work',
    'ok    instances',
    'ok    instance-clocks',
    'ok    instance-ids',
    'ok    otlp',
    'skip  collector',
    'skip  prometheus',
    '',
    expect.stringMatching(/^(Nothing|What) to mend/),
    ...(out.endsWith('Nothing to mend.\n') ? [''] : [expect.any(String), expect.any(String), '']),
  ])
  expect(out).toMatch(/mailer beats: 1 instance/)
  expect(code).toBe(0)
})

test('--json: one object of a stable shape', TIMEOUT, async () => {
  const { code, version, checks } = await report({ HEALTH_REDIS_HSOT: 'x' })
  expect({ code, version }).toEqual({ code: 0, version: VERSION })
  for (const check of checks) {
    expect(Object.keys(check)).toEqual(['name', 'status', 'message', 'mend'])
    expect(check.mend === null).toBe(check.status === 'ok' || check.status === 'skip')
  }
  expect(checks.find(({ name }) => name === 'variables')).toEqual({
    name: 'variables',
    status: 'warn',
    message: 'HEALTH_REDIS_HSOT is read by nobody',
    mend: 'Rename HEALTH_REDIS_HSOT to HEALTH_REDIS_HOST.',
  })
})

test('what is wrong is repeated at the end with what to do, what failed first; no secret is told; exit 1', TIMEOUT, async () => {
  const refusing = await serve((_, res) => res.writeHead(401).end('secret'))
  const { code, out, talk } = await run([], {
    HEALTH_REDIS_DATABASE: 'redis://me:secret@host',
    OTEL_EXPORTER_OTLP_ENDPOINT: `${refusing.replace('://', '://me:secret@')}/x?token=secret`,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20secret',
    OTEL_METRIC_EXPORT_INTERVAL: '60s',
    HEALTH_PROMETHEUS_URL: 'http://me:secret@127.0.0.1:1',
  })
  expect(code).toBe(1)
  expect(out + talk).not.toContain('secret')
  const [, mends = ''] = out.split('\nWhat to mend:\n')
  const shown = Array.from(mends.matchAll(/^ {2}(fail|warn) {2}(.*?): .*\n {8}([A-Z].*\.)$/gm), ([, status, name]) => `${status} ${name}`)
  expect(shown.filter((each) => each !== 'warn node')).toEqual([
    'fail otlp',
    'fail prometheus',
    'warn variables',
    'warn service',
    'warn otlp-variables',
  ])
})

test('the configuration cannot be used: what needs it is left out, the rest is looked at', TIMEOUT, async () => {
  const found = await report({ HEALTH_REDIS_PORT: 'tcp://10.0.0.1:6379' })
  expect(found.code).toBe(1)
  const names = ['configuration', 'redis', 'clock', 'services', 'otlp']
  expect(names.map((name) => statusOf(found, name))).toEqual(['fail', 'skip', 'skip', 'skip', 'ok'])
})

test('the export is switched off: nothing is sent', TIMEOUT, async () => {
  const before = exported.length
  const found = await report({ OTEL_METRICS_EXPORTER: 'none' })
  expect(['recording', 'otlp', 'collector'].map((name) => statusOf(found, name))).toEqual(['warn', 'skip', 'skip'])
  expect(exported).toHaveLength(before)
  expect(found.code).toBe(0)
})

test.for([
  { why: 'nobody listens', frozen: false },
  { why: 'the server is frozen', frozen: true },
])('no connection to the health Redis: exit 3, whatever else is wrong: $why', TIMEOUT, async ({ frozen }) => {
  const other = await startValkey()
  onTestFinished(() => other.stop())
  if (frozen) other.kill('SIGSTOP')
  const found = await report({
    HEALTH_REDIS_PORT: String(frozen ? other.port : await closedPort()),
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
  })
  expect(found.code).toBe(3)
  expect(['redis', 'redis-writes', 'clock', 'services', 'otlp'].map((name) => statusOf(found, name))).toEqual([
    ...['fail', 'skip', 'skip', 'skip', 'fail'],
  ])
})

test('whatever hangs, it ends within 10 s', TIMEOUT, async () => {
  const hanging = await serve(() => {})
  const other = await startValkey()
  onTestFinished(() => other.stop())
  other.kill('SIGSTOP')
  const { code, out, ms } = await run(['--prometheus', hanging], {
    HEALTH_REDIS_PORT: String(other.port),
    OTEL_EXPORTER_OTLP_ENDPOINT: hanging,
  })
  expect(code).toBe(3)
  expect(out).toMatch(/^fail +otlp .*no answer within 5 s/m)
  expect(out).toMatch(/^fail +prometheus +no answer within 8 s/m)
  expect(ms).toBeLessThan(10_000)
})

test('what health.config has begun does not keep it', TIMEOUT, async () => {
  const restless = realpathSync(mkdtempSync(join(tmpdir(), 'otel-health-')))
  onTestFinished(() => rmSync(restless, { recursive: true }))
  writeFileSync(join(restless, 'health.config.js'), 'setInterval(() => {}, 1000); module.exports = { serviceName: "restless" }')
  const { out, ms } = await run([], {}, restless)
  expect(out).toMatch(/the service is restless/)
  expect(ms).toBeLessThan(10_000)
})

test('Ctrl-C ends it, and it says so', TIMEOUT, async () => {
  const hanging = await serve(() => {})
  const { child, ended, out } = start(['--prometheus', hanging])
  await vi.waitUntil(() => out().includes('collector'), { timeout: 20_000, interval: 5 })
  child.kill('SIGINT')
  expect(await ended).toMatchObject({ code: 1, talk: 'Interrupted: what was not looked at is not known.\n' })
})

test.for([
  { why: 'an argument too many', args: ['doctor', 'x'], says: /"x" is one argument too many/ },
  { why: 'an option without its value', args: ['doctor', '--prometheus'], says: /--prometheus/ },
  { why: 'an option of another command', args: ['status', '--prometheus', 'http://localhost:9090'], says: /of doctor alone/ },
])('usage: $why: exit 2', TIMEOUT, async ({ args, says }) => {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
  let talk = ''
  child.stderr.on('data', (data) => (talk += String(data)))
  expect((await once(child, 'close'))[0]).toBe(2)
  expect(talk).toMatch(says)
})

describe('nothing of it stays', () => {
  /** Keys with what they hold and how long; subscriptions. Times to live are given in whole minutes: they run on. */
  async function everythingIn(redis: Redis): Promise<unknown> {
    const keys = (await redis.keys('*')).toSorted()
    const held = await Promise.all(
      keys.map(async (key) => [key, (await redis.dumpBuffer(key))?.toString('base64'), Math.round((await redis.pttl(key)) / 60_000)]),
    )
    return { held, channels: await redis.pubsub('CHANNELS'), patterns: await redis.pubsub('NUMPAT') }
  }

  test(
    'in a Redis with services and alerts: no key is other than before, nobody hears anything, no connection is left',
    TIMEOUT,
    async () => {
      const other = await startValkey()
      onTestFinished(() => other.stop())
      const redis = new Redis(other.port)
      onTestFinished(() => redis.disconnect())
      const exporter = new RedisExporter({
        target: { host: '127.0.0.1', port: other.port },
        clock: systemClock,
        ...{ service: 'mailer', instance: 'a', publishingIntervalMs: 600_000, retentionMs: 86_400_000 },
      })
      onTestFinished(() => exporter.stop(snapshotOf({ phase: 'stopped' }), 0))
      await exporter.load(1000)
      exporter.transition(transitionOf('fired', { service: 'mailer' }))
      exporter.status(snapshotOf({ service: 'mailer', instance: 'a', at: Date.now() }))
      await vi.waitUntil(async () => (await redis.exists('{health}:status:mailer:a')) === 1, { interval: 5 })
      const before = await everythingIn(redis)
      const ear = new Redis(other.port)
      onTestFinished(() => ear.disconnect())
      const heard: string[] = []
      ear.on('pmessage', (_pattern: string, channel: string) => heard.push(channel))
      await ear.psubscribe('health:service:*', 'health:system:*')
      const connections = async () =>
        String(await redis.client('LIST'))
          .trim()
          .split('\n').length
      const connected = await connections()
      const exports = exported.length

      expect(await run([], { HEALTH_REDIS_PORT: String(other.port) })).toMatchObject({ code: 0 })

      await ear.ping()
      expect(heard).toEqual([])
      await vi.waitUntil(async () => (await connections()) === connected, { interval: 5 })
      await ear.punsubscribe()
      expect(await everythingIn(redis)).toEqual(before)
      const sent = exported.slice(exports).flatMap(({ resourceMetrics }) => resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics))
      expect(exported).toHaveLength(exports + 1)
      expect(sent).toEqual([])
    },
  )

  test('in an empty Redis, even under register from NODE_OPTIONS: doctor is no service', TIMEOUT, async () => {
    const other = await startValkey()
    onTestFinished(() => other.stop())
    const redis = new Redis(other.port)
    onTestFinished(() => redis.disconnect())
    const { out } = await run([], { HEALTH_REDIS_PORT: String(other.port), NODE_OPTIONS: `--import ${REGISTER}` })
    expect(out).toMatch(/no service has been heard of yet/)
    expect(await redis.keys('*')).toEqual([])
  })
})

test('on a Node that is too old it says so, and nothing else that would only be its fault', async () => {
  const out: string[] = []
  const signal = new AbortController().signal
  const io = { env: {}, json: false, out: (line: string) => void out.push(line), talk: () => {}, redraw: undefined, signal }
  expect(await doctor(io, { prometheus: undefined, cwd: folder, nodeVersion: '20.20.2' })).toBe(1)
  expect(out[0]).toMatch(/^fail +node +Node 20\.20\.2 is older than 22\.18$/)
  expect(out.filter((line) => /^(ok|warn|skip|fail) /.test(line))).toHaveLength(1)
})
