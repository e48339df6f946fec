/** The reader in a real MeterProvider. Callbacks that hang are real too, so these collections take their time limit. */
import { ValueType } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { ViewOptions } from '@opentelemetry/sdk-metrics'
import {
  AggregationTemporality,
  AggregationType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { describe, expect, test } from 'vitest'

import type { CollectingReaderOptions } from '../../src/collect/collecting-reader.ts'
import { quantile } from '../../src/compute/quantile.ts'
import { CollectingReader } from '../../src/collect/collecting-reader.ts'
import { GRID_BOUNDS } from '../../src/collect/exponential-grid.ts'
import type { HistogramValue, Sample } from '../../src/types.ts'
import { diagLines } from '../contracts/diag-lines.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

function setUp({ views = [], ...options }: { views?: ViewOptions[] } & Partial<CollectingReaderOptions> = {}) {
  const clock = new VirtualClock()
  const reader = new CollectingReader({ clock, ...options })
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
  const values = valueOf(reader.latest, 'histogram') as HistogramValue
  expect(values).toMatchObject({ count: 2, sum: 10 })
  // Not between 1 and 10, as whoever exports them has it.
  expect(quantile(0.95, values.bounds, values.counts)).toMatchObject({ atLeast: 2 ** (9 / 4), atMost: 2 ** (10 / 4) })
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
    'The metric reader already belongs to a MeterProvider: make one reader for each provider.',
  )
})

test('without a provider, and after shutdown, a collection is empty', async () => {
  const alone = new CollectingReader({ clock: new VirtualClock() })
  expect(alone.attached).toBe(false)
  expect((await alone.collect()).resourceMetrics.scopeMetrics).toEqual([])

  const { reader, meter, provider } = setUp()
  meter.createCounter('counter').add(1)
  await provider.forceFlush()
  expect(valueOf(reader.latest, 'counter')).toBe(1)
  await provider.shutdown()
  expect((await reader.collect()).resourceMetrics.scopeMetrics).toEqual([])
})

