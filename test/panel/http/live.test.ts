/** The live stream over real sockets: what comes, how it goes on, and that nothing of it is left. */
import { EventEmitter } from 'node:events'
import { createServer, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http'

import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { expect, onTestFinished, test, vi } from 'vitest'

import { VirtualClock } from '../../support/virtual-clock.ts'
import { bearer, cookiesOf, listening, OPERATOR, serve, TOKENS, VIEWER } from './serving.ts'

interface Stream {
  readonly response: IncomingMessage
  readonly request: ClientRequest
  /** What has come. */
  text(): string
  isEnded(): boolean
}

const HEADERS = bearer(VIEWER)

async function open(port: number, path: string = '/api/live', headers: Readonly<Record<string, string>> = HEADERS): Promise<Stream> {
  let [text, ended] = ['', false]
  const request = httpRequest({ host: '127.0.0.1', port, path, headers, agent: false })
  request.on('error', () => (ended = true))
  onTestFinished(() => void request.destroy())
  const response = await new Promise<IncomingMessage>((resolve) => void request.once('response', resolve).end())
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  for (const event of ['end', 'close', 'error', 'aborted']) response.on(event, () => (ended = true))
  return { response, request, text: () => text, isEnded: () => ended }
}

const until = (isSo: () => unknown) => vi.waitUntil(isSo, { timeout: 20_000, interval: 5 })

function idsIn(stream: Stream): string[] {
  return Array.from(stream.text().matchAll(/^id: (.*)$/gm), ([, id]) => id!)
}

test('everything comes first, then every event, with headers that no proxy keeps it back by', async () => {
  const { port, data } = await serve({ auth: TOKENS })
  const stream = await open(port)
  expect(stream.response.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  })
  await until(() => idsIn(stream).length === 1)
  expect(stream.text()).toBe(`event: now\nid: run-0\ndata: ${JSON.stringify(data.feed.now)}\n\n`)
  data.feed.tell()
  data.feed.tell('transition')
  await until(() => idsIn(stream).length === 3)
  expect(stream.text().match(/^event: .*$/gm)).toEqual(['event: now', 'event: change', 'event: transition'])
})

test.for([
  { why: 'the id that a browser sends by itself', path: '/api/live', headers: { 'last-event-id': 'run-1' } },
  { why: 'the id in the query', path: '/api/live?since=run-1', headers: {} },
])('it goes on where it was: $why', async ({ path, headers }) => {
  const { port, data } = await serve({ auth: TOKENS })
  for (let i = 0; i < 3; i++) data.feed.tell()
  const stream = await open(port, path, { ...HEADERS, ...headers })
  await until(() => idsIn(stream).length === 2)
  data.feed.tell()
  await until(() => idsIn(stream).length === 3)
  expect(idsIn(stream)).toEqual(['run-2', 'run-3', 'run-4'])
})

test('what cannot be gone on with begins anew', async () => {
  const { port, data } = await serve({ auth: TOKENS })
  data.feed.tell()
  data.feed.tell()
  data.feed.forget()
  const stream = await open(port, '/api/live', { ...HEADERS, 'last-event-id': 'run-1' })
  await until(() => idsIn(stream).length === 1)
  expect(stream.text()).toMatch(/^event: now\nid: run-2\n/)
})

test('where nothing was missed something comes all the same, so that the stream is known to be open', async () => {
  const { port } = await serve({ auth: TOKENS })
  const stream = await open(port, '/api/live?since=run-0')
  await until(() => stream.text() !== '')
  expect(stream.text()).toBe(': ping\n\n')
})

test('silence is broken every 15 s', async () => {
  const clock = new VirtualClock()
  const { port } = await serve({ auth: TOKENS }, { clock })
  const stream = await open(port)
  await until(() => idsIn(stream).length === 1)
  clock.advance(45_000)
  await until(() => stream.text().split(': ping\n\n').length === 4)
  expect(idsIn(stream)).toEqual(['run-0'])
})

