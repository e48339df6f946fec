/** A service of its own process, for the exporter reads the environment, and a real HTTP server in the place of a collector. */
import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { afterEach, describe, expect, test } from 'vitest'

import { SELF_SIGNED } from '../support/self-signed.ts'

interface Received {
  readonly url: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly metrics: ReadonlyMap<string, Metric>
  readonly resource: Readonly<Record<string, string>>
}

interface Metric {
  readonly scope: string
  readonly unit: string
  readonly sum?: { readonly aggregationTemporality: number; readonly isMonotonic: boolean; readonly dataPoints: readonly Point[] }
  readonly gauge?: { readonly dataPoints: readonly Point[] }
  readonly histogram?: { readonly aggregationTemporality: number; readonly dataPoints: readonly Point[] }
}

interface Point {
  readonly attributes: readonly { readonly key: string; readonly value: unknown }[]
  readonly asDouble?: number
  readonly count?: number
  readonly sum?: number
}

const CUMULATIVE = 2
const DELTA = 1

const toEnd: (() => void)[] = []
afterEach(() => {
  for (const end of toEnd.splice(0)) end()
})

interface CollectorOptions {
  /** 0 is a free one. */
  readonly port?: number
  /** What it answers; `undefined` for nothing. */
  readonly status?: () => number | undefined
  /** Speaks TLS, with a certificate that signs itself. */
  readonly tls?: boolean
}

async function startCollector({ port = 0, status = () => 200, tls = false }: CollectorOptions = {}) {
  const received: Received[] = []
  const waiting: ((request: Received) => void)[] = []
  const answerTo = (request: IncomingMessage, response: ServerResponse): void => {
    void text(request).then((body) => {
      const one = { url: request.url, headers: request.headers, ...parse(body) }
      received.push(one)
      waiting.shift()?.(one)
      const answer = status()
      if (answer !== undefined) response.writeHead(answer, { 'content-type': 'application/json' }).end('{}')
    })
  }
  const server: Server = tls ? createTlsServer(SELF_SIGNED, answerTo) : createServer(answerTo)
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const stop = (): void => {
    server.closeAllConnections()
    server.close()
  }
  toEnd.push(stop)
  const { port: listening } = server.address() as AddressInfo
  return {
    received,
    stop,
    port: listening,
    endpoint: `${tls ? 'https' : 'http'}://127.0.0.1:${listening}`,
    next: () => new Promise<Received>((resolve) => waiting.push(resolve)),
  }
}

function parse(body: string): Pick<Received, 'metrics' | 'resource'> {
  const [{ resource, scopeMetrics }] = (
    JSON.parse(body) as { resourceMetrics: [{ resource: { attributes: unknown[] }; scopeMetrics: unknown[] }] }
  ).resourceMetrics
  const metrics = (scopeMetrics as { scope: { name: string }; metrics: ({ name: string } & Metric)[] }[]).flatMap(
    ({ scope, metrics: all }) => all.map((metric) => [metric.name, { ...metric, scope: scope.name }] as const),
  )
  const attributes = (resource.attributes as { key: string; value: { stringValue: string } }[]).map(({ key, value }) => [
    key,
    value.stringValue,
  ])
  return { metrics: new Map(metrics), resource: Object.fromEntries(attributes) as Record<string, string> }
}

type Message = { readonly said?: string; readonly failed?: true; readonly flushed?: true }

async function startService(env: Readonly<Record<string, string>>) {
  const service: ChildProcess = fork(new URL('../fixtures/otlp-service.ts', import.meta.url), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, OTEL_EXPORTER_OTLP_TIMEOUT: '300', ...env },
  })
  toEnd.push(() => service.kill('SIGKILL'))
  const said: string[] = []
  let failures = 0
  service.on('message', (message: Message) => {
    if (message.said !== undefined) said.push(message.said)
    if (message.failed) failures++
  })
  await once(service, 'message')
  return {
    said,
    failures: () => failures,
    /** Records once more and exports. */
    async flush(): Promise<void> {
      const flushed = new Promise<void>((resolve) => {
        service.on('message', (message: Message) => message.flushed && resolve())
      })
      service.send('flush')
      await flushed
    },
  }
}

