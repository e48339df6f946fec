/** The server behind HEALTH_HTTP_PORT, asked by real clients, and by such as mean no good. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { lookup } from 'node:dns'
import { once } from 'node:events'
import { request, type OutgoingHttpHeaders } from 'node:http'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'

import { freePort } from '../../examples/valkey/free-port.ts'
import { diag } from '../../src/diag.ts'
import type { Probed } from '../../src/probe/probe-answer.ts'
import { ProbeServer } from '../../src/probe/probe-server.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const TOKEN = '0123456789abcdef'
const ALIVE: Probed = {
  whyNotAlive: undefined,
  phase: 'running',
  health: () => ({ service: 'mailer', instance: 'i1', phase: 'running', status: 'healthy', checks: {}, alerts: [] }),
}
const soon = { timeout: 20_000, interval: 5 }

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

interface Served {
  readonly host: string
  readonly port: number
  readonly token: string | undefined
  readonly probed: () => Probed
}

/** Time stands still for it unless it is told to pass. */
async function serving({ host = '127.0.0.1', port = 0, token, probed = () => ALIVE }: Partial<Served> = {}) {
  const clock = new VirtualClock()
  const at = { host, port: port || (await freePort()) }
  const server = new ProbeServer({ ...at, token, clock, probed })
  cleanups.push(() => server.close())
  server.listen()
  return { clock, server, at }
}

interface Asking {
  readonly method?: string
  readonly headers?: OutgoingHttpHeaders
}

interface Got {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

function get({ host, port }: { host: string; port: number }, path: string, { method = 'GET', headers = {} }: Asking = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asked = request({ host, port, path, method, headers, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => (body += text))
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }))
    })
    asked.on('error', reject).end()
  })
}

/** Until it listens: it does so in the background. */
async function listening(at: { host: string; port: number }): Promise<void> {
  await expect
    .poll(
      () =>
        get(at, '/livez').then(
          ({ status }) => status,
          () => 0,
        ),
      soon,
    )
    .toBe(200)
}

async function open({ host, port }: { host: string; port: number }): Promise<Socket> {
  const socket = connect(port, host)
  cleanups.push(() => socket.destroy())
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

describe('it answers', () => {
  test.for([
    { host: '127.0.0.1', asked: '127.0.0.1' },
    { host: '0.0.0.0', asked: '127.0.0.1' },
    { host: 'localhost', asked: 'localhost' },
    { host: '::1', asked: '::1' },
    { host: '::', asked: '127.0.0.1' },
  ])('on $host', async ({ host, asked }) => {
    const { at } = await serving({ host })
    await listening({ host: asked, port: at.port })
    expect(await get({ host: asked, port: at.port }, '/livez')).toMatchObject({ status: 200, body: 'alive\n' })
  })

  test('a whole answer, and ends the connection', async () => {
    const { at } = await serving()
    await listening(at)
    expect(await get(at, '/readyz')).toEqual({
      status: 200,
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'content-length': '8',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        connection: 'close',
      },
      body: 'running\n',
    })
  })

  test('HEAD as GET, without the body', async () => {
    const { at } = await serving()
    await listening(at)
    expect(await get(at, '/readyz', { method: 'HEAD' })).toMatchObject({ status: 200, headers: { 'content-length': '8' }, body: '' })
  })

  test('a request that comes letter by letter, and with a body', async () => {
    const { at } = await serving()
    await listening(at)
    const socket = await open(at)
    let got = ''
    socket.on('data', (chunk: Buffer) => (got += chunk.toString()))
    const ended = once(socket, 'end')
    for (const letter of 'GET /livez HTTP/1.1\r\n\r\nabc') {
      socket.write(letter)
      await new Promise(setImmediate)
    }
    await ended
    expect(got).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nalive\n$/)
  })

  test('who has said all it has to say, and listens on', async () => {
    const { at } = await serving()
    await listening(at)
    const socket = await open(at)
    socket.end('GET /livez HTTP/1.0\r\n\r\n')
    let got = ''
    socket.on('data', (chunk: Buffer) => (got += chunk.toString()))
    await once(socket, 'close')
    expect(got).toContain(' 200 OK\r\n')
  })
})

describe('details', () => {
  test.for([
    { why: 'with the token', token: TOKEN, headers: { authorization: `Bearer ${TOKEN}` }, status: 200, hasDetails: true },
    {
      why: 'with the token, as some write it',
      token: TOKEN,
      headers: { authorization: `bearer   ${TOKEN}` },
      status: 200,
      hasDetails: true,
    },
    { why: 'without one, though it is this machine', token: TOKEN, headers: {}, status: 200, hasDetails: false },
    { why: 'with another', token: TOKEN, headers: { authorization: `Bearer ${TOKEN}0` }, status: 401, hasDetails: false },
    { why: 'with an empty one', token: TOKEN, headers: { authorization: 'Bearer ' }, status: 401, hasDetails: false },
    { why: 'with a password', token: TOKEN, headers: { authorization: `Basic ${TOKEN}` }, status: 401, hasDetails: false },
    { why: 'where none is set', token: undefined, headers: { authorization: 'Bearer undefined' }, status: 401, hasDetails: false },
  ])('$why', async ({ token, headers, status, hasDetails }) => {
    const { at } = await serving({ token })
    await listening(at)
    const got = await get(at, '/health', { headers })
    expect(got.status).toBe(status)
    expect(got.body.includes('mailer')).toBe(hasDetails)
  })
})

