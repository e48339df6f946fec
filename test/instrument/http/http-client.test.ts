/** Real clients against a real server: every request is told once, with how it ended. */
import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { Agent, request as httpRequest } from 'node:http'
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { createServer as createHttpsServer, request as httpsRequest } from 'node:https'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import type { Context } from '@opentelemetry/api'
import { context, createContextKey, diag, DiagLogLevel, ROOT_CONTEXT } from '@opentelemetry/api'
import * as undici from 'undici'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'

import type { HttpClientWatch } from '../../../src/instrument/http/http-client.ts'
import { watchHttpClient } from '../../../src/instrument/http/http-client.ts'
import type { HttpRequest } from '../../../src/instrument/http/http-exchange.ts'
import { UNREAD_AFTER_MS } from '../../../src/instrument/http/http-exchange.ts'
import type { Upstream } from '../../support/upstream.ts'
import { closedPort, listening, startUpstream } from '../../support/upstream.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

let upstream: Upstream
let nobody: number
/** The package's own: the global one is Node's, an older copy. */
const agent = new undici.Agent()

beforeAll(async () => {
  upstream = await startUpstream()
  nobody = await closedPort()
})
afterAll(async () => {
  await agent.destroy()
  await upstream.close()
})

interface Watched {
  readonly clock: VirtualClock
  readonly told: HttpRequest[]
  readonly stop: () => void
}

const running = new Set<() => void>()
afterEach(() => {
  for (const stop of running) stop()
  running.clear()
})

function watch(options: Partial<HttpClientWatch> = {}): Watched {
  const clock = new VirtualClock()
  const told: HttpRequest[] = []
  const stop = watchHttpClient({ clock, onRequest: (request) => void told.push(request), ...options })
  running.add(stop)
  return { clock, told, stop }
}

/** `GET 200`, `GET - ECONNREFUSED`, `GET 200 cancelled`. */
function show({ method, statusCode, errorType, cancelled }: HttpRequest): string {
  return [method, statusCode ?? '-', errorType, cancelled ? 'cancelled' : undefined].filter((part) => part !== undefined).join(' ')
}

/** Until nothing more is to come of what has ended. */
async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn()
}

interface Call {
  readonly method?: string
  readonly body?: string
  readonly signal?: AbortSignal
}

interface Reply {
  readonly read: () => Promise<unknown>
  readonly cancel: () => unknown
}

type Client = (url: string, call?: Call) => Promise<Reply>

const fetchWith =
  (fetch: typeof globalThis.fetch): Client =>
  async (url, call) => {
    const response = await fetch(url, call)
    return { read: () => response.text(), cancel: () => response.body!.cancel() }
  }

const CLIENTS = {
  fetch: fetchWith(globalThis.fetch),
  'fetch of undici': fetchWith(((url: string, call: object) => undici.fetch(url, { ...call, dispatcher: agent })) as never),
  'undici.request': async (url, { method = 'GET', ...call } = {}) => {
    const { body } = await undici.request(url, { method: method as 'GET', ...call, dispatcher: agent })
    body.on('error', () => {})
    return { read: () => body.text(), cancel: () => body.destroy() }
  },
  'node:http': async (url, { body, ...call } = {}) => {
    const request = httpRequest(url, call)
    request.end(body)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    // A connection that is reset in the middle is an error of both.
    request.on('error', () => {})
    response.on('error', () => {})
    return {
      read: () => new Promise((resolve) => response.resume().once('close', resolve)),
      cancel: () => response.destroy(),
    }
  },
} satisfies Record<string, Client>
type ClientName = keyof typeof CLIENTS
const UNDICI = ['fetch', 'fetch of undici', 'undici.request'] as const

interface Row {
  readonly why: string
  readonly run: (client: Client, watched: Watched) => Promise<unknown>
  /** What is told, with `ERROR` for an error that has another name in each client. */
  readonly told: readonly string[]
  readonly error?: { readonly undici: string; readonly http: string }
  readonly clients?: readonly ClientName[]
}

const at = (path: string): string => upstream.origin + path
const read = async (client: Client, path: string, call?: Call): Promise<unknown> => (await client(at(path), call)).read()

