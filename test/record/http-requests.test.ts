/** What the OTel conventions demand of `http.client.request.duration`, and that no upstream can make endless series. */
import { diag } from '@opentelemetry/api'
import { InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { HTTP_CLIENT_REQUEST_DURATION, RECORDS_DROPPED } from '../../src/catalogue.ts'
import { CARDINALITY_LIMIT, CellStore } from '../../src/record/cells.ts'
import type { EndedRequest } from '../../src/record/http-requests.ts'
import { HttpRequests, SERIES_LIMIT, SERVER_LIMIT } from '../../src/record/http-requests.ts'
import { MeterRecording } from '../../src/record/meter-recording.ts'
import type { HistogramValue } from '../../src/types.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const REQUEST: EndedRequest = {
  method: 'GET',
  host: 'gateway.icloud.com',
  port: 443,
  statusCode: 200,
  errorType: undefined,
  durationMs: 431,
}

interface Point {
  readonly attributes: Readonly<Record<string, unknown>>
  readonly value: HistogramValue
}

function recorded(requests: readonly Partial<EndedRequest>[], methods?: readonly string[]): { points: Point[]; dropped: number } {
  const store = new CellStore(new VirtualClock())
  const recorder = new HttpRequests(store, methods)
  for (const request of requests) recorder.record({ ...REQUEST, ...request })
  const samples = store.samples()
  const dropped = samples.find(({ series }) => series.metric === RECORDS_DROPPED.name)
  return {
    points: samples.flatMap((sample) =>
      sample.kind === 'histogram' ? [{ attributes: sample.series.attributes, value: sample.value }] : [],
    ),
    dropped: dropped?.kind === 'sum' ? dropped.value : 0,
  }
}

const attributesOf = (request: Partial<EndedRequest>, methods?: readonly string[]): unknown =>
  recorded([request], methods).points[0]!.attributes

describe('the conventions', () => {
  test('name, instrument and unit', () => {
    expect(HTTP_CLIENT_REQUEST_DURATION).toMatchObject({ name: 'http.client.request.duration', instrument: 'histogram', unit: 's' })
  })

  test('their buckets, and more of them above 10 s', () => {
    const advice = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
    expect(HTTP_CLIENT_REQUEST_DURATION.bounds).toEqual([...advice, 15, 30, 60])
  })

  test('seconds', () => {
    const [point] = recorded([{ durationMs: 431 }, { durationMs: 12_500 }]).points
    expect(point!.value).toMatchObject({ count: 2, sum: 12.931 })
    expect(point!.value.counts[HTTP_CLIENT_REQUEST_DURATION.bounds!.indexOf(15)]).toBe(1)
  })

  const server = { 'server.address': 'gateway.icloud.com', 'server.port': 443 }
  test.for<{ why: string; request: Partial<EndedRequest>; attributes: Readonly<Record<string, string | number>> }>([
    {
      why: 'a success has a status and no error.type; numbers are numbers',
      request: {},
      attributes: { 'http.request.method': 'GET', 'http.response.status_code': 200, ...server },
    },
    {
      why: 'an error status is both',
      request: { statusCode: 503, errorType: '503' },
      attributes: { 'http.request.method': 'GET', 'http.response.status_code': 503, 'error.type': '503', ...server },
    },
    {
      why: 'without a response there is no status',
      request: { statusCode: undefined, errorType: 'ECONNREFUSED' },
      attributes: { 'http.request.method': 'GET', 'error.type': 'ECONNREFUSED', ...server },
    },
    {
      why: 'one given up has neither',
      request: { statusCode: undefined },
      attributes: { 'http.request.method': 'GET', ...server },
    },
    {
      why: 'a method it does not know is _OTHER',
      request: { method: 'BREW' },
      attributes: { 'http.request.method': '_OTHER', 'http.response.status_code': 200, ...server },
    },
    {
      why: 'method names are case-sensitive',
      request: { method: 'get' },
      attributes: { 'http.request.method': '_OTHER', 'http.response.status_code': 200, ...server },
    },
    {
      why: 'a port that is not known is left out',
      request: { port: 0 },
      attributes: { 'http.request.method': 'GET', 'http.response.status_code': 200, 'server.address': 'gateway.icloud.com' },
    },
  ])('$why', ({ request, attributes }) => {
    expect(attributesOf(request)).toEqual(attributes)
  })

  test('the methods that are known can be given', () => {
    expect(attributesOf({ method: 'BREW' }, ['BREW'])).toMatchObject({ 'http.request.method': 'BREW' })
    expect(attributesOf({ method: 'GET' }, ['BREW'])).toMatchObject({ 'http.request.method': '_OTHER' })
  })

  test('the same on the meter of somebody else', async () => {
    const reader = new PeriodicExportingMetricReader({
      exporter: new InMemoryMetricExporter(1),
      exportIntervalMillis: 3_600_000,
      exportTimeoutMillis: 1000,
    })
    new HttpRequests(new MeterRecording(new MeterProvider({ readers: [reader] }).getMeter('test'))).record(REQUEST)
    const { resourceMetrics } = await reader.collect()
    const [metric] = resourceMetrics.scopeMetrics[0]!.metrics
    expect(metric).toMatchObject({
      descriptor: { name: 'http.client.request.duration', unit: 's' },
      dataPoints: [{ attributes: attributesOf({}), value: { count: 1, sum: 0.431 } }],
    })
  })
})

