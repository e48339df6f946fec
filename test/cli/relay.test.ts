/** `otel-health relay` as people start it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { runCommand } from '../../src/cli/command-line.ts'
import { startReceiver, type Receiver } from '../relay/receiver.ts'
import { writeTransition } from '../relay/transitions.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

let valkey: EmbeddedValkey
let folder: string
let receiver: Receiver
const children: ChildProcess[] = []

beforeAll(async () => {
  valkey = await startValkey()
  folder = await mkdtemp(join(tmpdir(), 'otel-health-relay-'))
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await valkey.stop()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  receiver = await startReceiver()
})
afterEach(() => receiver.close())

async function fileWith(content: unknown): Promise<string> {
  const file = join(folder, 'relay.json')
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

/** In this process. */
async function run(args: readonly string[], env: Record<string, string> = {}): Promise<{ code: number; out: string; talk: string }> {
  const lines = { out: '', talk: '' }
  const code = await runCommand(['relay', ...args], {
    env: { HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port), ...env },
    out: (line) => (lines.out += `${line}\n`),
    talk: (line) => (lines.talk += `${line}\n`),
    redraw: undefined,
    signal: new AbortController().signal,
  })
  return { code, ...lines }
}

test.for([
  { why: 'no file is named', args: [], talk: /^Which targets\? Usage: otel-health relay --config <file>/ },
  { why: 'it is not there', args: ['--config', '/nowhere/relay.json'], talk: /^\/nowhere\/relay\.json cannot be read \(ENOENT\)\.\n$/ },
  { why: 'more than that', args: ['--config', 'x', 'y'], talk: /^"y" is one argument too many/ },
])('a usage error: $why', async ({ args, talk }) => {
  expect(await run(args)).toMatchObject({ code: 2, out: '', talk: expect.stringMatching(talk) })
})

test.for([
  {
    why: 'no JSON, and what stands there may be secret',
    content: '{"targets": [{"url": "http://user:hunter2@a" oops',
    talk: /relay\.json: it is no JSON, at .*\.\n$/,
  },
  {
    why: 'a target that cannot be used',
    content: { targets: [{ type: 'webhook', url: 'ftp://user:hunter2@a' }] },
    talk: /targets\[0\]\.url must be a URL/,
  },
  {
    why: 'a key that is not known',
    content: { target: [{ password: 'hunter2' }] },
    talk: /"target" is not a known key: did you mean "targets"/,
  },
])('a file that cannot be used: $why', async ({ content, talk }) => {
  const said = await run(['--config', await fileWith(content)])
  expect(said).toMatchObject({ code: 2, talk: expect.stringMatching(talk) })
  expect(said.talk).not.toContain('hunter2')
})

test.for([
  { args: ['status', '--test'], said: '--test is of relay alone' },
  { args: ['status', '--config', 'x.json'], said: '--config is of simulate, replay, relay, dashboards, rules alone' },
])('$said', async ({ args, said }) => {
  const talk: string[] = []
  const io = { env: {}, out() {}, talk: (line: string) => talk.push(line), redraw: undefined, signal: new AbortController().signal }
  expect(await runCommand(args, io)).toBe(2)
  expect(talk.join()).toContain(said)
})

test('--test: a message to each target, what came of it, exit 1 if one failed; no address is shown whole', async () => {
  receiver.answer = ({ path }) => ({ status: path.startsWith('/missing') ? 404 : 200 })
  const base = receiver.url.replace('/hook', '')
  const file = await fileWith({
    targets: [
      { type: 'webhook', url: `${base}/hook?token=hunter2` },
      { type: 'webhook', name: 'missing', template: 'slack', urlEnv: 'SLACK' },
      { type: 'webhook', name: 'pager', template: 'pagerduty', url: `${base}/pager`, valuesEnv: { routing_key: 'KEY' } },
      { type: 'alertmanager', url: base },
    ],
  })
  const env = { SLACK: `${base}/missing/hunter2`, KEY: 'hunter2' }
  const { code, out } = await run(['--config', file, '--test', '--json'], env)
  expect(code).toBe(1)
  expect(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    { target: 'webhook', to: `${base}/…`, ok: true, outcome: 'HTTP 200', took_ms: expect.any(Number) },
    { target: 'missing', to: `${base}/…`, ok: false, outcome: 'HTTP 404', took_ms: expect.any(Number) },
    { target: 'pager', to: `${base}/…`, ok: true, outcome: 'HTTP 200', took_ms: expect.any(Number) },
    { target: 'alertmanager', to: `${base}/…`, ok: true, outcome: 'HTTP 200', took_ms: expect.any(Number) },
  ])
  expect(out).not.toContain('hunter2')
  const pager = receiver.received
    .filter(({ path }) => path === '/pager')
    .map(({ body }) => (JSON.parse(body) as { event_action: string }).event_action)
  expect(pager).toEqual(['trigger', 'resolve'])
  expect((await run(['--config', file, '--test'], env)).out).toMatch(
    /^webhook ok: HTTP 200 \(\S+\/…, \d+ ms\)\nmissing failed: HTTP 404 \(/,
  )
})

test('no Redis: exit 3', async () => {
  const file = await fileWith({ targets: [{ type: 'webhook', url: receiver.url }] })
  expect(await run(['--config', file], { HEALTH_REDIS_PORT: '1' })).toMatchObject({
    code: 3,
    talk: expect.stringContaining('No connection'),
  })
})

test('as a process: says each change once, passes on, and on SIGTERM gives back the claim, counts and ends within 2 s', async () => {
  const file = await fileWith({ targets: [{ type: 'webhook', name: 'ours', url: receiver.url }] })
  const child = spawn(process.execPath, [MAIN, 'relay', '--json', '--config', file], {
    env: { PATH: process.env['PATH'], HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const events: { event: string; targets?: unknown }[] = []
  createInterface(child.stdout).on('line', (line) => events.push(JSON.parse(line) as { event: string }))
  const until = (isSo: () => unknown) => vi.waitUntil(isSo, { timeout: 20_000, interval: 10 })
  await until(() => events.some(({ event }) => event === 'claimed'))
  const redis = new Redis(valkey.port)
  await until(async () => (await redis.exists('{health}:relay:ours')) === 1)
  receiver.answer = (_request, index) => ({ status: index === 0 ? 503 : 200 })
  const id = await writeTransition(redis)
  await until(() => receiver.ids.includes(id))
  await until(async () => (await redis.hlen('{health}:relay:ours:told')) === 1)
  const asked = performance.now()
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number]
  expect(code).toBe(0)
  expect(performance.now() - asked).toBeLessThan(2500)
  expect(events.map(({ event }) => event)).toEqual(['claimed', 'target_down', 'target_up', 'summary'])
  expect(events.at(-1)).toMatchObject({ targets: { ours: { sent: 1, retried: 1, refused: 0 } } })
  expect(await redis.exists('{health}:relay:ours:claim')).toBe(0)
  redis.disconnect()
})