async function aborted(client: Client, reason?: unknown): Promise<void> {
  const controller = new AbortController()
  const came = upstream.next()
  const reply = client(at('/hang'), { signal: controller.signal })
  await Promise.race([came, reply])
  controller.abort(reason)
  await reply
}

async function abortedInBody(client: Client, reason?: unknown): Promise<void> {
  const controller = new AbortController()
  const reply = await client(at('/stream'), { signal: controller.signal })
  controller.abort(reason)
  await reply.read()
}

const ROWS: readonly Row[] = [
  { why: 'a request that succeeds', run: (client) => read(client, '/ok'), told: ['GET 200'] },
  { why: 'one without a body in its response', run: (client) => read(client, '/ok', { method: 'HEAD' }), told: ['HEAD 200'] },
  { why: 'one with a body', run: (client) => read(client, '/echo', { method: 'POST', body: 'abc' }), told: ['POST 200'] },
  { why: 'a client error', run: (client) => read(client, '/404'), told: ['GET 404 404'] },
  { why: 'a server error', run: (client) => read(client, '/500'), told: ['GET 500 500'] },
  { why: 'not modified', run: (client) => read(client, '/304'), told: ['GET 304'] },
  { why: 'informational headers before the real ones', run: (client) => read(client, '/early-hints'), told: ['GET 200'] },
  { why: 'a server that closes the connection afterwards', run: (client) => read(client, '/close'), told: ['GET 200'] },
  {
    why: 'two on one connection',
    run: async (client) => [await read(client, '/ok'), await read(client, '/404')],
    told: ['GET 200', 'GET 404 404'],
  },
  {
    why: 'many at once',
    run: (client) => Promise.all(Array.from({ length: 20 }, () => read(client, '/ok'))),
    told: Array.from({ length: 20 }, () => 'GET 200'),
  },
  {
    why: 'each hop of a redirect',
    run: (client) => read(client, '/redirect'),
    told: ['GET 302', 'GET 200'],
    clients: ['fetch', 'fetch of undici'],
  },
  { why: 'nobody listens', run: (client) => client(`http://127.0.0.1:${nobody}/`), told: ['GET - ECONNREFUSED'] },
  { why: 'the connection is reset before the headers', run: (client) => client(at('/reset')), told: ['GET - ECONNRESET'] },
  {
    why: 'the server hangs up before the headers',
    run: (client) => client(at('/hang-up')),
    told: ['GET - ERROR'],
    error: { undici: 'UND_ERR_SOCKET', http: 'ECONNRESET' },
  },
  {
    why: 'the answer is no HTTP',
    run: (client) => client(at('/garbage')),
    told: ['GET - ERROR'],
    error: { undici: 'HTTPParserError', http: 'HPE_INVALID_CONSTANT' },
  },
  {
    why: 'the connection is reset in the middle of the body',
    run: async (client) => {
      const reply = await client(at('/stream'))
      upstream.last().req.socket.resetAndDestroy()
      await reply.read()
    },
    told: ['GET 200 ECONNRESET'],
  },
  {
    why: 'the server hangs up in the middle of the body',
    run: async (client) => {
      const reply = await client(at('/stream'))
      upstream.last().req.socket.end()
      await reply.read()
    },
    told: ['GET 200 ERROR'],
    error: { undici: 'UND_ERR_SOCKET', http: 'ECONNRESET' },
  },
  { why: 'given up before the headers is no error', run: (client) => aborted(client), told: ['GET - cancelled'] },
  { why: 'given up in the middle of the body neither', run: (client) => abortedInBody(client), told: ['GET 200 cancelled'] },
  { why: 'given up for a reason in words', run: (client) => aborted(client, 'enough'), told: ['GET - cancelled'], clients: UNDICI },
  {
    why: 'AbortSignal.timeout() before the headers',
    run: (client) => aborted(client, new DOMException('late', 'TimeoutError')),
    told: ['GET - timeout'],
  },
  {
    why: 'AbortSignal.timeout() in the middle of the body',
    run: (client) => abortedInBody(client, new DOMException('late', 'TimeoutError')),
    told: ['GET 200 timeout'],
    clients: ['fetch', 'fetch of undici', 'node:http'],
  },
  {
    why: 'AbortSignal.timeout() in the middle of the body, of which undici.request does not publish the reason',
    run: (client) => abortedInBody(client, new DOMException('late', 'TimeoutError')),
    told: ['GET 200 cancelled'],
    clients: ['undici.request'],
  },
  {
    why: 'aborted before it began is no request',
    run: (client) => client(at('/ok'), { signal: AbortSignal.abort() }),
    told: [],
    clients: ['fetch', 'fetch of undici'],
  },
  { why: 'a small body that nobody reads', run: (client) => client(at('/ok')), told: ['GET 200'], clients: UNDICI },
  { why: 'a body that is cancelled', run: async (client) => (await client(at('/big'))).cancel(), told: ['GET 200 cancelled'] },
  {
    why: 'an error status whose body is cancelled',
    run: async (client) => (await client(at('/500'))).cancel(),
    told: ['GET 500 500'],
    clients: ['node:http'],
  },
  { why: 'a method nobody knows', run: (client) => read(client, '/ok', { method: 'BREW' }), told: ['BREW 400 400'] },
]