test('polling gets the same', async () => {
  const { ask, data } = await serve({ auth: TOKENS })
  const poll = async (query: string) => JSON.parse((await ask(`/api/now${query}`, { headers: HEADERS })).text) as unknown
  expect(await poll('')).toEqual({ id: 'run-0', now: data.feed.now })
  data.feed.tell()
  data.feed.tell('transition')
  expect(await poll('?since=run-0')).toEqual({
    id: 'run-2',
    changes: [expect.objectContaining({ servicesGone: [] })],
    transitions: [expect.objectContaining({ servicesGone: [] })],
  })
  expect(await poll('?since=run-2')).toEqual({ id: 'run-2', changes: [], transitions: [] })
  expect(await poll('?since=elsewhere')).toEqual({ id: 'run-2', now: data.feed.now })
})

test('sockets that are killed leave nothing: 200 at once, some before anything came', async () => {
  const { port, data, panel } = await serve({ auth: TOKENS, streams: { ofOne: 1000 } })
  const streams = await Promise.all(Array.from({ length: 100 }, () => open(port)))
  await until(() => panel.openStreams === 100 && data.feed.listeners === 100)
  const early = Array.from({ length: 100 }, () => {
    const request = httpRequest({ host: '127.0.0.1', port, path: '/api/live', headers: HEADERS, agent: false })
    request.on('error', () => {}).on('socket', (socket) => socket.once('connect', () => setImmediate(() => socket.resetAndDestroy())))
    request.end()
    return request
  })
  await until(() => early.every(({ destroyed, closed }) => destroyed || closed))
  for (const [i, { request }] of streams.entries()) {
    if (i % 2 === 0) request.socket?.resetAndDestroy()
    else request.destroy()
  }
  await until(() => panel.openStreams === 0 && data.feed.listeners === 0)
  data.feed.tell()
  const again = await open(port)
  await until(() => idsIn(again).length === 1)
  expect(panel.openStreams).toBe(1)
})

test('a client that has gone before it is answered is not listened for', async () => {
  const { panel, data } = await serve({ auth: TOKENS })
  const request = new Request('http://127.0.0.1/api/live', { headers: HEADERS, signal: AbortSignal.abort() })
  const answer = await panel.fetch(request)
  expect(await answer.text()).toBe('')
  expect([panel.openStreams, data.feed.listeners]).toEqual([0, 0])
})

test('the signal of the request ends it, and so does the one who reads', async () => {
  const { panel, data } = await serve({ auth: TOKENS })
  const leaving = new AbortController()
  const answer = await panel.fetch(new Request('http://127.0.0.1/api/live', { headers: HEADERS, signal: leaving.signal }))
  const other = await panel.fetch(new Request('http://127.0.0.1/api/live', { headers: HEADERS }))
  expect(data.feed.listeners).toBe(2)
  leaving.abort()
  await answer.text()
  expect([panel.openStreams, data.feed.listeners]).toEqual([1, 1])
  await other.body!.cancel()
  await other.body?.cancel()
  expect([panel.openStreams, data.feed.listeners]).toEqual([0, 0])
})

test('the connection that closes ends it, though nobody has read of it yet and no signal has come', async () => {
  const { panel, data } = await serve({ auth: TOKENS })
  const outgoing = Object.assign(new EventEmitter(), { destroyed: false, destroy() {} })
  await panel.fetch(new Request('http://127.0.0.1/api/live', { headers: HEADERS }), { outgoing })
  expect(data.feed.listeners).toBe(1)
  outgoing.emit('close')
  expect([panel.openStreams, data.feed.listeners, outgoing.listenerCount('close')]).toEqual([0, 0, 0])
})

test('where the feed fails at once it is an answer, and nothing is counted as open', async () => {
  const { ask, panel, data } = await serve({ auth: TOKENS })
  data.feed.latest = () => {
    throw new Error('no view')
  }
  expect((await ask('/api/live', { headers: HEADERS })).status).toBe(503)
  expect([panel.openStreams, data.feed.listeners]).toEqual([0, 0])
})

test('a HEAD opens none', async () => {
  const { ask, panel } = await serve({ auth: TOKENS })
  expect((await ask('/api/live', { method: 'HEAD', headers: HEADERS })).status).toBe(200)
  expect(panel.openStreams).toBe(0)
})