test('cells go out as ordinary metrics, next to those of other libraries, with the resource', async () => {
  const collector = await startCollector()
  const service = await startService({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint })
  await service.flush()
  const [{ url, headers, metrics, resource }] = collector.received as [Received]
  expect(url).toBe('/v1/metrics')
  expect(headers['content-type']).toBe('application/json')
  expect(resource).toMatchObject({
    'service.name': 'tracker_fetcher',
    'service.instance.id': 'instance-1',
    'telemetry.sdk.language': 'nodejs',
  })
  expect(metrics.get('tracker_fetcher.fetch.attempts')).toMatchObject({
    scope: 'otel-health',
    unit: '{attempt}',
    sum: {
      aggregationTemporality: CUMULATIVE,
      isMonotonic: true,
      dataPoints: [{ asDouble: 3, attributes: [{ key: 'tracker_fetcher.fetch.outcome', value: { stringValue: 'reports' } }] }],
    },
  })
  expect(metrics.get('tracker_fetcher.upstream.duration')).toMatchObject({ unit: 's', histogram: { dataPoints: [{ count: 1, sum: 0.2 }] } })
  expect(metrics.get('tracker_fetcher.queue.size')).toMatchObject({ sum: { isMonotonic: false, dataPoints: [{ asDouble: 41 }] } })
  expect(metrics.get('their.counter')).toMatchObject({ scope: 'another library' })
  expect(service.said).toEqual([])
})