describe('bounds', () => {
  beforeAll(() => diag.disable())
  afterAll(() => diag.disable())

  test('one series for one kind of request', () => {
    const points = recorded([
      {},
      {},
      { statusCode: 404, errorType: '404' },
      {},
      { statusCode: 404, errorType: '404' },
      { port: 8443 },
    ]).points
    expect(points.map(({ value }) => value.count)).toEqual([3, 2, 1])
  })

  test('hosts beyond the limit are one', () => {
    const { points } = recorded(Array.from({ length: SERVER_LIMIT + 50 }, (_, i) => ({ host: `host-${i}` })))
    expect(points).toHaveLength(SERVER_LIMIT + 1)
    expect(points.at(-1)).toMatchObject({
      attributes: { 'http.request.method': 'GET', 'server.address': '_OTHER', 'http.response.status_code': 200 },
      value: { count: 50 },
    })
    expect(points.at(-1)!.attributes).not.toHaveProperty(['server.port'])
  })

  test('ports of one host are as many hosts', () => {
    expect(recorded(Array.from({ length: 1000 }, (_, i) => ({ port: i + 1 }))).points).toHaveLength(SERVER_LIMIT + 1)
  })

  test('whatever comes, no request is lost and the series are bounded', () => {
    const text = fc.oneof(fc.constantFrom('GET', 'POST', 'a', 'b'), fc.string())
    const request = fc.record({
      method: text,
      host: text,
      port: fc.oneof(fc.constantFrom(80, 443), fc.integer()),
      statusCode: fc.option(fc.integer(), { nil: undefined }),
      errorType: fc.option(text, { nil: undefined }),
      durationMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
    })
    fc.assert(
      fc.property(fc.array(request, { maxLength: 200 }), (requests) => {
        const { points, dropped } = recorded(requests)
        expect(points.reduce((sum, { value }) => sum + value.count, 0)).toBe(requests.length)
        expect(dropped).toBe(0)
      }),
      { numRuns: 50 },
    )
    const many = recorded(Array.from({ length: 5000 }, (_, i) => ({ host: `h${i % 50}`, statusCode: i, errorType: String(i) })))
    expect(many.points).toHaveLength(SERIES_LIMIT + 1)
    expect(many.points.length).toBeLessThan(CARDINALITY_LIMIT)
    expect(many.points.at(-1)).toMatchObject({ attributes: { 'otel.metric.overflow': 'true' }, value: { count: 5000 - SERIES_LIMIT } })
  })

  test.for<{ why: string; request: object }>([
    { why: 'no duration', request: { durationMs: undefined } },
    { why: 'NaN', request: { durationMs: NaN } },
    { why: 'a negative duration', request: { durationMs: -1 } },
    { why: 'an infinite one', request: { durationMs: Infinity } },
    { why: 'no host', request: { host: undefined } },
    { why: 'a method that is no text', request: { method: 1 } },
  ])('$why: dropped and counted', ({ request }) => {
    expect(recorded([request, request])).toEqual({ points: [], dropped: 2 })
  })
})