test('one who takes nothing is dropped at the bound, and the others are not kept waiting', async () => {
  const { port, data, panel } = await serve({ auth: TOKENS, streams: { waitingBytes: 200_000 } })
  const slow = await open(port)
  const quick = await open(port, '/api/live', bearer(OPERATOR))
  await until(() => panel.openStreams === 2)
  slow.response.pause()
  // What the kernel keeps for a socket comes before what waits here.
  let last = ''
  for (let i = 0; i < 2000 && panel.openStreams === 2; i++) {
    last = data.feed.tell('change', 'x'.repeat(50_000))
    await until(() => idsIn(quick).at(-1) === last)
  }
  expect([panel.openStreams, data.feed.listeners]).toEqual([1, 1])
  expect(quick.isEnded()).toBe(false)
  slow.response.resume()
  await until(() => slow.isEnded())
})

test('what comes first may be of any length', async () => {
  const { port, data, panel } = await serve({ auth: TOKENS, streams: { waitingBytes: 1000 } })
  data.feed.now = { ...data.feed.now, problems: ['x'.repeat(5_000_000)] }
  const stream = await open(port)
  await until(() => stream.text().endsWith('\n\n'))
  expect([stream.text().length > 5_000_000, panel.openStreams]).toEqual([true, 1])
})

test.for([
  { why: 'of one session or address', limits: { ofOne: 2, ofAll: 10 }, status: 429, third: HEADERS, other: 200 },
  { why: 'in all', limits: { ofOne: 2, ofAll: 2 }, status: 503, third: bearer(OPERATOR), other: 503 },
])('so many streams and no more $why', async ({ limits, status, third, other }) => {
  const { port, ask, panel } = await serve({ auth: TOKENS, streams: limits })
  const [first] = [await open(port), await open(port)]
  const refused = await ask('/api/live', { headers: third })
  expect([refused.status, refused.headers['retry-after']]).toEqual([status, '10'])
  expect((await ask('/api/live', { headers: bearer(OPERATOR) })).status).toBe(other)
  await until(() => panel.openStreams === 2)
  first.request.destroy()
  await until(() => panel.openStreams === 1)
  expect((await ask('/api/live', { headers: third })).status).toBe(200)
})

test('a stream ends with its session: logged out, not used, or logged in anew', async () => {
  const clock = new VirtualClock()
  const { port, post, panel } = await serve({ auth: TOKENS, streams: { longestMs: 1e9 }, sessions: { idleMs: 3_600_000 } }, { clock })
  const logIn = async (cookie: string = '') => cookiesOf(await post('/api/login', { token: VIEWER }, { cookie }))
  const first = await logIn()
  const streams = [await open(port, '/api/live', { cookie: first })]
  const second = await logIn(first)
  await until(() => streams[0]!.isEnded())
  streams.push(await open(port, '/api/live', { cookie: second }))
  await post('/api/logout', {}, { cookie: second })
  await until(() => streams[1]!.isEnded())
  const third = await logIn()
  streams.push(await open(port, '/api/live', { cookie: third }))
  expect(panel.openStreams).toBe(1)
  clock.advance(3_700_000)
  await until(() => streams[2]!.isEnded() && panel.openStreams === 0)
})

test('a stream ends after a while, so that who looks is asked for again', async () => {
  const clock = new VirtualClock()
  const { port, panel } = await serve({ auth: TOKENS }, { clock })
  const stream = await open(port)
  await until(() => panel.openStreams === 1)
  clock.advance(15 * 60_000)
  await until(() => stream.isEnded())
  expect(panel.openStreams).toBe(0)
})

test('mounted in Hono a killed socket leaves nothing either', async () => {
  const { panel, data } = await serve({ auth: TOKENS })
  const app = new Hono().mount('/health', panel.fetch)
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing))
  onTestFinished(() => void server.close())
  const port = await listening(server)
  const streams = await Promise.all(Array.from({ length: 20 }, () => open(port, '/health/api/live')))
  await until(() => streams.every((stream) => idsIn(stream).length === 1))
  expect(panel.openStreams).toBe(20)
  for (const { request } of streams) request.socket?.resetAndDestroy()
  await until(() => panel.openStreams === 0 && data.feed.listeners === 0)
})
