/** One fetch attempt as recorded by otel-health, by plain OTel SDK instruments with two readers, and by prom-client. */
import { InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { Counter as PromCounter, Histogram as PromHistogram, Registry } from 'prom-client'

import { FETCH_ATTEMPTS, FETCH_REPORTS, FETCH_UNITS, UPSTREAM_DURATION } from '../src/kinds/tracker-fetcher/metrics.ts'
import { TrackerFetcherHealthMonitor } from '../src/kinds/tracker-fetcher/monitor.ts'
import { MemoryExporter } from '../test/support/memory-exporter.ts'
import { systemClock } from '../src/clock.ts'
import { bar, measure, print } from './rounds.ts'

process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = 'http://127.0.0.1:9'
const monitor = new TrackerFetcherHealthMonitor({ exporter: new MemoryExporter(systemClock) })
await monitor.start()
const attempts = monitor.bindFetchAttempts('hot')
const calls = monitor.bindApiCalls('apple')

const readers = [1, 2].map(
  () =>
    new PeriodicExportingMetricReader({ exporter: new InMemoryMetricExporter(1), exportIntervalMillis: 1000, exportTimeoutMillis: 1000 }),
)
const meter = new MeterProvider({ readers }).getMeter('bench')
const boundaries = (bounds: readonly number[] | undefined) => ({ advice: { explicitBucketBoundaries: [...(bounds ?? [])] } })
const sdk = {
  attempts: meter.createCounter(FETCH_ATTEMPTS.name),
  units: meter.createCounter(FETCH_UNITS.name),
  reports: meter.createHistogram(FETCH_REPORTS.name, boundaries(FETCH_REPORTS.bounds)),
  duration: meter.createHistogram(UPSTREAM_DURATION.name, boundaries(UPSTREAM_DURATION.bounds)),
}

const registers = [new Registry()]
const prom = {
  attempts: new PromCounter({ name: 'attempts', help: 'a', labelNames: ['outcome', 'tier'], registers }),
  units: new PromCounter({ name: 'units', help: 'u', labelNames: ['outcome'], registers }),
  reports: new PromHistogram({ name: 'reports', help: 'r', labelNames: ['kind'], buckets: [...FETCH_REPORTS.bounds!], registers }),
  duration: new PromHistogram({
    name: 'duration',
    help: 'd',
    labelNames: ['upstream'],
    buckets: [...UPSTREAM_DURATION.bounds!],
    registers,
  }),
}

const measured = measure([
  {
    name: 'otel-health, bound',
    n: 200_000,
    run(n) {
      for (let i = 0; i < n; i++) {
        const started = performance.now()
        attempts.succeeded(i & 3, 1)
        monitor.recordUnit(true)
        calls.record(performance.now() - started)
      }
    },
  },
  {
    name: 'otel-health, recordFetchAttempt({…})',
    n: 200_000,
    run(n) {
      for (let i = 0; i < n; i++) monitor.recordFetchAttempt({ success: true, reportsFound: i & 3, duplicateReports: 1, tier: 'hot' })
    },
  },
  {
    name: 'OTel SDK, two readers',
    n: 10_000,
    run(n) {
      for (let i = 0; i < n; i++) {
        const started = performance.now()
        sdk.attempts.add(1, { 'tracker_fetcher.fetch.outcome': 'reports', 'tracker_fetcher.queue.tier': 'hot' })
        sdk.reports.record(i & 3, { 'tracker_fetcher.report.kind': 'new' })
        sdk.reports.record(1, { 'tracker_fetcher.report.kind': 'duplicate' })
        sdk.units.add(1, { 'tracker_fetcher.unit.outcome': 'ok' })
        sdk.duration.record((performance.now() - started) / 1000, { 'tracker_fetcher.upstream': 'apple' })
      }
    },
  },
  {
    name: 'prom-client',
    n: 20_000,
    run(n) {
      for (let i = 0; i < n; i++) {
        const started = performance.now()
        prom.attempts.inc({ outcome: 'reports', tier: 'hot' })
        prom.reports.observe({ kind: 'new' }, i & 3)
        prom.reports.observe({ kind: 'duplicate' }, 1)
        prom.units.inc({ outcome: 'ok' })
        prom.duration.observe({ upstream: 'apple' }, (performance.now() - started) / 1000)
      }
    },
  },
  {
    name: 'two clock reads',
    n: 200_000,
    run(n) {
      let sum = 0
      for (let i = 0; i < n; i++) sum -= performance.now() - performance.now()
      if (sum < 0) throw new Error('time went back')
    },
  },
])
const [owned, object, twoReaders, promClient] = measured
print(measured)

/** Bytes of the recorder alone: `performance.now()` gives a new number object each time. */
const bare = measure([
  {
    name: 'bound, without clock reads',
    n: 1_000_000,
    run(n) {
      for (let i = 0; i < n; i++) {
        attempts.succeeded(i & 3, 1)
        monitor.recordUnit(true)
        calls.record(431.5)
      }
    },
  },
])
print(bare)
bar('an attempt is cheaper than the OTel SDK with two readers', twoReaders.median / owned.median, 20, 'at least', 'times')
bar('an attempt is cheaper than prom-client', promClient.median / owned.median, 6, 'at least', 'times')
bar('the bound recorder allocates', bare[0].bytes, 1, 'at most', 'bytes an attempt')
bar('recordFetchAttempt({…}) allocates', object.bytes, 64, 'at most', 'bytes an attempt')
await monitor.stop(0)
process.exit()
