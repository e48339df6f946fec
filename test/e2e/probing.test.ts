/** Processes that answer probes, as an orchestrator sees them: which of them listens, and that they are as they were without it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'

import { freePort } from '../../examples/valkey/free-port.ts'
import { REGISTER } from './service-process.ts'

const soon = { timeout: 25_000, interval: 20 }
const folder = mkdtempSync(join(tmpdir(), 'otel-health-probing-'))
const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Started {
  readonly child: ChildProcess
  readonly ask: (path?: string) => Promise<string>
  readonly port: number
  readonly out: () => string
  readonly err: () => string
}

/** No Redis is there: it is not asked for anything. */
async function started(name: string, script: string, { isAsked = true, node = [] as readonly string[] } = {}): Promise<Started> {
  const port = await freePort()
  const file = join(folder, `${name}.mjs`)
  writeFileSync(file, script)
  const child = spawn(process.execPath, [...node, '--import', REGISTER, file], {
    cwd: folder,
    env: {
      ...{ PATH: process.env['PATH'], OTEL_SERVICE_NAME: name, OTEL_METRICS_EXPORTER: 'none' },
      ...{ HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: '1', HEALTH_HTTP_PORT: isAsked ? String(port) : '' },
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  children.push(child)
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const ask = async (path: string = '/livez') => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined)
    return answer ? `${answer.status} ${(await answer.text()).trim()}` : 'nobody'
  }
  return { child, ask, port, out: () => out, err: () => err }
}

test(
  'a service is alive and ready though the health Redis is away, and ends when it has nothing more to do',
  { timeout: 60_000 },
  async () => {
    const { child, ask, port } = await started('ends', `process.stdin.on('data', () => process.stdin.unref())`)
    await expect.poll(() => ask(), soon).toBe('200 alive')
    await expect.poll(() => ask('/readyz'), soon).toBe('200 running')
    // Somebody who listens and says nothing does not keep it alive either.
    const idle = connect(port, '127.0.0.1').on('error', () => {})
    await once(idle, 'connect')
    const ended = once(child, 'exit')
    child.stdin!.write('end')
    expect(await ended).toEqual([0, null])
  },
)

test('what is asked is no request to the service, though node:http is patched as instrumentations do it', { timeout: 60_000 }, async () => {
  const script = `
    import http from 'node:http'
    import { subscribe } from 'node:diagnostics_channel'
    const emit = http.Server.prototype.emit
    http.Server.prototype.emit = function (...args) { if (args[0] === 'request') console.log('patched'); return emit.apply(this, args) }
    http.createServer = () => { throw new Error('patched') }
    subscribe('http.server.request.start', () => console.log('channel'))
    setInterval(() => console.log('.'), 50)`
  const { ask, out } = await started('patched', script)
  await expect.poll(() => ask('/health'), soon).toBe('200 {"status":"pass"}')
  const dots = out().length
  await expect.poll(() => out().length, soon).toBeGreaterThan(dots)
  expect(out()).toMatch(/^[.\n]+$/)
})

test('of a cluster one process listens, and each of the others says once that it does not', { timeout: 60_000 }, async () => {
  const script = `
    import cluster from 'node:cluster'
    if (cluster.isPrimary) for (let i = 0; i < 2; i++) cluster.fork()
    setInterval(() => {}, 1000)`
  const { ask, err } = await started('clustered', script)
  await expect.poll(() => ask(), soon).toBe('200 alive')
  const said = () =>
    err()
      .split('\n')
      .filter((line) => line.includes('no probes are answered here'))
  await expect.poll(() => said().length, soon).toBe(2)
  expect(said()[0]).toContain('cannot be listened on (EADDRINUSE)')
})

test('a thread of the service listens to nothing itself', { timeout: 60_000 }, async () => {
  const script = `
    import { Worker } from 'node:worker_threads'
    new Worker('setInterval(() => {}, 1000); require("node:worker_threads").parentPort.postMessage(1)', { eval: true })
      .on('message', () => console.log('thread'))`
  const { ask, out, err } = await started('threaded', script)
  await expect.poll(() => out(), soon).toContain('thread')
  await expect.poll(() => ask(), soon).toBe('200 alive')
  expect(err()).not.toContain('no probes are answered here')
})

test('a process that is frozen answers nobody, and one whose event loop is blocked neither', { timeout: 60_000 }, async () => {
  const { child, port, ask } = await started('blocked', `process.stdin.on('data', () => { for (;;); })`)
  await expect.poll(() => ask(), soon).toBe('200 alive')
  child.stdin!.write('block')
  const asks = async () =>
    fetch(`http://127.0.0.1:${port}/livez`, { signal: AbortSignal.timeout(1000) }).then(
      ({ status }) => String(status),
      (error: Error) => error.name,
    )
  await expect.poll(asks, soon).toBe('TimeoutError')
})

test.for([
  { isAsked: true, loaded: ['probe-server.ts'] },
  { isAsked: false, loaded: [] },
])('the server is loaded and listens only where a port is set: $isAsked', { timeout: 60_000 }, async ({ isAsked, loaded }) => {
  const hook = `data:text/javascript,${encodeURIComponent(`
    import { registerHooks } from 'node:module'
    registerHooks({ load(url, context, next) { if (/probe-server/.test(url)) console.log(url.split('/').at(-1)); return next(url, context) } })`)}`
  const { ask, out } = await started('loads', `setTimeout(() => console.log('later'), 1000); setInterval(() => {}, 1000)`, {
    isAsked,
    node: ['--import', hook],
  })
  await expect.poll(() => out(), soon).toContain('later')
  await expect.poll(() => ask(), soon).toBe(isAsked ? '200 alive' : 'nobody')
  expect(
    out()
      .split('\n')
      .filter((line) => line.endsWith('.ts')),
  ).toEqual(loaded)
})