describe.for(Object.entries(CLIENTS))('%s', ([name, client]) => {
  const rows = ROWS.filter(({ clients }) => !clients || clients.includes(name as ClientName))
  test.for(rows)('$why', async ({ run, told: expected, error }) => {
    const watched = watch()
    await run(client, watched).catch(() => {})
    await vi.waitUntil(() => watched.told.length >= expected.length)
    await settled()
    const code = name === 'node:http' ? error?.http : error?.undici
    expect(watched.told.map(show)).toEqual(expected.map((each) => each.replace('ERROR', code ?? 'ERROR')))
    for (const { host, port, durationMs } of watched.told) {
      expect({ host, port, durationMs }).toEqual({ host: '127.0.0.1', port: expect.toBeOneOf([upstream.port, nobody]), durationMs: 0 })
    }
    watched.stop()
    expect(watched.told).toHaveLength(expected.length)
  })

  test('lasts until its body has been received whole', async () => {
    const { clock, told } = watch()
    const came = upstream.next()
    const reply = client(at('/hang'))
    const { res } = await came
    clock.advance(2000)
    res.writeHead(200).write('a')
    const { read: readBody } = await reply
    clock.advance(500)
    res.end()
    await readBody()
    await vi.waitUntil(() => told.length > 0)
    expect(told).toMatchObject([{ statusCode: 200, durationMs: 2500 }])
  })

  test('lasts until its headers if its body is not read to its end', async () => {
    const { clock, told } = watch()
    const came = upstream.next()
    const reply = client(at('/hang'))
    const { res } = await came
    clock.advance(2000)
    res.writeHead(200).write('a')
    const { cancel } = await reply
    clock.advance(500)
    void cancel()
    await vi.waitUntil(() => told.length > 0)
    expect(told).toMatchObject([{ statusCode: 200, cancelled: true, durationMs: 2000 }])
  })

  test('is told after a minute if its body is left lying, and only once', async () => {
    const { clock, told, stop } = watch()
    const reply = await client(at('/big'))
    clock.advance(1000)
    expect(told).toEqual([])
    clock.advance(UNREAD_AFTER_MS + 10_000)
    expect(told.map(show)).toEqual(['GET 200'])
    await reply.cancel()
    await settled()
    stop()
    expect(told).toHaveLength(1)
  })

  test('is told when the watch ends if its body is still under way', async () => {
    const { told, stop } = watch()
    const reply = await client(at('/big'))
    stop()
    expect(told.map(show)).toEqual(['GET 200'])
    await reply.cancel()
  })
})

/** One request of node:http, until it is closed. */
async function get(options: RequestOptions | string, use: (request: ClientRequest) => void = () => {}): Promise<void> {
  const request = httpRequest(options as RequestOptions)
  request.on('error', () => {})
  request.on('response', (response) => response.on('error', () => {}).resume())
  use(request)
  request.end()
  await new Promise((resolve) => request.once('close', resolve))
}

const http = (path: string, more: RequestOptions = {}): RequestOptions => ({ host: '127.0.0.1', port: upstream.port, path, ...more })

