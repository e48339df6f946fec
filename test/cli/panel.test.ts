/** `otel-health panel` as people start it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { runCommand } from '../../src/cli/command-line.ts'
import { panelSettings } from '../../src/cli/panel-settings.ts'
import { PANEL_VARIABLES } from '../../src/cli/panel-variables.ts'
import { isPassword } from '../../src/panel/http/access/password-hash.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const HASH = `scrypt$32768$8$3$${'a'.repeat(22)}$${'b'.repeat(43)}`

let valkey: EmbeddedValkey
let folder: string

beforeAll(async () => {
  valkey = await startValkey()
  folder = await mkdtemp(join(tmpdir(), 'otel-health-panel-'))
})
afterAll(async () => {
  await valkey.stop()
  await rm(folder, { recursive: true, force: true })
})

async function fileWith(text: string): Promise<string> {
  const file = join(folder, `${Math.random().toString(36).slice(2)}.txt`)
  await writeFile(file, text)
  return file
}

interface Started {
  readonly child: ChildProcess
  readonly out: string[]
  readonly talk: string[]
}

function start(args: readonly string[], env: Record<string, string> = {}): Started {
  const child = spawn(process.execPath, [MAIN, 'panel', ...args], {
    env: { PATH: process.env['PATH'], HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines = (stream: NodeJS.ReadableStream) => {
    const all: string[] = []
    createInterface(stream).on('line', (line) => all.push(line))
    return all
  }
  return { child, out: lines(child.stdout), talk: lines(child.stderr) }
}

async function addressOf({ out, talk, child }: Started): Promise<string> {
  await vi.waitUntil(() => out.length > 0 || child.exitCode !== null, { timeout: 25_000, interval: 10 })
  const [, url] = /^panel {2}(http:\S+)$/.exec(out[0] ?? '') ?? []
  if (url === undefined) throw new Error(`The panel has not started: ${talk.join(' ')}`)
  return url
}

/** In this process. */
async function run(
  args: readonly string[],
  env: Record<string, string> = {},
  input?: string,
): Promise<{ code: number; out: string; talk: string }> {
  const lines = { out: '', talk: '' }
  const code = await runCommand(['panel', ...args], {
    env: { HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port), ...env },
    out: (line) => (lines.out += `${line}\n`),
    talk: (line) => (lines.talk += `${line}\n`),
    redraw: undefined,
    ...(input !== undefined && { input: () => Promise.resolve(input) }),
    signal: new AbortController().signal,
  })
  return { code, ...lines }
}

