/** A server for the panel alone: where it may listen, whom it cuts off, and how it ends. */
import { connect, createServer, type Socket } from 'node:net'

import { expect, onTestFinished, test, vi } from 'vitest'

import { listen } from '../../../src/panel/http/listen.ts'
import { Panel, type PanelHttpOptions } from '../../../src/panel/http/panel.ts'
import { MemoryData } from './memory-data.ts'
import { askAt, bearer, builtPages, listening, OPERATOR, TOKENS, VIEWER } from './serving.ts'

function panelWith(options: PanelHttpOptions = {}): { panel: Panel; data: MemoryData } {
  const data = new MemoryData()
  return { data, panel: new Panel(() => data, { prometheus: false, retentionHours: 24 }, options, { pages: builtPages() }) }
}

/** Before anything has served. */
const OF_NODE = [globalThis.Request, globalThis.Response]

const until = (isSo: () => unknown, timeout: number = 20_000) => vi.waitUntil(isSo, { timeout, interval: 20 })

test.for(['0.0.0.0', '::', '10.0.0.5', 'ops.example', ''])('without a login it does not listen on %j', async (host) => {
  const { panel, data } = panelWith()
  await expect(listen(panel, { host, port: 0 })).rejects.toThrow(
    /^The panel would listen on .* expected 127\.0\.0\.1 or a login: set one up/,
  )
  expect(data.starts).toBe(0)
})

test.for(['127.0.0.1', 'localhost'])('without a login it listens on %s', async (host) => {
  const { panel } = panelWith()
  const { url, port, close } = await listen(panel, { host, port: 0 })
  onTestFinished(close)
  expect(url).toBe(`http://${host}:${port}`)
  expect((await fetch(`${url}/api/session`)).status).toBe(200)
})

test('with a login it listens wherever it is told to', async () => {
  const { panel } = panelWith({ auth: TOKENS })
  const { url, port, close } = await listen(panel, { host: '0.0.0.0', port: 0 })
  onTestFinished(close)
  expect(url).toBe(`http://127.0.0.1:${port}`)
  expect((await fetch(`${url}/api/now`)).status).toBe(401)
})

test('a port that is taken is one sentence, and nothing was asked of Redis', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void other.close())
  await until(() => other.listening)
  const { port } = other.address() as { port: number }
  const { panel, data } = panelWith()
  await expect(listen(panel, { port })).rejects.toThrow(`The panel cannot listen on 127.0.0.1:${port}: something else does already.`)
  expect(data.starts).toBe(0)
})

test('where Redis cannot be reached it does not go on listening', async () => {
  const { panel, data } = panelWith()
  data.starting = () => Promise.reject(new Error('no Redis'))
  const port = await freePort()
  await expect(listen(panel, { port })).rejects.toThrow('no Redis')
  await until(async () => (await askAt(port, '/').catch(() => 'refused')) === 'refused')
})

test('it ends with its streams and connections, within a second, and lets go of its data', async () => {
  const { panel, data } = panelWith({ auth: TOKENS })
  const { port, close } = await listen(panel, { port: 0 })
  const streams = await Promise.all(Array.from({ length: 5 }, () => stream(port)))
  const idle = await silent(port)
  await until(() => panel.openStreams === 5)
  const asked = performance.now()
  await close()
  expect(performance.now() - asked).toBeLessThan(5000)
  await until(() => [...streams, idle].every(({ destroyed }) => destroyed))
  expect([data.stops, data.feed.listeners, panel.openStreams]).toEqual([1, 0, 0])
})

test('headers that come too slowly end the connection', async () => {
  const { panel } = panelWith({ auth: TOKENS })
  const { port, close } = await listen(panel, { port: 0 })
  onTestFinished(close)
  const socket = await silent(port)
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString('utf8')))
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n')
  const drip = setInterval(() => socket.write('x-slow: 1\r\n'), 500)
  onTestFinished(() => clearInterval(drip))
  await until(() => socket.destroyed, 25_000)
  expect(text).toMatch(/^HTTP\/1\.1 408 /)
})

test('headers that are too long are refused', async () => {
  const { panel } = panelWith({ auth: TOKENS })
  const { port, close } = await listen(panel, { port: 0 })
  onTestFinished(close)
  expect((await askAt(port, '/', { headers: { cookie: 'a'.repeat(20_000) } })).status).toBe(431)
})

test('nothing of the process is changed: Request and Response stay those of Node', async () => {
  const { panel } = panelWith({ auth: TOKENS })
  const { close } = await listen(panel, { port: 0 })
  await close()
  expect(globalThis.Request).toBe(OF_NODE[0])
  expect(globalThis.Response).toBe(OF_NODE[1])
})

test('mounted, the panel starts by itself with the first request, once, and tries again where it failed', async () => {
  const { panel, data } = panelWith({ auth: TOKENS })
  const ask = async () => (await panel.fetch(new Request('http://panel/api/now', { headers: bearer(VIEWER) }))).status
  data.starting = () => Promise.reject(new Error('no Redis'))
  expect([await ask(), await ask(), data.starts]).toEqual([503, 503, 2])
  data.starting = () => Promise.resolve()
  expect([...(await Promise.all([ask(), ask(), ask()])), data.starts]).toEqual([200, 200, 200, 3])
})

test('closed, it answers nothing more, and closing again is nothing', async () => {
  const { panel, data } = panelWith({ auth: TOKENS })
  await panel.start()
  await Promise.all([panel.close(), panel.close()])
  const answer = await panel.fetch(new Request('http://panel/api/now', { headers: bearer(OPERATOR) }))
  expect([answer.status, data.stops]).toEqual([503, 1])
})

async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listening(server as never)
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function silent(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

async function stream(port: number): Promise<Socket> {
  const socket = await silent(port)
  socket.resume().write(`GET /api/live HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${VIEWER}\r\n\r\n`)
  return socket
}