describe('node:http', () => {
  test.for<{ why: string; run: () => Promise<unknown>; told: readonly string[] }>([
    { why: 'without an agent', run: () => get(http('/ok', { agent: false })), told: ['GET 200'] },
    {
      why: 'nobody listens to the response',
      run: () => get(http('/ok'), (request) => request.removeAllListeners('response')),
      told: ['GET 200'],
    },
    { why: 'headers as an array', run: () => get(http('/ok', { headers: ['Host', `127.0.0.1:${upstream.port}`] })), told: ['GET 200'] },
    { why: 'a Host header of its own', run: () => get(http('/ok', { headers: { host: 'virtual.test' } })), told: ['GET 200'] },
    {
      why: 'expects to be told to continue',
      run: () => get(http('/ok', { method: 'POST', headers: { expect: '100-continue' } }), (request) => request.flushHeaders()),
      told: ['POST 200'],
    },
    {
      why: 'an upgrade',
      run: () =>
        get(http('/', { headers: { connection: 'Upgrade', upgrade: 'test' } }), (request) =>
          request.on('upgrade', (_, socket) => socket.destroy()),
        ),
      told: ['GET 101'],
    },
    {
      why: 'a tunnel is how requests travel, and none itself',
      run: () =>
        get(http(`127.0.0.1:${upstream.port}`, { method: 'CONNECT' }), (request) => request.on('connect', (_, socket) => socket.destroy())),
      told: [],
    },
    {
      why: 'destroyed before it had a connection',
      run: () => get(http('/hang'), (request) => request.destroy()),
      told: ['GET - cancelled'],
    },
    { why: 'aborted before it had a connection', run: () => get(http('/hang'), (request) => request.abort()), told: ['GET - cancelled'] },
    {
      why: 'destroyed while it waited',
      run: () => get(http('/hang'), (request) => void upstream.next().then(() => request.destroy())),
      told: ['GET - cancelled'],
    },
    {
      why: 'destroyed with an error of the service',
      run: () =>
        get(http('/hang'), (request) => void upstream.next().then(() => request.destroy(Object.assign(new Error('x'), { code: 'EMINE' })))),
      told: ['GET - EMINE'],
    },
    {
      why: 'destroyed in the middle of the body',
      run: () => get(http('/stream'), (request) => request.on('response', () => request.destroy())),
      told: ['GET 200 cancelled'],
    },
  ])('$why', async ({ run, told: expected }) => {
    const { told, stop } = watch()
    await run()
    await settled()
    stop()
    expect(told.map(show)).toEqual(expected)
    for (const { host, port } of told) expect({ host, port }).toEqual({ host: '127.0.0.1', port: upstream.port })
  })

  test.for([
    { why: 'its limit has passed', passed: 1000, told: 'GET - timeout' },
    { why: 'its limit has not passed', passed: 999, told: 'GET - cancelled' },
  ])('destroyed when $why', async ({ passed, told: expected }) => {
    const { clock, told } = watch()
    await get(http('/hang', { timeout: 1000 }), (request) => {
      void upstream.next().then(() => {
        clock.advance(passed)
        request.destroy()
      })
    })
    expect(told.map(show)).toEqual([expected])
  })

  test('the limit of an agent is none to who does not listen', async () => {
    const { clock, told } = watch()
    await get(http('/hang', { agent: new Agent({ timeout: 1000 }) }), (request) => {
      void upstream.next().then(() => {
        clock.advance(5000)
        request.destroy()
      })
    })
    expect(told.map(show)).toEqual(['GET - cancelled'])
  })

  test('a proxied request is one to its origin', async () => {
    const { told } = watch()
    await get(http('http://Origin.test:8080/ok', { headers: { host: 'origin.test:8080' } }))
    expect(told).toMatchObject([{ host: 'origin.test', port: 8080, statusCode: 200 }])
  })

  test('over TLS', async () => {
    const psk = Buffer.from('0123456789abcdef')
    const server = createHttpsServer({ pskCallback: () => psk, ciphers: 'PSK' }, (_, res) => res.end('ok'))
    const port = await listening(server)
    const { told } = watch()
    const request = httpsRequest({
      host: '127.0.0.1',
      port,
      ciphers: 'PSK',
      pskCallback: () => ({ psk, identity: 'test' }),
      checkServerIdentity: () => undefined,
      agent: false,
    } as RequestOptions)
    request.on('response', (response) => response.resume())
    request.end()
    await once(request, 'close')
    expect(told).toMatchObject([{ host: '127.0.0.1', port, statusCode: 200 }])
    await new Promise((resolve) => server.close(resolve))
  })

  test('the service finds nothing on its request', async () => {
    watch()
    let own: readonly unknown[] = []
    let bare: readonly unknown[] = []
    const keys = (request: ClientRequest) => Reflect.ownKeys(request).toSorted((a, b) => (String(a) < String(b) ? -1 : 1))
    await get(http('/ok'), (request) => void (own = keys(request)))
    for (const stop of running) stop()
    running.clear()
    await get(http('/ok'), (request) => void (bare = keys(request)))
    expect(own.map(String)).toEqual(bare.map(String))
  })
})

