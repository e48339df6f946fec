/** What is said of every answer that an OTLP endpoint, or what is taken for one, may give. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createHttp2Server } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createNetServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { systemClock } from '../../src/clock.ts'
import type { Finding } from '../../src/doctor/finding.ts'
import { checkOtlpEndpoint } from '../../src/doctor/otlp-endpoint.ts'
import { SELF_SIGNED } from '../support/self-signed.ts'
import { closedPort, listening } from '../support/upstream.ts'
import { folderWith } from './project-folder.ts'

afterEach(() => vi.unstubAllEnvs())

/** The exporter reads the environment of the process. */
async function check(env: Readonly<Record<string, string>>, requestTimeoutMs: number = 5000): Promise<Finding> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  return await checkOtlpEndpoint(env, { intervalMs: 60_000, timeoutMs: 30_000, requestTimeoutMs }, systemClock)
}

interface Received {
  readonly request: IncomingMessage
  readonly body: string
}

/** A server at a free port; what it received is in `received`. */
async function serve(answer: RequestListener = (_, res) => res.end('{}')): Promise<{ origin: string; received: Received[] }> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ request, body })
      answer(request, response)
    })
  })
  const port = await listening(server)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { origin: `http://127.0.0.1:${port}`, received }
}

function says(status: string, message: RegExp, mend?: RegExp): object {
  return {
    name: 'otlp',
    status,
    message: expect.stringMatching(message) as string,
    ...(mend && { mend: expect.stringMatching(mend) as string }),
  }
}