describe('the environment says', () => {
  test('where metrics go and with which headers', async () => {
    const collector = await startCollector()
    const service = await startService({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${collector.endpoint}/custom/path`,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20token,x-tenant=a',
    })
    await service.flush()
    expect(collector.received).toMatchObject([{ url: '/custom/path', headers: { authorization: 'Bearer token', 'x-tenant': 'a' } }])
  })

  test.for(['OTEL_EXPORTER_OTLP_CERTIFICATE', 'OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE'])('%s: whom to trust', async (variable) => {
    const folder = mkdtempSync(join(tmpdir(), 'otel-health-'))
    toEnd.push(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'ca.pem'), SELF_SIGNED.cert)
    const collector = await startCollector({ tls: true })
    const stranger = await startService({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint })
    await stranger.flush()
    expect(stranger.failures()).toBe(1)
    const service = await startService({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, [variable]: join(folder, 'ca.pem') })
    await service.flush()
    expect(service.failures()).toBe(0)
    expect(collector.received).toHaveLength(1)
  })

  test('that counts are sent as deltas, while levels stay levels', async () => {
    const collector = await startCollector()
    const service = await startService({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
    })
    await service.flush()
    await service.flush()
    const last = collector.received.at(-1)!.metrics
    expect(last.get('tracker_fetcher.fetch.attempts')).toMatchObject({
      sum: { aggregationTemporality: DELTA, dataPoints: [{ asDouble: 3 }] },
    })
    expect(last.get('tracker_fetcher.upstream.duration')).toMatchObject({ histogram: { aggregationTemporality: DELTA } })
    expect(last.get('tracker_fetcher.queue.size')).toMatchObject({
      sum: { aggregationTemporality: CUMULATIVE, dataPoints: [{ asDouble: 41 }] },
    })
  })

  test('how often: the second export comes by itself', async () => {
    const collector = await startCollector()
    const service = await startService({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_METRIC_EXPORT_INTERVAL: '50' })
    await service.flush()
    const { metrics } = await collector.next()
    expect(metrics.get('tracker_fetcher.fetch.attempts')).toMatchObject({ sum: { dataPoints: [{ asDouble: 3 }] } })
  })

  test.for([
    { env: { OTEL_METRICS_EXPORTER: 'none' }, exports: 0, says: [] },
    { env: { OTEL_METRICS_EXPORTER: ' otlp ' }, exports: 1, says: [] },
    { env: { OTEL_METRICS_EXPORTER: '' }, exports: 1, says: [] },
    {
      env: { OTEL_METRICS_EXPORTER: 'console,otlp' },
      exports: 1,
      says: ['otel-health: OTEL_METRICS_EXPORTER names "console", expected "otlp" or "none"; nothing is exported that way'],
    },
    {
      env: { OTEL_METRICS_EXPORTER: 'prometheus' },
      exports: 0,
      says: ['otel-health: OTEL_METRICS_EXPORTER names "prometheus", expected "otlp" or "none"; nothing is exported that way'],
    },
    { env: { OTEL_SDK_DISABLED: 'TRUE' }, exports: 0, says: [] },
    { env: { OTEL_SDK_DISABLED: '1' }, exports: 1, says: [] },
    {
      env: { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
      exports: 1,
      says: ['otel-health: the OTLP protocol is "grpc", but metrics are sent as http/json: give the endpoint of OTLP over HTTP, port 4318'],
    },
    {
      env: { OTEL_METRIC_EXPORT_INTERVAL: '60s' },
      exports: 1,
      says: ['otel-health: OTEL_METRIC_EXPORT_INTERVAL is "60s", expected milliseconds > 0; 60000 is used'],
    },
    {
      env: { OTEL_METRIC_EXPORT_INTERVAL: '-5', OTEL_METRIC_EXPORT_TIMEOUT: '1e99' },
      exports: 1,
      says: [
        'otel-health: OTEL_METRIC_EXPORT_INTERVAL is "-5", expected milliseconds > 0; 60000 is used',
        'otel-health: OTEL_METRIC_EXPORT_TIMEOUT is "1e99", expected milliseconds > 0; 30000 is used',
      ],
    },
  ])('$env', async ({ env, exports, says }) => {
    const collector = await startCollector()
    const service = await startService({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, ...env })
    await service.flush()
    expect(collector.received).toHaveLength(exports)
    expect(service.said).toEqual(says)
  })
})

test('an endpoint that is down is said once and counted each time; so is that it is back', async () => {
  const gone = await startCollector()
  gone.stop()
  const service = await startService({ OTEL_EXPORTER_OTLP_ENDPOINT: gone.endpoint })
  for (let i = 0; i < 3; i++) await service.flush()
  expect(service.said).toEqual([expect.stringMatching(/^otel-health: OTLP export fails \(.+\); health is judged all the same$/)])
  expect(service.failures()).toBe(3)

  const back = await startCollector({ port: gone.port })
  for (let i = 0; i < 2; i++) await service.flush()
  expect(service.said).toHaveLength(2)
  expect(service.said[1]).toBe('otel-health: OTLP export works again')
  expect(service.failures()).toBe(3)
  // Nothing of what was recorded meanwhile is lost.
  expect(back.received.at(-1)!.metrics.get('tracker_fetcher.fetch.attempts')).toMatchObject({ sum: { dataPoints: [{ asDouble: 15 }] } })
})

test.for([
  { why: 'refuses what it is sent', status: 400 },
  { why: 'is overloaded', status: 503 },
  { why: 'wants a password', status: 401 },
])('a collector that $why is said once', async ({ status }) => {
  const collector = await startCollector({ status: () => status })
  const service = await startService({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint })
  for (let i = 0; i < 2; i++) await service.flush()
  expect(service.said).toHaveLength(1)
  expect(service.failures()).toBe(2)
})

test('a collector that never answers is said once, though it is asked again and again', async () => {
  const collector = await startCollector({ status: () => undefined })
  const service = await startService({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_METRIC_EXPORT_INTERVAL: '400' })
  await service.flush()
  while (collector.received.length < 4) await collector.next()
  expect(service.said).toEqual([expect.stringContaining('OTLP export fails')])
})

test('an endpoint that is no URL does not keep the service from starting', async () => {
  const service = await startService({ OTEL_EXPORTER_OTLP_ENDPOINT: 'not a url' })
  await service.flush()
  expect(service.said.join('\n')).toContain('not a url')
})