describe('undici', () => {
  const use = async <D extends undici.Dispatcher>(dispatcher: D, run: (dispatcher: D) => Promise<unknown>): Promise<void> => {
    await run(dispatcher).catch(() => {})
    await dispatcher.destroy()
    await settled()
  }
  const body = async (url: string, dispatcher: undici.Dispatcher): Promise<unknown> =>
    (await undici.request(url, { dispatcher })).body.text()

  test.for<{ why: string; run: () => Promise<void>; told: readonly string[] }>([
    {
      why: 'each attempt of a retry',
      run: () => use(new undici.RetryAgent(new undici.Agent(), { maxRetries: 2, minTimeout: 1 }), (retry) => body(at('/500'), retry)),
      told: ['GET 500 500', 'GET 500 500', 'GET 500 500'],
    },
    {
      why: 'pipelined requests',
      run: () =>
        use(new undici.Client(upstream.origin, { pipelining: 5 }), (client) =>
          Promise.all([1, 2, 3].map(async () => (await client.request({ path: '/ok', method: 'GET' })).body.text())),
        ),
      told: ['GET 200', 'GET 200', 'GET 200'],
    },
    {
      why: 'the client is destroyed',
      run: () =>
        use(new undici.Client(upstream.origin), async (client) => {
          void upstream.next().then(() => client.destroy())
          await client.request({ path: '/hang', method: 'GET' })
        }),
      told: ['GET - UND_ERR_DESTROYED'],
    },
    {
      why: 'no headers in time',
      run: () => use(new undici.Agent(), (dispatcher) => undici.request(at('/hang'), { headersTimeout: 1, dispatcher })),
      told: ['GET - UND_ERR_HEADERS_TIMEOUT'],
    },
    {
      why: 'no body in time',
      run: () =>
        use(new undici.Agent(), async (dispatcher) => (await undici.request(at('/stream'), { bodyTimeout: 1, dispatcher })).body.text()),
      told: ['GET 200 UND_ERR_BODY_TIMEOUT'],
    },
    {
      why: 'an upgrade',
      run: () =>
        use(new undici.Client(upstream.origin), async (client) => {
          const { socket } = await client.upgrade({ path: '/', protocol: 'test' })
          socket.on('error', () => {}).destroy()
        }),
      told: ['GET 101'],
    },
    {
      why: 'a tunnel is how requests travel, and none itself',
      run: () =>
        use(new undici.Client(upstream.origin), async (client) => {
          const { socket } = await client.connect({ path: `127.0.0.1:${upstream.port}` })
          socket.on('error', () => {}).destroy()
        }),
      told: [],
    },
    {
      why: 'a tunnel that a proxy refuses fails the request, which nobody gave up',
      run: () => use(new undici.ProxyAgent({ uri: upstream.origin, proxyTunnel: true }), (proxy) => body('http://refused.test/', proxy)),
      told: ['GET - UND_ERR_ABORTED'],
    },
    {
      why: 'a proxy that is down',
      run: () => use(new undici.ProxyAgent({ uri: `http://127.0.0.1:${nobody}`, proxyTunnel: true }), (proxy) => body(at('/ok'), proxy)),
      told: ['GET - ECONNREFUSED'],
    },
  ])('$why', async ({ run, told: expected }) => {
    const { told, stop } = watch()
    await run()
    stop()
    expect(told.map(show)).toEqual(expected)
  })

  test.for([
    { why: 'by a tunnel', proxyTunnel: true },
    { why: 'as it is', proxyTunnel: false },
  ])('a request that a proxy passes on $why is one to its origin', async ({ proxyTunnel }) => {
    const { told } = watch()
    await use(new undici.ProxyAgent({ uri: upstream.origin, proxyTunnel }), (proxy) =>
      body(`http://Origin.test:${upstream.port}/ok`, proxy),
    )
    expect(told).toMatchObject([{ method: 'GET', host: 'origin.test', port: upstream.port, statusCode: 200 }])
  })

  test('over HTTP/2', async () => {
    const server = createHttp2Server((req, res) => {
      if (req.url === '/hang') return
      res.writeHead(req.url === '/500' ? 500 : 200).end('ok')
    })
    const port = await listening(server)
    const { told } = watch()
    await use(new undici.Client(`http://127.0.0.1:${port}`, { useH2c: true } as object), async (client) => {
      for (const path of ['/ok', '/500']) await (await client.request({ path, method: 'GET' })).body.text()
      const controller = new AbortController()
      const reply = client.request({ path: '/hang', method: 'GET', signal: controller.signal })
      server.once('stream', () => controller.abort())
      await reply
    })
    expect(told.map(show)).toEqual(['GET 200', 'GET 500 500', 'GET - cancelled'])
    expect(told).toMatchObject([{ port }, { port }, { port }])
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('the host', () => {
  test.for([
    { why: 'the port of its scheme', origin: 'https://Gateway.iCloud.com', host: 'gateway.icloud.com', port: 443 },
    { why: 'a port of its own', origin: 'http://localhost:6969', host: 'localhost', port: 6969 },
    { why: 'an IPv6 address', origin: 'http://[::1]:8080', host: '::1', port: 8080 },
    { why: 'a URL object', origin: new URL('https://example.com'), host: 'example.com', port: 443 },
    { why: 'a name that is too long', origin: `http://${'a'.repeat(10_000)}:8080`, host: '_OTHER', port: 80 },
    { why: 'no URL', origin: 'nonsense', host: '_OTHER', port: 80 },
    { why: 'nothing', origin: undefined, host: '_OTHER', port: 80 },
  ])('of undici: $why', ({ origin, host, port }) => {
    const { told } = watch()
    const request = { origin, method: 'GET', path: '/', headers: [] }
    channel('undici:request:create').publish({ request })
    channel('undici:request:error').publish({ request, error: new Error('x') })
    expect(told).toMatchObject([{ host, port, errorType: '_OTHER' }])
  })

  test.for([
    { why: 'an IPv6 address', host: '::1', header: '[::1]:8080', path: '/', expected: { host: '::1', port: 8080 } },
    { why: 'upper case', host: 'LOCALHOST', header: 'LOCALHOST:6969', path: '/', expected: { host: 'localhost', port: 6969 } },
    { why: 'control characters', host: 'a\n\u0000b', header: 'a', path: '/', expected: { host: '_OTHER', port: 0 } },
    { why: 'a name that is too long', host: 'a'.repeat(10_000), header: 'a', path: '/', expected: { host: '_OTHER', port: 0 } },
    { why: 'a path that only looks like a URL', host: 'h', header: 'h', path: 'https', expected: { host: 'h', port: 80 } },
    { why: 'a proxied URL', host: 'h', header: 'h', path: 'https://o.test/a/http://b', expected: { host: 'o.test', port: 443 } },
  ])('of node:http: $why', ({ host, header, path, expected }) => {
    const { told } = watch()
    const request = { method: 'GET', host, path, protocol: 'http:', getHeader: () => header, on: () => {}, destroyed: false }
    channel('http.client.request.created').publish({ request })
    channel('http.client.request.error').publish({ request, error: new Error('x') })
    expect(told).toMatchObject([expected])
  })
})

describe('never hurts', () => {
  const said: string[] = []
  beforeAll(() => {
    const say = (message: string): void => void said.push(message)
    diag.setLogger(
      { error: say, warn: say, info: say, debug: say, verbose: say },
      { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true },
    )
  })
  afterEach(() => void said.splice(0))
  afterAll(() => diag.disable())

  test('a watcher that throws', async () => {
    watch({
      onRequest: () => {
        throw new Error('of the watcher')
      },
    })
    for (const client of Object.values(CLIENTS)) await read(client, '/ok')
    await settled()
    expect(said.filter((line) => line.includes('could not be recorded'))).toHaveLength(1)
  })

  test('a predicate that throws', async () => {
    const { told } = watch({
      ignore: () => {
        throw new Error('of the predicate')
      },
    })
    for (const client of Object.values(CLIENTS)) await read(client, '/ok')
    expect(told).toEqual([])
    expect(said).toHaveLength(2)
  })

  test.for([
    'undici:request:create',
    'undici:request:headers',
    'undici:request:trailers',
    'undici:request:error',
    'undici:client:connectError',
  ])('a message of another shape on %s', (name) => {
    watch()
    for (const message of [{}, { request: null }, { request: Object.freeze({ method: 'GET', path: '/', origin: 'http://h' }) }]) {
      channel(name).publish(message)
    }
    expect(said.length).toBeLessThanOrEqual(1)
  })

  test('an error that cannot be read', () => {
    const { told } = watch()
    const request = { origin: 'http://h', method: 'GET', path: '/', headers: [] }
    const error = new Proxy(
      {},
      {
        get() {
          throw new Error('of the error')
        },
      },
    )
    channel('undici:request:create').publish({ request })
    channel('undici:request:error').publish({ request, error })
    expect(told.map(show)).toEqual(['GET - _OTHER'])
  })

  test('nothing listens any more once it has ended', () => {
    const { stop } = watch()
    const channels = ['undici:request:create', 'undici:request:trailers', 'http.client.request.created', 'http.client.response.finish'].map(
      (name) => channel(name),
    )
    expect(channels.map(({ hasSubscribers }) => hasSubscribers)).toEqual([true, true, true, true])
    stop()
    expect(channels.map(({ hasSubscribers }) => hasSubscribers)).toEqual([false, false, false, false])
  })

  function unread(): WeakRef<object> {
    const request = { origin: 'http://h', method: 'GET', path: '/', headers: [] }
    channel('undici:request:create').publish({ request })
    channel('undici:request:headers').publish({ request, response: { statusCode: 200 } })
    return new WeakRef(request)
  }

  test('a request that never ends is not held', async () => {
    const { told, clock } = watch()
    const requests: WeakRef<object>[] = ['undici:request:create', 'http.client.request.created'].map((name) => {
      const request = {
        origin: 'http://h',
        host: 'h',
        protocol: 'http:',
        method: 'GET',
        path: '/',
        headers: [],
        getHeader: () => 'h',
        on: () => {},
      }
      channel(name).publish({ request })
      return new WeakRef(request)
    })
    requests.push(unread())
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    await vi.waitUntil(async () => {
      await turn()
      collectGarbage()
      return requests.every((each) => each.deref() === undefined)
    })
    expect(told).toEqual([])
    clock.advance(UNREAD_AFTER_MS + 10_000)
    expect(told.map(show)).toEqual(['GET 200'])
  })
})

describe("what is not the service's", () => {
  test('requests that are to be ignored', async () => {
    const own = new Agent({ keepAlive: true })
    const { told } = watch({ ignore: (request) => 'agent' in request && request.agent === own })
    await get(http('/ok', { agent: own }))
    await get(http('/ok'))
    await read(CLIENTS.fetch, '/ok')
    own.destroy()
    expect(told).toHaveLength(2)
  })

  test('the export of telemetry, which SDKs mark and send by node:http', async () => {
    let active: Context = ROOT_CONTEXT
    context.setGlobalContextManager({
      active: () => active,
      with: (_, fn, self, ...args) => fn.apply(self!, args),
      bind: (_, target) => target,
      enable: () => undefined as never,
      disable: () => undefined as never,
    })
    try {
      const { told } = watch()
      active = ROOT_CONTEXT.setValue(createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING'), true)
      await get(http('/ok'))
      active = ROOT_CONTEXT
      await get(http('/ok'))
      expect(told).toHaveLength(1)
    } finally {
      context.disable()
    }
  })
})
