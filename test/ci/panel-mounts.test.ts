/** The packed panel in Express, Fastify, Hono and plain Node, behind a prefix, as their users mount it. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
const npmCli = process.env['npm_execpath'] ?? ''
const TOKEN = 'operators-0123456789'

/** By the framework: a server that listens on any port and answers the panel below /health, and `other` beside it. */
const SERVERS: Readonly<Record<string, string>> = {
  express: `
    import express from 'express'
    const app = express()
    app.use('/health', getRequestListener(panel.fetch))
    app.get('/other', (request, response) => response.send('other'))
    listening(app.listen(0, '127.0.0.1'))`,
  'express, in a router of a router': `
    import express from 'express'
    const [app, outer, inner] = [express(), express.Router(), express.Router()]
    app.get('/other', (request, response) => response.send('other'))
    app.use('/', outer.use('/health', inner.use(getRequestListener(panel.fetch))))
    listening(app.listen(0, '127.0.0.1'))`,
  'express, after a parser of its own': `
    import express from 'express'
    const app = express()
    app.use(express.json())
    app.use('/health', getRequestListener(panel.fetch))
    app.get('/other', (request, response) => response.send('other'))
    listening(app.listen(0, '127.0.0.1'))`,
  fastify: `
    import fastify from 'fastify'
    const app = fastify()
    const listener = getRequestListener(panel.fetch)
    // The panel reads bodies itself.
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (request, payload, done) => done(null))
    app.get('/other', () => 'other')
    for (const url of ['/health', '/health/*'])
      app.all(url, (request, reply) => {
        reply.hijack()
        return listener(request.raw, reply.raw)
      })
    await app.listen({ port: 0, host: '127.0.0.1' })
    say(app.server.address().port)`,
  hono: `
    import { Hono } from 'hono'
    import { serve } from '@hono/node-server'
    const app = new Hono().get('/other', (c) => c.text('other'))
    app.mount('/health', panel.fetch)
    listening(serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }))`,
  'node:http': `
    import { createServer } from 'node:http'
    const listener = getRequestListener(panel.fetch)
    const server = createServer((request, response) =>
      request.url.startsWith('/health') ? listener(request, response) : response.end('other'))
    listening(server.listen(0, '127.0.0.1'))`,
}

/** What a server cannot tell of its prefix the options must. */
const NEEDS_PREFIX = ['fastify', 'node:http']

let folder: string
let valkey: EmbeddedValkey
const children: ChildProcess[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'otel-health-mounts-'))
  const { stdout } = await run(process.execPath, [npmCli, 'pack', '--silent', '--pack-destination', folder], { cwd: root })
  const tarball = join(folder, stdout.trim().split('\n').at(-1)!)
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'mounts', version: '1.0.0', private: true, type: 'module' }))
  const packages = [tarball, 'express@5', 'fastify@5', 'hono@4', '@hono/node-server@2']
  await run(process.execPath, [npmCli, 'install', ...packages, '--no-audit', '--no-fund'], { cwd: folder })
  valkey = await startValkey()
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await valkey?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function started(name: string): Promise<string> {
  const basePath = NEEDS_PREFIX.includes(name) ? `basePath: '/health',` : ''
  const [, imports = '', code = ''] = /^((?:\s*import .*\n)*)([\s\S]*)$/.exec(SERVERS[name]!)!
  const file = join(folder, `${name.replaceAll(/\W+/g, '-')}.js`)
  await writeFile(
    file,
    `${imports}
    import { getRequestListener } from '@hono/node-server'
    import { createPanel } from 'otel-health/panel'
    const auth = { login: 'token', tokens: [{ token: '${TOKEN}', role: 'operator' }] }
    const panel = createPanel({ connection: { host: '127.0.0.1', port: ${valkey.port} }, auth, ${basePath} })
    const say = (port) => console.log(port)
    const listening = (server) => (server.listening ? say(server.address().port) : server.once('listening', () => say(server.address().port)))
    process.once('SIGTERM', async () => { await panel.close(); process.exit(0) })
    ${code}`,
  )
  const child = spawn(process.execPath, [file], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const [port] = (await once(createInterface(child.stdout), 'line')) as [string]
  return `http://127.0.0.1:${port}`
}

describe.for(Object.keys(SERVERS))('%s', (name) => {
  let url: string
  beforeAll(async () => {
    url = await started(name)
  })
  const ask = (path: string, init: RequestInit = {}) => fetch(url + path, { redirect: 'manual', ...init })

  test('pages find their files, below the prefix', async () => {
    const page = await (await ask('/health/login')).text()
    const files = Array.from(page.matchAll(/(?:src|href)="([^"]+)"/g), ([, path]) => path!)
    expect(files.length).toBeGreaterThanOrEqual(2)
    for (const path of files) {
      expect(path).toMatch(/^\/health\/assets\//)
      expect([path, (await ask(path)).status]).toEqual([path, 200])
    }
  })

  test('who is not logged in is led to the login, who is sees everything', async () => {
    const away = await ask('/health/service/a?hours=6')
    expect([away.status, away.headers.get('location')]).toEqual([302, '/health/login?then=%2Fservice%2Fa%3Fhours%3D6'])
    const headers = { 'content-type': 'application/json', origin: url }
    const login = await ask('/health/api/login', { method: 'POST', headers, body: JSON.stringify({ token: TOKEN }) })
    const [cookie = ''] = login.headers.getSetCookie()
    expect([login.status, cookie]).toEqual([200, expect.stringMatching(/; Path=\/health; HttpOnly; SameSite=Strict$/)])
    const [sent = ''] = cookie.split(';')
    expect(await (await ask('/health/api/now', { headers: { cookie: sent } })).json()).toMatchObject({ now: { services: [], alerts: [] } })
    const refused = await ask('/health/api/actions/ack', { method: 'POST', headers: { ...headers, cookie: sent }, body: '{"why":"w"}' })
    expect(await refused.json()).toEqual({ error: 'alerts of ack is missing, expected a list of 1 to 500 ids of alerts.' })
  })

  test('the live stream comes as it is told', async () => {
    const leaving = new AbortController()
    const live = await ask('/health/api/live', { headers: { authorization: `Bearer ${TOKEN}` }, signal: leaving.signal })
    const reader = live.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!text.includes('event: change')) text += (await reader.read()).value ?? ''
    leaving.abort()
    expect(text).toMatch(/^event: now\nid: /)
  })

  test('what lies beside it is not touched', async () => {
    expect(await (await ask('/other')).text()).toBe('other')
  })
})
