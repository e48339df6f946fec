/** What a collection and an evaluation cost at 1,000 series, against one collection of the OTel SDK's counters; and what a series weighs. */
import { InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'

import type { MetricDefinition } from '../src/catalogue.ts'
import { Ring } from '../src/compute/ring.ts'
import { Windows } from '../src/compute/windows.ts'
import { judge } from '../src/judge/judge.ts'
import { createCellProducer } from '../src/record/cell-producer.ts'
import { CellStore } from '../src/record/cells.ts'
import { FetchRecorder } from '../src/kinds/tracker-fetcher/fetch-recorder.ts'
import { resolveOptions } from '../src/config/options.ts'
import { limitsOf } from '../src/config/limits.ts'
import { trackerFetcherJudging } from '../src/kinds/tracker-fetcher/judging.ts'
import { profileOf, wantedOf } from '../src/rules/service-kind.ts'
import { systemClock } from '../src/clock.ts'
import { bar, print, weigh } from './rounds.ts'

const SERIES = 1000
const attributesOf = (i: number) => ({
  'peer.name': `peer-${i % 50}`,
  'queue.name': `queue-${i % 20}`,
  outcome: `outcome-${i}`,
  region: 'eu',
})
const metric: MetricDefinition = { name: 'bench.events', instrument: 'counter', unit: '{event}', description: '', attributes: {} }

const store = new CellStore(systemClock)
const cells = Array.from({ length: SERIES }, (_, i) => store.counter(metric, attributesOf(i)))
const producer = createCellProducer({ store, clock: systemClock, version: '0', selectTemporality: () => 1 })

const reader = new PeriodicExportingMetricReader({
  exporter: new InMemoryMetricExporter(1),
  exportIntervalMillis: 3_600_000,
  exportTimeoutMillis: 1000,
})
const counter = new MeterProvider({ readers: [reader] }).getMeter('bench').createCounter('bench.events')

const { settings } = resolveOptions({ env: {} })
const profile = profileOf(trackerFetcherJudging, limitsOf(settings))
const windows = new Windows(wantedOf(profile), systemClock.monotonicMs())
const fetches = new FetchRecorder(store, { maxApiResponseTimeMs: 10_000, onStateChange: () => {} })
let alerts: Parameters<typeof judge>[0]['alerts'] = new Map()

function recordProfile(): void {
  fetches.batch([
    { success: true, reportsFound: 1, tier: 'hot' },
    { success: false, errorType: '500', tier: 'cold' },
  ])
  fetches.apiCall({ durationMs: 400 })
  fetches.appleAccount('logged_in')
  fetches.anisette('reachable')
  fetches.queueSizes({ immediate: 0, hot: 3, warm: 1, cold: 4, retry: 0 })
}

function evaluate(): void {
  store.refresh()
  const samples = store.samples()
  const now = systemClock.monotonicMs()
  windows.ingest(samples, now, true)
  const judged = judge({
    rules: profile.rules,
    readings: windows.readings(now),
    alerts,
    service: 's',
    alertId: (rule) => rule,
    now: { monotonicMs: now, epochMs: now },
  })
  alerts = judged.alerts
}

interface Turn {
  readonly name: string
  readonly prepare: () => void
  readonly run: () => unknown
}
const turns: Turn[] = [
  { name: 'otel-health: collect for OTLP', prepare: () => cells.forEach((cell) => cell.add(1)), run: () => producer.collect() },
  { name: 'otel-health: one evaluation', prepare: () => (cells.forEach((cell) => cell.add(1)), recordProfile()), run: evaluate },
  {
    name: 'OTel SDK: collect of counters',
    prepare: () => {
      for (let i = 0; i < SERIES; i++) counter.add(1, attributesOf(i))
    },
    run: () => reader.collect(),
  },
]
const times = turns.map((): number[] => [])
for (let round = 0; round < 120; round++) {
  for (const [index, { prepare, run }] of turns.entries()) {
    prepare()
    const started = performance.now()
    await run()
    if (round >= 20) times[index]!.push((performance.now() - started) * 1e6)
  }
}
const measured = turns.map(({ name }, index) => {
  const sorted = times[index]!.toSorted((a, b) => a - b)
  return { name, median: sorted[Math.floor(sorted.length / 2)]!, min: sorted[0]!, bytes: Number.NaN }
})
print(measured)
const [collect, evaluation, sdk] = measured.map(({ median }) => median) as [number, number, number]
bar(`collect of ${SERIES} series is cheaper than the SDK's`, sdk / collect, 10, 'at least', 'times')
bar(`an evaluation at ${SERIES} series costs, of one SDK collect`, evaluation / sdk, 0.5, 'at most', 'times')

const kilobytes = (make: () => unknown): number => weigh(make, 1000) / 1024
bar(
  'a ring of a counter',
  kilobytes(() => new Ring(1, 0)),
  6,
  'at most',
  'KB',
)
bar(
  'a ring of a histogram of 14 bounds',
  kilobytes(() => new Ring(16, 0)),
  96,
  'at most',
  'KB',
)
let n = 0
const other = new CellStore(systemClock)
bar(
  'a counter series',
  kilobytes(() => other.counter(metric, { id: String(n++) })),
  1,
  'at most',
  'KB',
)
const histogram: MetricDefinition = {
  ...metric,
  name: 'bench.durations',
  instrument: 'histogram',
  bounds: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60],
}
bar(
  'a histogram series without rings',
  kilobytes(() => other.histogram(histogram, { id: String(n++) })),
  1,
  'at most',
  'KB',
)
