/** The reader in a real MeterProvider. Callbacks that hang are real too, so these collections take their time limit. */
import { ValueType } from '@opentelemetry/api'
import type { ViewOptions } from '@opentelemetry/sdk-metrics'
import {
  AggregationTemporality,
  AggregationType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { describe, expect, test } from 'vitest'

import { HealthMetricReader } from '../../src/collect/health-metric-reader.ts'
import type { Sample } from '../../src/types.ts'
import { diagLines } from '../contracts/diag-lines.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

function setUp({ views = [] }: { views?: ViewOptions[] } = {}) {
  const clock = new VirtualClock()
  const reader = new HealthMetricReader(clock)
  const provider = new MeterProvider({ readers: [reader], views })
  return { clock, reader, meter: provider.getMeter('test'), provider }
}

const valueOf = (samples: readonly Sample[], metric: string): unknown => samples.find(({ series }) => series.metric === metric)?.value

test('counters, levels and histograms arrive with totals', async () => {
  const { clock, reader, meter } = setUp()
  const counter = meter.createCounter('counter')
  const upDown = meter.createUpDownCounter('up_down', { valueType: ValueType.INT })
  const histogram = meter.createHistogram('histogram', { advice: { explicitBucketBoundaries: [1, 10] } })
  const gauge = meter.createGauge('gauge')
  let observed = 0
  meter.createObservableCounter('observed').addCallback((result) => result.observe((observed += 10)))
  meter.createObservableGauge('observed_gauge').addCallback((result) => result.observe(observed))

  for (const round of [1, 2]) {
    counter.add(2)
    upDown.add(-3)
    histogram.record(5)
    gauge.record(round)
    clock.advance(10_000)
    await reader.collect()
  }
  expect(valueOf(reader.latest, 'counter')).toBe(4)
  expect(valueOf(reader.latest, 'up_down')).toBe(-6)
  expect(valueOf(reader.latest, 'histogram')).toEqual({ bounds: [1, 10], counts: [0, 2, 0], count: 2, sum: 10 })
  expect(valueOf(reader.latest, 'gauge')).toBe(2)
  expect(valueOf(reader.latest, 'observed')).toBe(20)
  expect(valueOf(reader.latest, 'observed_gauge')).toBe(20)
})

test('a series that is idle keeps its value, and a level the time at which it was set', async () => {
  const { clock, reader, meter } = setUp()
  meter.createCounter('counter').add(2)
  meter.createGauge('gauge').record(7)
  clock.advance(1000)
  await reader.collect()
  const first = reader.latest
  clock.advance(60_000)
  await reader.collect()
  expect(reader.latest).toEqual(first)
  expect(reader.latest.find(({ kind }) => kind === 'level')).toMatchObject({ value: 7, setAt: 1000 })
})

describe('whatever an observable callback does, the others are collected', () => {
  test.for([
    { why: 'it hangs', callback: () => new Promise<void>(() => {}) },
    {
      why: 'it throws undefined',
      callback: () => {
        throw undefined
      },
    },
    {
      why: 'it throws an Error',
      callback: () => {
        throw new Error('no')
      },
    },
    { why: 'it rejects with null', callback: () => Promise.reject(null) },
  ])('$why', async ({ callback }) => {
    const lines = diagLines()
    const { reader, meter } = setUp()
    meter.createObservableGauge('broken').addCallback(callback)
    meter.createObservableGauge('fine').addCallback((result) => result.observe(1))
    meter.createCounter('counter').add(2)
    for (const _ of [1, 2]) await expect(reader.collect({ timeoutMillis: 20 })).resolves.toBeDefined()
    expect(valueOf(reader.latest, 'counter')).toBe(2)
    expect(valueOf(reader.latest, 'fine')).toBe(1)
    expect(reader.errors).toBe(2)
    expect(lines.filter((line) => line.includes('could not be collected'))).toHaveLength(1)
  })
})

test('collections that overlap are one', async () => {
  const { reader, meter } = setUp()
  let calls = 0
  meter.createObservableGauge('gauge').addCallback(() => void calls++)
  const first = reader.collect()
  expect(reader.collect()).toBe(first)
  await first
  await reader.collect()
  expect(calls).toBe(2)
})

test('a second provider is refused', () => {
  const { reader } = setUp()
  expect(() => new MeterProvider({ readers: [reader] })).toThrow(
    'HealthMetricReader already belongs to a MeterProvider: make one reader for each provider.',
  )
})

test('without a provider, and after shutdown, a collection is empty', async () => {
  const alone = new HealthMetricReader(new VirtualClock())
  expect(alone.attached).toBe(false)
  expect((await alone.collect()).resourceMetrics.scopeMetrics).toEqual([])

  const { reader, meter, provider } = setUp()
  meter.createCounter('counter').add(1)
  await provider.forceFlush()
  expect(valueOf(reader.latest, 'counter')).toBe(1)
  await provider.shutdown()
  expect((await reader.collect()).resourceMetrics.scopeMetrics).toEqual([])
})

test('an exponential histogram, which a View may ask for, is counted', async () => {
  const { reader, meter } = setUp({
    views: [{ instrumentName: '*', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
  })
  for (const value of [0.5, 20, 0]) meter.createHistogram('histogram').record(value)
  await reader.collect()
  expect(valueOf(reader.latest, 'histogram')).toEqual({ bounds: [], counts: [3], count: 3, sum: 20.5 })
})

test('a periodic reader beside it exports what it would alone', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const periodic = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000, exportTimeoutMillis: 1000 })
  const ours = new HealthMetricReader(new VirtualClock())
  const provider = new MeterProvider({ readers: [periodic, ours] })
  const meter = provider.getMeter('test')
  const counter = meter.createCounter('counter')
  const histogram = meter.createHistogram('histogram')
  let observed = 0
  meter.createObservableCounter('observed').addCallback((result) => result.observe((observed += 1)))

  for (const round of [1, 2, 3]) {
    counter.add(round)
    histogram.record(round)
    await ours.collect()
    await ours.collect()
  }
  await periodic.forceFlush()
  const exported = new Map(
    exporter.getMetrics()[0]!.scopeMetrics[0]!.metrics.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints[0]!.value]),
  )
  expect(exported.get('counter')).toBe(6)
  expect(exported.get('histogram')).toMatchObject({ count: 3, sum: 6 })
  // Six collections of ours and one of theirs have called the callback.
  expect(exported.get('observed')).toBe(7)
  await ours.collect()
  expect(valueOf(ours.latest, 'counter')).toBe(6)
  expect(valueOf(ours.latest, 'observed')).toBe(8)
  await provider.shutdown()
})

test('more series than are kept are said once, and counted together', async () => {
  const lines = diagLines()
  const { reader, meter } = setUp()
  const counter = meter.createCounter('counter')
  for (const round of [0, 1, 2]) {
    for (let i = 0; i < 1500; i++) counter.add(1, { id: `${round}-${i}` })
    await reader.collect()
  }
  expect(reader.latest).toHaveLength(2000)
  expect(reader.latest.reduce((sum, { value }) => sum + (value as number), 0)).toBe(4500)
  expect(lines.filter((line) => line.includes('2000 series'))).toHaveLength(1)
})
