/** Which way figures leave: through the SDK that is there when the first export is due, else by an exporter of ours; never both. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

import { metrics } from '@opentelemetry/api'
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'

import { FETCH_ATTEMPTS, UPSTREAM_DURATION } from '../../src/kinds/tracker-fetcher/metrics.ts'
import { SCOPE } from '../../src/catalogue.ts'
import { CollectingReader } from '../../src/collect/collecting-reader.ts'
import { resolveOptions } from '../../src/config/options.ts'
import { globalMeterProvider } from '../../src/export/global-provider.ts'
import { healthReader, madeHealthReader } from '../../src/export/health-reader.ts'
import { createMetricsExport } from '../../src/export/metrics-export.ts'
import { CellStore } from '../../src/record/cells.ts'
import { TeeRecording } from '../../src/record/tee-recording.ts'
import { diagLines } from '../contracts/diag-lines.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const MINUTE = 60_000

/** Bodies that our own exporter sent. */
const received: string[] = []
const collector = createServer((request, response) => {
  void text(request).then((body) => {
    received.push(body)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    collector.emit('received')
  })
})
beforeAll(async () => {
  collector.listen(0, '127.0.0.1')
  await once(collector, 'listening')
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${(collector.address() as AddressInfo).port}`)
})
afterAll(() => {
  collector.closeAllConnections()
  collector.close()
  vi.unstubAllEnvs()
})
afterEach(() => {
  received.length = 0
  metrics.disable()
  Reflect.deleteProperty(globalThis, Symbol.for('otel-health.reader'))
})

function exporting(env: Readonly<Record<string, string>> = {}, reader?: CollectingReader) {
  const clock = new VirtualClock()
  const store = new CellStore(clock)
  const recording = new TeeRecording(store, () => globalMeterProvider()?.getMeter(SCOPE, '1.0.0'))
  const options = resolveOptions({ env: { OTEL_SERVICE_NAME: 'svc' } })
  const way = createMetricsExport({ exports: true, options, instance: 'one', clock, store, recording, env, ...(reader && { reader }) })
  return { clock, recording, way, add: () => recording.counter(FETCH_ATTEMPTS, {}).add(1) }
}

/** The service's own SDK. */
function sdk(readers: ConstructorParameters<typeof MeterProvider>[0] = {}) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000, exportTimeoutMillis: 1000 })
  const provider = new MeterProvider({ readers: [reader, ...(readers.readers ?? [])] })
  return {
    provider,
    async counted(): Promise<unknown> {
      const { resourceMetrics } = await reader.collect()
      return resourceMetrics.scopeMetrics.flatMap(({ metrics: all }) =>
        all.flatMap(({ dataPoints }) => dataPoints.map(({ value }) => value)),
      )
    },
  }
}

test('alone, the first export comes after the interval and the next one after another', async () => {
  const { clock, add, way } = exporting({ OTEL_METRIC_EXPORT_INTERVAL: '2000' })
  const stop = way.start()
  add()
  clock.advance(1999)
  expect(received).toEqual([])
  clock.advance(1)
  await once(collector, 'received')
  expect(received[0]).toContain('tracker_fetcher.fetch.attempts')
  stop()
})

test('a service that ends before the first export exports when it is flushed, started or not', async () => {
  const { add, way } = exporting()
  add()
  await way.flush(2000)
  expect(received).toHaveLength(1)
  expect(received[0]).toContain('"service.name"')
})

test.for([
  { env: { OTEL_METRICS_EXPORTER: 'none' }, why: 'nothing is to be exported' },
  { env: { OTEL_SDK_DISABLED: 'true' }, why: 'the SDK is disabled' },
])('nothing is sent if $why', async ({ env }) => {
  const { clock, add, way } = exporting(env)
  const stop = way.start()
  add()
  clock.advance(10 * MINUTE)
  await way.flush(2000)
  stop()
  expect(received).toEqual([])
})

test.for([
  { why: 'before the monitor', arrives: 0 },
  { why: 'after it, before the first export', arrives: 30_000 },
  { why: 'in the last moment before the first export', arrives: 59_999 },
])('an SDK that comes $why takes everything, and we send nothing', async ({ arrives }) => {
  const other = sdk()
  const { clock, add, way, recording } = exporting()
  if (arrives === 0) metrics.setGlobalMeterProvider(other.provider)
  const stop = way.start()
  add()
  recording.histogram(UPSTREAM_DURATION, {}).record(0.2)
  clock.advance(arrives)
  metrics.setGlobalMeterProvider(other.provider)
  clock.advance(10 * MINUTE)
  add()
  await way.flush(2000)
  stop()
  expect(received).toEqual([])
  expect(await other.counted()).toEqual([2, expect.objectContaining({ count: 1, sum: 0.2 })])
})

test('what is recorded on our own provider leaves with the figures, in one message of one resource; it is there at once, and no SDK is joined then', async () => {
  const { add, way, recording } = exporting()
  add()
  way.ownProvider()!.getMeter('service').createCounter('service.counter').add(1)
  metrics.setGlobalMeterProvider(sdk().provider)
  expect(recording.join()).toBe(false)
  expect(way.ownProvider()).toBe(way.ownProvider())
  await way.flush(2000)
  const { resourceMetrics } = JSON.parse(received[0]!) as { resourceMetrics: { scopeMetrics: { scope: { name: string } }[] }[] }
  expect(received).toHaveLength(1)
  expect(resourceMetrics.map(({ scopeMetrics }) => scopeMetrics.map(({ scope }) => scope.name).toSorted())).toEqual([[SCOPE, 'service']])
})

test('where nothing is exported, there is no provider of our own, and an SDK may still come', () => {
  const { way, recording } = exporting({ OTEL_METRICS_EXPORTER: 'none' })
  expect(way.ownProvider()).toBeUndefined()
  expect(recording.decided).toBe('undecided')
})

test('an SDK that comes too late is told of once and sent nothing', async () => {
  const lines = diagLines()
  const other = sdk()
  const { clock, add, way } = exporting()
  const stop = way.start()
  add()
  clock.advance(MINUTE)
  await once(collector, 'received')
  metrics.setGlobalMeterProvider(other.provider)
  add()
  clock.advance(5 * MINUTE)
  await way.flush(2000)
  stop()
  expect(lines).toEqual([expect.stringMatching(/SDK was started after otel-health had begun .* earlier: in an --import/)])
  expect(await other.counted()).toEqual([])
  expect(received.length).toBeGreaterThanOrEqual(2)
})

test.for([
  { why: 'a reader that no SDK has taken', make: () => healthReader(), says: /no SDK has taken it: add it to metricReaders/ },
  {
    why: 'a reader in a provider that is not global',
    make: () => void sdk({ readers: [healthReader()] }),
    says: /not the global one: call metrics\.setGlobalMeterProvider/,
  },
  {
    why: 'a reader given to the monitor that no SDK has taken',
    make: () => new CollectingReader({ clock: new VirtualClock() }),
    says: /no SDK has taken it/,
  },
])('$why is said when the first export is due', async ({ make, says }) => {
  const lines = diagLines()
  const made = make()
  const { add, way } = exporting({}, made instanceof CollectingReader && made !== madeHealthReader() ? made : undefined)
  add()
  await way.flush(2000)
  await way.flush(2000)
  expect(lines).toEqual([expect.stringMatching(says)])
  expect(received.length).toBeGreaterThan(0)
})

test('with our reader among theirs everything leaves once and nothing is said', async () => {
  const lines = diagLines()
  const other = sdk({ readers: [healthReader()] })
  metrics.setGlobalMeterProvider(other.provider)
  const { add, way } = exporting()
  add()
  await way.flush(2000)
  expect(lines.filter((line) => !line.includes('leave through'))).toEqual([])
  expect(await other.counted()).toEqual([1])
  expect(received).toEqual([])
})
