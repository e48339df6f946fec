/** The panel behind a prefix, in a server of Node, in Hono, and by itself: pages find what belongs to them, whoever takes the prefix off. */
import { createServer, type IncomingMessage } from 'node:http'

import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { expect, onTestFinished, test } from 'vitest'

import { Panel, type PanelHttpOptions } from '../../../src/panel/http/panel.ts'
import { MemoryData } from './memory-data.ts'
import { askAt, builtPages, cookiesOf, listening, TOKENS, VIEWER } from './serving.ts'

type Mount = (panel: Panel) => (request: Request, env: never) => Promise<Response> | Response

const alone: Mount = (panel) => panel.fetch
const inHono =
  (prefix: string): Mount =>
  (panel) =>
    new Hono().get('/other', (c) => c.text('other')).mount(prefix, panel.fetch).fetch

async function mounted(options: PanelHttpOptions, mount: Mount, prepare: (incoming: IncomingMessage) => void = () => {}): Promise<number> {
  const panel = new Panel(
    () => new MemoryData(),
    { prometheus: false, retentionHours: 24 },
    { auth: TOKENS, ...options },
    { pages: builtPages() },
  )
  const listener = getRequestListener(mount(panel) as Panel['fetch'], { overrideGlobalObjects: false })
  const server = createServer((incoming, outgoing) => {
    prepare(incoming)
    void listener(incoming, outgoing)
  })
  onTestFinished(async () => {
    await panel.close()
    server.closeAllConnections()
    server.close()
  })
  return listening(server)
}

/** As Express does: `url` without the prefix, `originalUrl` with it. */
function likeExpress(incoming: IncomingMessage): void {
  Object.assign(incoming, { originalUrl: incoming.url, url: incoming.url!.replace(/^\/health/, '') || '/' })
}

test.for<{
  why: string
  options: PanelHttpOptions
  mount: Mount
  prepare?: (incoming: IncomingMessage) => void
  prefix: string
  shown?: string
}>([
  { why: 'a server of its own', options: {}, mount: alone, prefix: '' },
  { why: 'a server of its own, with a prefix', options: { basePath: '/health' }, mount: alone, prefix: '/health' },
  { why: 'with a prefix of many parts', options: { basePath: '/a/b-c/~d/' }, mount: alone, prefix: '/a/b-c/~d' },
  { why: 'in Hono at the root', options: {}, mount: inHono('/'), prefix: '' },
  { why: 'in Hono with a prefix that nobody has said', options: {}, mount: inHono('/health'), prefix: '/health' },
  { why: 'in Hono with a prefix that was said as well', options: { basePath: '/health' }, mount: inHono('/health'), prefix: '/health' },
  { why: 'as Express mounts it', options: {}, mount: alone, prepare: likeExpress, prefix: '/health' },
  {
    why: 'as Express mounts it, with a prefix that was said',
    options: { basePath: '/health' },
    mount: alone,
    prepare: likeExpress,
    prefix: '/health',
  },
  {
    why: 'behind a proxy that takes the prefix off',
    ...{ options: { publicUrl: 'http://ops.example/health/' }, mount: alone, prefix: '', shown: '/health' },
  },
  { why: 'behind a proxy that leaves it on', options: { publicUrl: 'http://ops.example/health' }, mount: alone, prefix: '/health' },
])('$why', async ({ options, mount, prepare, prefix, shown = prefix }) => {
  const port = await mounted(options, mount, prepare)
  const ask = (path: string, headers: Record<string, string> = {}) => askAt(port, prefix + path, { headers })
  const page = await ask('/login')
  expect([page.status, page.text]).toEqual([
    200,
    `<!doctype html><link rel="stylesheet" href="${shown}/assets/a.css"><script type="module" src="${shown}/assets/a.js"></script>`,
  ])
  expect((await ask('/assets/plain.css')).text).toBe('a{}')
  expect((await ask('/service/a%2Fb?hours=6')).headers.location).toBe(`${shown}/login?then=%2Fservice%2Fa%252Fb%3Fhours%3D6`)
  const origin = options.publicUrl === undefined ? `http://127.0.0.1:${port}` : 'http://ops.example'
  const headers = { 'content-type': 'application/json', origin }
  const login = await askAt(port, `${prefix}/api/login`, { method: 'POST', headers, body: JSON.stringify({ token: VIEWER }) })
  expect(login.status).toBe(200)
  expect(login.headers['set-cookie']![0]).toContain(`; Path=${shown || '/'};`)
  const cookie = cookiesOf(login)
  expect((await ask('/service/a', { cookie })).status).toBe(200)
  expect((await ask('/api/services/fetcher', { cookie })).status).toBe(200)
  expect((await ask('/', { cookie })).status).toBe(200)
})

test('what lies beside the prefix is not ours', async () => {
  const port = await mounted({ basePath: '/health' }, alone)
  const statuses = await Promise.all(
    ['/healthy/login', '/health', '/health/', '/other'].map(async (path) => (await askAt(port, path)).status),
  )
  expect(statuses).toEqual([404, 302, 302, 404])
  const hono = await mounted({}, inHono('/health'))
  expect((await askAt(hono, '/other')).text).toBe('other')
})

test('a body that a parser of Express has read before is taken from there, and checked as any other', async () => {
  const parsed: unknown[] = [{ token: VIEWER }, { token: 7 }, [], 'text', Buffer.from('{}')]
  const statuses = []
  for (const body of parsed) {
    const port = await mounted({}, alone, (incoming) => Object.assign(incoming, { body }))
    const headers = { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' }
    statuses.push((await askAt(port, '/api/login', { method: 'POST', headers })).status)
  }
  expect(statuses).toEqual([200, 400, 400, 400, 400])
})

test('a path that was made to look like a prefix does not get into the page', async () => {
  const script = `/"><script>alert(1)</script>`
  const port = await mounted({}, alone, (incoming) => Object.assign(incoming, { originalUrl: script + incoming.url! }))
  expect((await askAt(port, '/login')).text).toContain('href="/assets/a.css"')
})

test.for([
  { options: { basePath: 'health' }, says: 'The prefix of the panel is "health", expected a path such as /health' },
  { options: { basePath: '/a"b' }, says: 'expected a path such as /health' },
  { options: { basePath: '/a/../b' }, says: 'expected a path such as /health' },
  { options: { basePath: '/api/health' }, says: 'expected one that does not begin as a page of the panel does' },
  { options: { publicUrl: 'ops.example/health' }, says: 'The public URL of the panel cannot be used' },
  { options: { publicUrl: 'https://ann:hunter2@ops.example/' }, says: 'The public URL of the panel cannot be used' },
  { options: { publicUrl: 'https://ops.example/?a=b' }, says: 'The public URL of the panel cannot be used' },
])('refused: $options', ({ options, says }) => {
  expect(() => new Panel(() => new MemoryData(), { prometheus: false, retentionHours: 24 }, options)).toThrow(says)
})
