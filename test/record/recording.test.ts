/** All recordings and plain SDK instruments give a reader the same points. */
import type { MeterProvider as ApiMeterProvider } from '@opentelemetry/api'
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics'
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { describe, expect, test } from 'vitest'

import type { MetricDefinition } from '../../src/catalogue.ts'
import { FETCH_ATTEMPTS, FETCH_STREAK, QUEUE_SIZE, UPSTREAM_DURATION } from '../../src/kinds/tracker-fetcher/metrics.ts'
import { SCOPE } from '../../src/catalogue.ts'
import { createCellProducer } from '../../src/record/cell-producer.ts'
import { CARDINALITY_LIMIT, CellStore } from '../../src/record/cells.ts'
import { MeterRecording } from '../../src/record/meter-recording.ts'
import type { Recording } from '../../src/record/recording.ts'
import { TeeRecording } from '../../src/record/tee-recording.ts'
import type { Attributes } from '../../src/types.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

/** The recording a user would write by hand on the SDK. */
function plain(provider: ApiMeterProvider): Recording {
  const meter = provider.getMeter(SCOPE, '1.0.0')
  const made = new Map<string, unknown>()
  const once = <T>(name: string, make: () => T): T => {
    if (!made.has(name)) made.set(name, make())
    return made.get(name) as T
  }
  const options = ({ unit, description }: MetricDefinition) => ({ unit, description })
  return {
    counter: (metric, attributes) => {
      const counter = once(metric.name, () => meter.createCounter(metric.name, options(metric)))
      return { add: (n) => counter.add(n, attributes) }
    },
    histogram: (metric, attributes) => {
      const advice = { explicitBucketBoundaries: [...metric.bounds!] }
      const histogram = once(metric.name, () => meter.createHistogram(metric.name, { ...options(metric), advice }))
      return { record: (value) => histogram.record(value, attributes) }
    },
    level: (metric, attributes) => {
      const levels = once(metric.name, () => {
        const values: { attributes: Attributes; value: number }[] = []
        const instrument =
          metric.instrument === 'observable_gauge'
            ? meter.createObservableGauge(metric.name, options(metric))
            : meter.createObservableUpDownCounter(metric.name, options(metric))
        instrument.addCallback((result) => {
          for (const each of values) result.observe(each.value, each.attributes)
        })
        return values
      })
      return { set: (value) => void levels.push({ attributes, value }) }
    },
    onCollect: () => {},
  }
}

interface Harness {
  readonly recording: Recording
  readonly collect: () => Promise<ResourceMetrics>
}

type Kind = 'cells' | 'meter' | 'tee' | 'tee, joined late' | 'plain'

function harness(kind: Kind, temporality: AggregationTemporality): Harness {
  const exporter = new InMemoryMetricExporter(temporality)
  // As OTLP's delta preference has it: up-down counters stay cumulative.
  exporter.selectAggregationTemporality = (type: string) =>
    type.endsWith('UP_DOWN_COUNTER') ? AggregationTemporality.CUMULATIVE : temporality
  const clock = new VirtualClock()
  const store = new CellStore(clock)
  const selectTemporality = (type: string) => exporter.selectAggregationTemporality(type as never)
  const producer = createCellProducer({ store, clock, version: '1.0.0', selectTemporality })
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: 3_600_000,
    exportTimeoutMillis: 1000,
    ...(kind === 'cells' && { metricProducers: [producer] }),
  })
  const provider = new MeterProvider({ readers: [reader] })
  const meter = () => provider.getMeter(SCOPE, '1.0.0')
  let late = true
  const tee = new TeeRecording(store, () => (kind === 'tee' || !late ? meter() : undefined))
  const recording: Recording = {
    cells: () => store,
    tee: () => tee,
    'tee, joined late': () => tee,
    meter: () => new MeterRecording(meter()),
    plain: () => plain(provider),
  }[kind]()
  return {
    recording,
    async collect() {
      clock.advance(1000)
      late = false
      if (kind.startsWith('tee')) tee.join()
      const { resourceMetrics, errors } = await reader.collect()
      expect(errors).toEqual([])
      return resourceMetrics
    },
  }
}

/** Everything a collector is sent, but for times. */
function points({ scopeMetrics }: ResourceMetrics): unknown {
  const byName = scopeMetrics.flatMap(({ scope, metrics }) =>
    metrics.map(({ descriptor, aggregationTemporality, dataPointType, dataPoints, ...rest }) => ({
      scope: { name: scope.name, version: scope.version },
      name: descriptor.name,
      unit: descriptor.unit,
      description: descriptor.description,
      valueType: descriptor.valueType,
      aggregationTemporality,
      dataPointType,
      monotonic: 'isMonotonic' in rest ? rest.isMonotonic : undefined,
      points: dataPoints.map(({ attributes, value }) => ({ attributes, value })).toSorted(byText),
    })),
  )
  return byName.toSorted(byText)
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

function recordSomething(recording: Recording, round: number): void {
  recording.counter(FETCH_ATTEMPTS, { a: 'x', b: 'y' }).add(round + 1)
  recording.counter(FETCH_ATTEMPTS, { b: 'y', a: 'x' }).add(1)
  if (round === 1) recording.counter(FETCH_ATTEMPTS, {}).add(2)
  const duration = recording.histogram(UPSTREAM_DURATION, { 'error.type': 'timeout' })
  for (const value of [0, 0.046875, 0.0625, 12, 60, 61.5]) duration.record(value + round)
  recording.histogram(UPSTREAM_DURATION, {})
  recording.level(QUEUE_SIZE, { tier: 'hot' }).set(5 - round)
  recording.level(FETCH_STREAK, {}).set(-3)
}

describe.for(['CUMULATIVE', 'DELTA'] as const)('with %s temporality', (name) => {
  test.for(['cells', 'meter', 'tee', 'tee, joined late'] as const)(
    '%s send what plain SDK instruments send, point by point',
    async (kind) => {
      const ours = harness(kind, AggregationTemporality[name])
      const theirs = harness('plain', AggregationTemporality[name])
      for (const round of [0, 1, 2]) {
        recordSomething(ours.recording, round)
        recordSomething(theirs.recording, round)
        expect(points(await ours.collect())).toEqual(points(await theirs.collect()))
      }
    },
  )
})

test('a delta reader is given nothing for what did not change', async () => {
  const { recording, collect } = harness('cells', AggregationTemporality.DELTA)
  recording.counter(FETCH_ATTEMPTS, {}).add(1)
  await collect()
  expect((await collect()).scopeMetrics).toEqual([])
})

test('series beyond the limit are counted together and the store says so', () => {
  const store = new CellStore(new VirtualClock())
  for (let i = 0; i < 10_000; i++) store.counter(FETCH_ATTEMPTS, { id: String(i) }).add(1)
  const samples = store.samples()
  expect(samples).toHaveLength(CARDINALITY_LIMIT)
  expect(store.overflowed).toBe(10_000 - (CARDINALITY_LIMIT - 1))
  const overflow = samples.find(({ series }) => series.attributes['otel.metric.overflow'] === 'true')
  expect(overflow?.value).toBe(store.overflowed)
})