test('an exponential histogram, which a View may ask for of every reader, is counted on the grid', async () => {
  const { reader, meter } = setUp({
    views: [{ instrumentName: '*', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
  })
  const histogram = meter.createHistogram('histogram')
  for (const value of [0.5, 20, 0]) histogram.record(value)
  await reader.collect()
  histogram.record(20)
  await reader.collect()
  const value = valueOf(reader.latest, 'histogram') as HistogramValue
  expect(value).toMatchObject({ bounds: GRID_BOUNDS, count: 4, sum: 40.5 })
  const counted = [...value.counts.entries()].filter(([, count]) => count > 0)
  expect(counted.map(([bucket, count]) => [value.bounds[bucket], count])).toEqual([
    [0, 1],
    [0.5, 1],
    [2 ** 4.5, 2],
  ])
})

describe('a collection', () => {
  test('comes by itself at the interval, and hands over every series with the time at which it began', async () => {
    const heard: [number, unknown][] = []
    const { clock, reader, meter } = setUp({ intervalMs: 500, onSamples: (samples, now) => heard.push([now, valueOf(samples, 'counter')]) })
    meter.createCounter('counter').add(2)
    clock.advance(499)
    expect(reader.collectedAt).toBeUndefined()
    clock.advance(1)
    await reader.collect()
    clock.advance(500)
    await reader.collect()
    expect(heard).toEqual([
      [500, 2],
      [1000, 2],
    ])
    expect(reader.collectedAt).toBe(1000)
  })

  test('is left out while another one runs', async () => {
    const { clock, reader, meter } = setUp({ intervalMs: 500 })
    let calls = 0
    let answer = (): void => {}
    meter.createObservableGauge('slow').addCallback(() => {
      calls++
      return new Promise<void>((resolve) => (answer = resolve))
    })
    clock.advance(500)
    clock.advance(5000)
    expect(calls).toBe(1)
    answer()
    await reader.collect()
    clock.advance(500)
    expect(calls).toBe(2)
    answer()
    await reader.collect()
  })

  test('that is demanded while another one runs follows it, so that nothing recorded before is missed', async () => {
    const { reader, meter, provider } = setUp()
    let answer = (): void => {}
    meter.createObservableGauge('slow').addCallback(() => new Promise<void>((resolve) => (answer = resolve)))
    const counter = provider.getMeter('another').createCounter('counter')
    counter.add(1)
    const running = reader.collect()
    // The other meter, which has nothing to wait for, has been collected by then.
    await new Promise((resolve) => setImmediate(resolve))
    counter.add(1)
    const flushed = reader.forceFlush()
    answer()
    await running
    expect(valueOf(reader.latest, 'counter')).toBe(1)
    await new Promise((resolve) => setImmediate(resolve))
    answer()
    await flushed
    expect(valueOf(reader.latest, 'counter')).toBe(2)
  })

  test('never fails for whoever hears of it', async () => {
    const lines = diagLines()
    const refuse = (): never => {
      throw new Error('not now')
    }
    const { reader, meter } = setUp({ onSamples: refuse, onError: refuse })
    meter.createCounter('counter').add(2)
    for (const _ of [1, 2]) await expect(reader.collect()).resolves.toBeDefined()
    expect(valueOf(reader.latest, 'counter')).toBe(2)
    expect(reader.errors).toBe(2)
    expect(lines).toHaveLength(2)
  })

  test('ends with the provider, after one last time', async () => {
    const { clock, reader, meter, provider } = setUp()
    let calls = 0
    meter.createObservableGauge('gauge').addCallback((result) => result.observe(++calls))
    await provider.shutdown()
    expect(valueOf(reader.latest, 'gauge')).toBe(1)
    clock.advance(100_000)
    await reader.collect()
    expect(calls).toBe(1)
  })
})

test('every error is heard of', async () => {
  diagLines()
  const errors: unknown[] = []
  const { reader, meter } = setUp({ onError: (error) => errors.push(error) })
  const broken = new Error('no')
  meter.createObservableGauge('broken').addCallback(() => {
    throw broken
  })
  for (const _ of [1, 2]) await reader.collect()
  expect(errors).toEqual([broken, broken])
})

test.for([0, -1, NaN, 2 ** 31])('an interval of %d ms is refused', (intervalMs) => {
  expect(() => new CollectingReader({ clock: new VirtualClock(), intervalMs })).toThrow(
    `The reader's intervalMs is ${intervalMs}, expected milliseconds above 0: leave it out for 10000.`,
  )
})

describe('of metrics that nobody names', () => {
  test('nothing is kept', async () => {
    const { reader, meter } = setUp({ metrics: new Set(['named']) })
    for (const name of ['named', 'another']) meter.createCounter(name).add(1)
    await reader.collect()
    expect(reader.latest.map(({ series }) => series.metric)).toEqual(['named'])
  })

  test('what was kept is forgotten, and what is named later begins then', async () => {
    const { reader, meter } = setUp({ metrics: new Set(['first']) })
    const [first, second] = [meter.createCounter('first'), meter.createCounter('second')]
    for (const counter of [first, second]) counter.add(5)
    await reader.collect()
    reader.keep(new Set(['second']))
    expect(reader.latest).toEqual([])
    for (const counter of [first, second]) counter.add(1)
    await reader.collect()
    expect(reader.latest).toMatchObject([{ series: { metric: 'second' }, value: 1 }])
    reader.keep(undefined)
    first.add(1)
    await reader.collect()
    expect(reader.latest.map(({ series }) => series.metric).toSorted()).toEqual(['first', 'second'])
  })
})

test('a metric of our own scope is left to whoever recorded it, who judges it by its cells', async () => {
  const { reader, provider } = setUp()
  provider.getMeter('otel-health').createCounter('counter').add(1)
  provider.getMeter('service').createCounter('counter').add(2)
  await reader.collect()
  expect(reader.latest).toMatchObject([{ value: 2 }])
})

test('an observed total that fell is a restarted source, and counts from zero again', async () => {
  const { reader, meter } = setUp()
  let total = 0
  meter.createObservableCounter('observed').addCallback((result) => result.observe(total))
  for (total of [10, 15, 3, 5]) await reader.collect()
  expect(valueOf(reader.latest, 'observed')).toBe(20)
})

test('it knows whose metrics it has collected', async () => {
  const reader = new CollectingReader({ clock: new VirtualClock() })
  const provider = new MeterProvider({ readers: [reader], resource: resourceFromAttributes({ 'service.name': 'svc' }) })
  provider.getMeter('test').createCounter('counter').add(1)
  expect(reader.resource).toBeUndefined()
  await reader.collect()
  expect(reader.resource?.attributes).toMatchObject({ 'service.name': 'svc' })
})

test('two scopes with one metric are two series', async () => {
  const { reader, provider } = setUp()
  for (const scope of ['one', 'two']) provider.getMeter(scope).createCounter('counter').add(2)
  await reader.collect()
  expect(reader.latest).toMatchObject([
    { series: { metric: 'counter' }, value: 2 },
    { series: { metric: 'counter' }, value: 2 },
  ])
  expect(reader.latest[0]!.series).not.toBe(reader.latest[1]!.series)
})

test('a value that is no finite number costs its own interval, is counted and said once', async () => {
  const lines = diagLines()
  const { reader, meter } = setUp()
  const counter = meter.createCounter('counter')
  const histogram = meter.createHistogram('histogram', { advice: { explicitBucketBoundaries: [1, 10] } })
  const gauge = meter.createGauge('gauge')
  for (const [value, level] of [
    [1, 7],
    [NaN, NaN],
    [Infinity, Infinity],
    [2, 8],
  ] as const) {
    counter.add(value)
    histogram.record(value)
    gauge.record(level)
    await reader.collect()
  }
  expect(valueOf(reader.latest, 'counter')).toBe(3)
  // The SDK itself leaves both out of histograms with exponential buckets.
  expect(valueOf(reader.latest, 'histogram')).toMatchObject({ count: 2, sum: 3 })
  expect(valueOf(reader.latest, 'gauge')).toBe(8)
  expect(reader.dropped).toBe(4)
  expect(lines.filter((line) => line.includes('finite number'))).toHaveLength(1)
})

test("beyond the SDK's own limit, which a View may set, all is counted together and said once", async () => {
  const lines = diagLines()
  const { reader, meter } = setUp({ views: [{ instrumentName: '*', aggregationCardinalityLimit: 5 }] })
  const counter = meter.createCounter('counter')
  for (const _ of [1, 2]) {
    for (let id = 0; id < 20; id++) counter.add(1, { id })
    await reader.collect()
  }
  expect(reader.latest.reduce((sum, { value }) => sum + (value as number), 0)).toBe(40)
  expect(reader.latest.filter(({ series }) => series.attributes['otel.metric.overflow'] === 'true')).toHaveLength(1)
  expect(lines).toEqual(['otel-health: counter has more than 2000 series; what comes in further ones is counted together'])
})

test('a gauge that is observed no longer grows old, an up-down counter that nobody changes does not', async () => {
  const { clock, reader, meter } = setUp()
  let observes = true
  meter.createObservableGauge('gauge').addCallback((result) => {
    if (observes) result.observe(7)
  })
  meter.createUpDownCounter('level').add(3)
  for (const second of [1, 2, 3]) {
    observes = second < 2
    clock.advance(1000)
    await reader.collect()
  }
  expect(reader.latest).toMatchObject([
    { series: { metric: 'gauge' }, value: 7, setAt: 1000 },
    { series: { metric: 'level' }, value: 3, setAt: 3000 },
  ])
})

test('a periodic reader beside it exports what it would alone', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const periodic = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000, exportTimeoutMillis: 1000 })
  const ours = new CollectingReader({ clock: new VirtualClock() })
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