test.for<NodeJS.Signals>(['SIGTERM', 'SIGINT'])(
  'says where it is, answers, and on %s ends its streams and itself with 0',
  async (signal) => {
    const started = start(['--port', '0'], { USER: 'ann' })
    const url = await addressOf(started)
    expect(await (await fetch(`${url}/api/session`)).json()).toMatchObject({ user: 'ann', role: 'operator', login: 'none' })
    const live = await fetch(`${url}/api/live`)
    const reader = live.body!.getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toMatch(/^event: now\nid: \S+\ndata: \{/)
    started.child.kill(signal)
    const [code] = (await once(started.child, 'exit')) as [number]
    expect([code, started.talk]).toEqual([0, []])
    for (;;) if ((await reader.read().catch(() => ({ done: true }))).done) break
  },
)

test('a token is made and shown once, and lets in; --json, --public', async () => {
  const started = start(['--port', '0', '--json', '--public'], { HEALTH_PANEL_LOGIN: 'token' })
  await vi.waitUntil(() => started.out.length > 0 && started.talk.length > 0, { timeout: 25_000, interval: 10 })
  const { panel: url } = JSON.parse(started.out[0]!) as { panel: string }
  const [, token] = /^login {2}([0-9a-f]{32}) /.exec(started.talk[0]!)!
  const status = async (path: string, headers = {}) => (await fetch(url + path, { headers })).status
  expect([await status('/api/now'), await status('/api/now', { authorization: `Bearer ${token}` })]).toEqual([401, 200])
  expect([await status('/status'), await status('/status.json')]).toEqual([200, 200])
})

test('a token that was given is not shown, and a refused action is said', async () => {
  const viewer = 'viewers-0123456789ab'
  const started = start(['--port', '0'], {
    HEALTH_PANEL_TOKEN_FILE: await fileWith('operators-0123456789\n'),
    HEALTH_PANEL_VIEWER_TOKEN: viewer,
  })
  const url = await addressOf(started)
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${viewer}` }
  const act = await fetch(`${url}/api/actions/resolve`, { method: 'POST', headers, body: '{"alerts":["a"],"why":"w"}' })
  expect(await act.json()).toEqual({ error: 'Your role viewer may not resolve: the right "resolve" is missing.' })
  await vi.waitUntil(() => started.talk.length === 2, { timeout: 20_000, interval: 10 })
  expect(started.talk).toEqual([
    'login  with the token of HEALTH_PANEL_TOKEN or HEALTH_PANEL_VIEWER_TOKEN',
    '"viewer" (viewer) from 127.0.0.1 may not resolve: refused by the panel.',
  ])
})

test('a port that is taken: exit 1', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void other.close())
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  expect(await run(['--port', String(port)])).toEqual({
    ...{ code: 1, out: '' },
    talk: `The panel cannot listen on 127.0.0.1:${port}: something else does already. Give it another port, or 0 for any.\n`,
  })
})

test('no Redis: exit 3', async () => {
  expect(await run(['--port', '0'], { HEALTH_REDIS_PORT: '1' })).toMatchObject({
    code: 3,
    talk: expect.stringContaining('No connection') as string,
  })
})

test.for<{ why: string; args?: string[]; env?: Record<string, string>; talk: string }>([
  { why: 'others without a login', args: ['--host', '0.0.0.0'], talk: 'The panel would listen on "0.0.0.0" for anybody who gets there' },
  { why: 'others without a login, by variable', env: { HEALTH_PANEL_HOST: '::' }, talk: 'The panel would listen on "::" for anybody' },
  { why: 'no port', args: ['--port', '8o10'], talk: '--port is "8o10", expected a port from 0 to 65535.' },
  { why: 'no port, by variable', env: { HEALTH_PANEL_PORT: '65536' }, talk: 'HEALTH_PANEL_PORT is "65536", expected a port' },
  {
    why: 'no way to log in',
    env: { HEALTH_PANEL_LOGIN: 'oath' },
    talk: 'HEALTH_PANEL_LOGIN is "oath", expected none, token, basic, proxy, oidc.',
  },
  { why: 'a short token', env: { HEALTH_PANEL_TOKEN: 'hunter2' }, talk: 'A token of the panel has 7 characters, expected 16 or more' },
  {
    why: 'a token twice',
    env: { HEALTH_PANEL_TOKEN: 'a', HEALTH_PANEL_TOKEN_FILE: 'b' },
    talk: 'HEALTH_PANEL_TOKEN and HEALTH_PANEL_TOKEN_FILE are both set',
  },
  {
    why: 'a file that is not there',
    env: { HEALTH_PANEL_TOKEN_FILE: '/nowhere' },
    talk: '/nowhere, which HEALTH_PANEL_TOKEN_FILE names, cannot be read (ENOENT).',
  },
  { why: 'no users', env: { HEALTH_PANEL_LOGIN: 'basic' }, talk: 'HEALTH_PANEL_USERS_FILE is not set, which the login basic needs' },
  { why: 'no proxy', env: { HEALTH_PANEL_LOGIN: 'proxy' }, talk: 'HEALTH_PANEL_PROXY_TRUSTED is not set, which the login proxy needs' },
  { why: 'no provider', env: { HEALTH_PANEL_LOGIN: 'oidc' }, talk: 'HEALTH_PANEL_OIDC_ISSUER is not set, which the login oidc needs' },
  {
    why: 'no address to come back to',
    env: { HEALTH_PANEL_LOGIN: 'oidc', HEALTH_PANEL_OIDC_ISSUER: 'https://id.example', HEALTH_PANEL_OIDC_CLIENT_ID: 'panel' },
    talk: 'The panel does not know its own address',
  },
  {
    why: 'a variable that nobody reads',
    env: { HEALTH_PANEL_TOKENS: 'x' },
    talk: 'HEALTH_PANEL_TOKENS is no variable of the panel: did you mean HEALTH_PANEL_TOKEN?',
  },
  { why: 'neither true nor false', env: { HEALTH_PANEL_PUBLIC: 'yes' }, talk: 'HEALTH_PANEL_PUBLIC is "yes", expected true or false.' },
  {
    why: 'a URL with a password',
    env: { HEALTH_PANEL_URL: 'https://a:hunter2@ops.example' },
    talk: 'The public URL of the panel cannot be used',
  },
  {
    why: 'no URL',
    env: { HEALTH_PROMETHEUS_URL: 'prometheus:9090' },
    talk: 'HEALTH_PROMETHEUS_URL must be a URL that begins with http:// or https://.',
  },
])('a usage error: $why', async ({ args = [], env = {}, talk }) => {
  const said = await run(args, env)
  expect(said).toMatchObject({ code: 2, out: '', talk: expect.stringContaining(talk) as string })
  expect(said.talk).not.toContain('hunter2')
})

test.for([
  { line: 'ann:operator', says: 'is not right, expected name:role:hash.' },
  { line: `ann:admin:${HASH}`, says: 'gives the role "admin", expected operator, viewer, or viewer+ack and the like.' },
  { line: `ann:operator+ack:${HASH}`, says: 'gives the role "operator+ack", expected' },
  { line: `ann:viewer+explode:${HASH}`, says: 'gives the right "explode", expected ack, unack,' },
  { line: 'ann:operator:hunter2', says: 'The password of the user "ann" of the panel is no hash' },
])('a line of the users that cannot be used: $line', async ({ line, says }) => {
  const said = await run(['--port', '0'], { HEALTH_PANEL_USERS_FILE: await fileWith(`# people\n\n${line}\n`) })
  expect(said).toMatchObject({ code: 2, talk: expect.stringContaining(says) as string })
  expect(said.talk).not.toContain('hunter2')
})

test('users are read by line, with roles and single rights', async () => {
  const file = await fileWith(`# people\r\nann:operator:${HASH}\r\n\r\nbob:viewer+note+ack:${HASH}\neve:viewer:${HASH}`)
  expect((await panelSettings({ HEALTH_PANEL_USERS_FILE: file }, {})).options.auth).toEqual({
    login: 'basic',
    users: [
      { name: 'ann', role: 'operator', passwordHash: HASH },
      { name: 'bob', role: 'viewer', may: ['ack', 'note'], passwordHash: HASH },
      { name: 'eve', role: 'viewer', may: [], passwordHash: HASH },
    ],
  })
})

test('variables say the rest, and flags win', async () => {
  const env = {
    ...{
      HEALTH_PANEL_HOST: '0.0.0.0',
      HEALTH_PANEL_PORT: '1',
      HEALTH_PANEL_PUBLIC: 'true',
      HEALTH_PANEL_CONTROL: 'false',
      HEALTH_PANEL_URL: 'https://ops.example/health',
    },
    ...{
      HEALTH_PANEL_LOGIN: 'proxy',
      HEALTH_PANEL_PROXY_TRUSTED: '10.0.0.5, 10.1.0.0/16',
      HEALTH_PANEL_OPERATORS: 'sre, on call',
      HEALTH_PANEL_VIEWERS: '',
    },
    ...{ HEALTH_PROMETHEUS_URL: 'http://prometheus:9090', HEALTH_GRAFANA_URL: 'https://grafana.example' },
  }
  expect(await panelSettings(env, { port: '2' })).toEqual({
    ...{ host: '0.0.0.0', port: 2 },
    options: {
      auth: {
        ...{ login: 'proxy', userHeader: 'x-forwarded-user', groupsHeader: 'x-forwarded-groups' },
        ...{ trusted: ['10.0.0.5', '10.1.0.0/16'], operators: ['sre', 'on call'] },
      },
      ...{ public: true, control: false, publicUrl: 'https://ops.example/health' },
      ...{ prometheusUrl: 'http://prometheus:9090', grafanaUrl: 'https://grafana.example' },
    },
  })
})

test('what Kubernetes sets for a Service called health-panel is none of it', async () => {
  const env = {
    ...{ HEALTH_PANEL_PORT: 'tcp://10.0.0.9:8010', HEALTH_PANEL_SERVICE_HOST: '10.0.0.9', HEALTH_PANEL_SERVICE_PORT_HTTP: '8010' },
    ...{ HEALTH_PANEL_PORT_8010_TCP: 'tcp://10.0.0.9:8010', HEALTH_PANEL_PORT_8010_TCP_ADDR: '10.0.0.9' },
  }
  expect(await panelSettings(env, {})).toMatchObject({ host: '127.0.0.1', port: 8010, options: { auth: { login: 'none', by: 'panel' } } })
})

test('--hash-password makes what fits the password, and nothing of none', async () => {
  const { code, out } = await run(['--hash-password'], {}, 'hunter2\n')
  expect([code, await isPassword('hunter2', out.trim())]).toEqual([0, true])
  expect(await run(['--hash-password'], {}, '\n')).toMatchObject({
    code: 2,
    out: '',
    talk: expect.stringContaining('No password has come') as string,
  })
  expect((await run(['--hash-password'])).code).toBe(2)
})

test('the help names every variable', async () => {
  const { code, out } = await run(['--help'])
  expect(code).toBe(0)
  for (const name of Object.keys(PANEL_VARIABLES)) expect(out).toContain(name)
})

test('what the panel needs is loaded by nothing else: neither by a service nor by another command', async () => {
  const loaded = (args: readonly string[]) => {
    const env = { PATH: process.env['PATH'], HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port), NODE_DEBUG: '' }
    return new Promise<string>((resolve) => {
      const hooks = `data:text/javascript,import{registerHooks}from'node:module';import{writeSync}from'node:fs';registerHooks({load(url,context,next){writeSync(2,'loaded '+url+'\\n');return next(url,context)}})`
      const child = spawn(process.execPath, ['--import', hooks, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] })
      let text = ''
      child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
      child.on('close', () => resolve(text))
    })
  }
  const packages = /loaded \S*(?:\/node_modules\/(?:hono|@hono|openid-client|oauth4webapi|jose|preact|uplot)\/|\/src\/panel)\S*/g
  const root = fileURLToPath(new URL('../../', import.meta.url))
  for (const args of [
    [MAIN, 'status'],
    [MAIN, 'help', 'panel'],
    ['--import', `${root}src/register.ts`, '-e', '0'],
  ]) {
    const text = await loaded(args)
    expect(text).toContain('/src/')
    expect(text.match(packages) ?? []).toEqual([])
  }
  expect((await loaded([MAIN, 'panel', '--hash-password'])).match(packages)).toContainEqual(expect.stringContaining('/node_modules/hono/'))
})