test('before it says that a process does not live, it gives timers that are due the time to run', async () => {
  let why: string | undefined
  const { at, clock } = await serving({ probed: () => ({ ...ALIVE, whyNotAlive: why }) })
  const asked = () => get(at, '/livez')
  await listening(at)
  why = 'held up'
  const first = asked()
  await expect.poll(() => clock.nextDue(), soon).toBe(50)
  why = undefined
  clock.advance(50)
  expect((await first).status).toBe(200)
  why = 'held up'
  const second = asked()
  await expect.poll(() => clock.nextDue(), soon).toBe(100)
  clock.advance(50)
  expect(await second).toMatchObject({ status: 503, body: 'not alive: held up\n' })
})

describe('who means no good', () => {
  test('sends nothing, or for ever: is left after 5 s', async () => {
    const { at, clock } = await serving()
    await listening(at)
    const [silent, endless] = [await open(at), await open(at)]
    endless.write('GET /livez HTTP/1.1\r\nx: ')
    await expect.poll(() => clock.nextDue(), soon).toBe(5000)
    // Both are being served.
    await expect.poll(() => get(at, '/livez').then(({ status }) => status), soon).toBe(200)
    const ended = Promise.all([once(silent, 'close'), once(endless, 'close')])
    clock.advance(5000)
    await ended
  })

  test('sends what is no request: is told so, and left', async () => {
    const { at } = await serving()
    await listening(at)
    for (const sent of ['\r\n\r\n', 'GET / HTTP/1.1\r\n\u0000\r\n\r\n', `GET / HTTP/1.1\r\nx: ${'a'.repeat(100_000)}`]) {
      const socket = await open(at)
      let got = ''
      socket.on('data', (chunk: Buffer) => (got += chunk.toString()))
      socket.write(sent)
      await once(socket, 'close')
      expect(got).toMatch(/^HTTP\/1\.1 4(00|31) /)
    }
  })

  test('opens many connections: the others are turned away, and the server lives', async () => {
    const { at, clock } = await serving()
    await listening(at)
    const sockets = await Promise.all(Array.from({ length: 40 }, () => open(at)))
    await expect.poll(() => sockets.filter(({ destroyed }) => destroyed).length, soon).toBe(24)
    clock.advance(5000)
    await listening(at)
  })

  test('goes away in the middle: nothing comes of it', async () => {
    const { at } = await serving()
    await listening(at)
    for (let i = 0; i < 20; i++) (await open(at)).write('GET /health HTTP/1.1\r\n\r\n', () => {})
    for (const cleanup of cleanups.splice(1)) void cleanup()
    await listening(at)
    expect((await get(at, '/health')).status).toBe(200)
  })
})

describe('a port that is taken', () => {
  async function taking(port: number): Promise<Server> {
    const other = createServer().listen(port, '127.0.0.1')
    cleanups.push(() => other.close())
    await once(other, 'listening')
    return other
  }

  test('is said once and tried again, and taken when it is free', async () => {
    const warn = vi.spyOn(diag, 'warn').mockReturnValue()
    const port = await freePort()
    const other = await taking(port)
    const { at, clock } = await serving({ port })
    for (let i = 0; i < 3; i++) {
      await expect.poll(() => clock.nextDue() - clock.monotonicMs(), soon).toBe(5000)
      clock.advance(5000)
    }
    expect(warn.mock.calls.map(([text]) => text)).toEqual([
      `otel-health: no probes are answered here, for 127.0.0.1:${port} (HEALTH_HTTP_PORT, HEALTH_HTTP_HOST) cannot be listened on (EADDRINUSE); it is tried again. The service is not affected.`,
    ])
    await new Promise((resolve) => other.close(resolve))
    await expect
      .poll(
        () => (
          clock.advance(5000),
          get(at, '/livez').then(
            ({ status }) => status,
            () => 0,
          )
        ),
        soon,
      )
      .toBe(200)
  })

  test('is not waited for by a process that stops', async () => {
    vi.spyOn(diag, 'warn').mockReturnValue()
    const port = await freePort()
    await taking(port)
    const { clock, server } = await serving({ port })
    await expect.poll(() => clock.nextDue(), soon).toBe(5000)
    server.close()
    expect(clock.nextDue()).toBe(Infinity)
  })
})

test('one that is closed while the name of its host is looked up listens to nobody', async () => {
  const { at, server } = await serving({ host: 'localhost' })
  server.close()
  const other = new ProbeServer({ ...at, host: '127.0.0.1', token: undefined, clock: new VirtualClock(), probed: () => ALIVE })
  cleanups.push(() => other.close())
  await new Promise((resolve) => lookup('localhost', resolve))
  await new Promise(setImmediate)
  other.listen()
  await listening({ host: '127.0.0.1', port: at.port })
  expect((await get({ host: '127.0.0.1', port: at.port }, '/livez')).status).toBe(200)
})

test('a connection that cannot be taken changes nothing', async () => {
  const warn = vi.spyOn(diag, 'warn').mockReturnValue()
  let listened: Server | undefined
  const heard = (message: unknown) => void (listened = (message as { server: Server }).server)
  subscribe('tracing:net.server.listen:asyncEnd', heard)
  const { at, clock } = await serving()
  await listening(at)
  unsubscribe('tracing:net.server.listen:asyncEnd', heard)
  listened!.emit('error', Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }))
  clock.advance(60_000)
  await listening(at)
  expect(warn).not.toHaveBeenCalled()
})

test('what fails inside is said, and answered with nothing', async () => {
  const error = vi.spyOn(diag, 'error').mockReturnValue()
  const { at } = await serving({
    probed: () => {
      throw new Error('broken')
    },
  })
  await expect.poll(() => get(at, '/livez').then(String, ({ code }) => code as string), soon).toBe('ECONNRESET')
  expect(error.mock.calls[0]![0]).toBe('otel-health: a probe could not be answered')
})