describe('a receiver that takes metrics', () => {
  test('is sent one export, which holds none, as the exporter sends it', async () => {
    const { origin, received } = await serve()
    const found = await check({ OTEL_EXPORTER_OTLP_ENDPOINT: origin, OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20secret' })
    expect(found).toEqual({
      name: 'otlp',
      status: 'ok',
      message: expect.stringMatching(/\/v1\/metrics takes metrics: 200 within \d+ ms$/) as string,
    })
    expect(received).toHaveLength(1)
    const [{ request, body }] = received as [Received]
    expect(request).toMatchObject({
      method: 'POST',
      url: '/v1/metrics',
      headers: { 'content-type': 'application/json', authorization: 'Bearer secret' },
    })
    expect(JSON.parse(body)).toMatchObject({ resourceMetrics: [{ scopeMetrics: [] }] })
  })

  test('at the endpoint of metrics alone, with the headers of metrics alone', async () => {
    const { origin, received } = await serve()
    const found = await check({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${origin}/own/path`,
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'x-tenant=a',
    })
    expect(found).toMatchObject(says('ok', /\/own\/path takes metrics/))
    expect(received[0]!.request.headers).toMatchObject({ 'x-tenant': 'a' })
  })

  test('nothing secret of its URL is shown', async () => {
    const { origin } = await serve()
    const url = origin.replace('://', '://me:secret@')
    const found = await check({ OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${url}/v1/metrics?token=secret` })
    expect(found).toMatchObject(says('ok', /^http:\/\/127\.0\.0\.1:\d+\/v1\/metrics takes metrics/))
    expect(JSON.stringify(found)).not.toContain('secret')
  })

  test('over TLS, with the certificate that the variables name', async () => {
    const server = createHttpsServer(SELF_SIGNED, (_, res) => res.end('{}'))
    const port = await listening(server)
    onTestFinished(() => void server.close())
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: `https://127.0.0.1:${port}` }
    expect(await check(endpoint)).toMatchObject(says('fail', /signed by nobody known here/, /OTEL_EXPORTER_OTLP_CERTIFICATE/))
    const ca = join(folderWith({ 'ca.pem': SELF_SIGNED.cert }), 'ca.pem')
    expect(await check({ ...endpoint, OTEL_EXPORTER_OTLP_CERTIFICATE: ca })).toMatchObject({ status: 'ok' })
  })

  test('though the protocol is set to grpc, which nobody heeds', async () => {
    const { origin } = await serve()
    expect(await check({ OTEL_EXPORTER_OTLP_ENDPOINT: origin, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toMatchObject(
      says('warn', /though the protocol is set to grpc$/, /OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=http\/json/),
    )
  })
})

describe('an answer that is none', () => {
  test.for<{ why: string; path?: string; variable?: string; answer: RequestListener; status: string; message: RegExp; mend: RegExp }>([
    {
      why: 'credentials are missing',
      answer: (_, res) => res.writeHead(401).end(),
      status: 'fail',
      message: /answers 401: the credentials are missing or wrong$/,
      mend: /OTEL_EXPORTER_OTLP_HEADERS/,
    },
    {
      why: 'credentials are wrong',
      answer: (_, res) => res.writeHead(403).end('secret'),
      status: 'fail',
      message: /answers 403/,
      mend: /OTEL_EXPORTER_OTLP_HEADERS/,
    },
    {
      why: 'the path is there twice',
      path: '/v1/metrics',
      answer: (_, res) => res.writeHead(404).end(),
      status: 'fail',
      message: /\/v1\/metrics\/v1\/metrics: answers 404: \/v1\/metrics is in the path twice$/,
      mend: /^Take \/v1\/metrics out of OTEL_EXPORTER_OTLP_ENDPOINT/,
    },
    {
      why: 'the path is not there',
      path: '/collector',
      answer: (_, res) => res.writeHead(404).end(),
      status: 'fail',
      message: /answers 404: metrics are not taken at this path$/,
      mend: /before \/v1\/metrics/,
    },
    {
      why: 'the path of metrics is left out',
      variable: 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
      answer: (_, res) => res.writeHead(404).end(),
      status: 'fail',
      message: /answers 404/,
      mend: /the whole path in OTEL_EXPORTER_OTLP_METRICS_ENDPOINT/,
    },
    {
      why: 'a Prometheus whose receiver is off',
      path: '/api/v1/otlp',
      answer: (_, res) => res.writeHead(404).end('otlp write receiver needs to be enabled'),
      status: 'fail',
      message: /answers 404/,
      mend: /--web\.enable-otlp-receiver/,
    },
    {
      why: 'a redirect',
      answer: (_, res) => res.writeHead(301, { location: 'https://other.test/v1/metrics?token=secret' }).end(),
      status: 'fail',
      message: /answers 301, a redirect to https:\/\/other\.test\/v1\/metrics, which exports do not follow$/,
      mend: /to where it leads/,
    },
    {
      why: 'a page for people, with 200',
      answer: (_, res) => res.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Login</title>'),
      status: 'fail',
      message: /answers 200 with a page for people/,
      mend: /receiver of OTLP over HTTP/,
    },
    {
      why: 'no JSON, please',
      answer: (_, res) => res.writeHead(415).end(),
      status: 'fail',
      message: /415: it takes no JSON/,
      mend: /collector/,
    },
    {
      why: 'too busy',
      answer: (_, res) => res.writeHead(503).end(),
      status: 'warn',
      message: /answers 503, too busy/,
      mend: /memory limit/,
    },
    {
      why: 'a proxy with nothing behind it',
      answer: (_, res) => res.writeHead(502).end(),
      status: 'fail',
      message: /the proxy there/,
      mend: /proxy/,
    },
    {
      why: 'nothing is refused',
      answer: (_, res) => res.writeHead(400).end(),
      status: 'warn',
      message: /400 to an export without metrics$/,
      mend: /empty/,
    },
    { why: 'something broke', answer: (_, res) => res.writeHead(500).end(), status: 'fail', message: /answers 500$/, mend: /log/ },
    {
      why: 'HTTP where TLS is expected, as Go says it',
      answer: (_, res) => res.writeHead(400).end('Client sent an HTTP request to an HTTPS server.\n'),
      status: 'fail',
      message: /it expects TLS$/,
      mend: /https:\/\/ instead of http:\/\//,
    },
  ])('$why', async ({ path = '', variable = 'OTEL_EXPORTER_OTLP_ENDPOINT', answer, status, message, mend }) => {
    const { origin } = await serve(answer)
    const found = await check({ [variable]: origin + path })
    expect(found).toMatchObject(says(status, message, mend))
    expect(JSON.stringify(found)).not.toContain('secret')
  })
})

describe('no answer', () => {
  test('nobody listens', async () => {
    const port = await closedPort()
    expect(await check({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` })).toMatchObject(
      says('fail', /nobody listens there$/, /^Start the collector, or mend OTEL_EXPORTER_OTLP_ENDPOINT/),
    )
  })

  test('the name has no address', async () => {
    expect(await check({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://nobody.invalid:4318' })).toMatchObject(
      says('fail', /the name nobody\.invalid has no address$/, /OTEL_EXPORTER_OTLP_ENDPOINT/),
    )
  })

  test('it is frozen: the time of an export is over', async () => {
    const { origin } = await serve(() => {})
    expect(await check({ OTEL_EXPORTER_OTLP_ENDPOINT: origin }, 300)).toMatchObject(says('fail', /no answer within 0\.3 s$/, /overloaded/))
  })

  test('it hangs up', async () => {
    const server = createNetServer((socket) => socket.on('data', () => socket.destroy()).on('error', () => {}))
    const port = await listening(server)
    onTestFinished(() => void server.close())
    expect(await check({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` })).toMatchObject(
      says('fail', /hangs up without an answer$/, /https:\/\//),
    )
  })

  test('it speaks HTTP/2 alone, as gRPC does', async () => {
    const server = createHttp2Server()
    const port = await listening(server)
    onTestFinished(() => void server.close())
    const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` }
    expect(await check(endpoint)).toMatchObject({
      status: 'fail',
      mend: expect.stringContaining('otel-health does not speak gRPC') as string,
    })
    expect(await check({ ...endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toMatchObject(
      says('fail', /the protocol is set to grpc$/, /does not speak gRPC/),
    )
  })

  test('port 4317 is that of gRPC, whatever is there', async () => {
    expect(await check({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://nobody.invalid:4317' })).toMatchObject(
      says('fail', /4317 is the port of gRPC$/, /does not speak gRPC/),
    )
  })

  test('it speaks no TLS', async () => {
    const { origin } = await serve()
    expect(await check({ OTEL_EXPORTER_OTLP_ENDPOINT: origin.replace('http:', 'https:') })).toMatchObject(
      says('fail', /speaks no TLS$/, /http:\/\/ instead of https:\/\//),
    )
  })

  test.for([
    { why: 'a scheme is missing, and the port is taken for a path', endpoint: 'localhost:4318' },
    { why: 'it is no URL at all', endpoint: '//x' },
  ])('$why', async ({ endpoint }) => {
    expect(await check({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })).toMatchObject(
      says('fail', /^OTEL_EXPORTER_OTLP_ENDPOINT is no URL of http or https$/, /OTEL_EXPORTER_OTLP_ENDPOINT=http:\/\/localhost:4318/),
    )
  })
})

test('a receiver that refuses is asked once, though the exporter would try again', async () => {
  const { origin, received } = await serve((_, res) => res.writeHead(503).end())
  let attempts = 0
  const count = () => void attempts++
  subscribe('http.client.request.start', count)
  onTestFinished(() => void unsubscribe('http.client.request.start', count))
  expect(await check({ OTEL_EXPORTER_OTLP_ENDPOINT: origin }, 2000)).toMatchObject({ status: 'warn' })
  await vi.waitUntil(() => attempts === 2, { timeout: 3000, interval: 5 })
  expect(received).toHaveLength(1)
})
