/**
 * What is recorded with the plain API, whenever an SDK comes: the real API and the real SDK, and cells beside them. What leaves by our own
 * exporter is in api-ledger.test.ts, where processes of their own send it.
 */
import type { Meter } from '@opentelemetry/api'
import { createNoopMeter, metrics } from '@opentelemetry/api'
import type { MeterProviderOptions } from '@opentelemetry/sdk-metrics'
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { afterEach, describe, expect, test } from 'vitest'

import { EVERY_SERVICE, HTTP_CLIENT_REQUEST_DURATION, SCOPE } from '../../src/catalogue.ts'
import { FETCH_ATTEMPTS } from '../../src/kinds/tracker-fetcher/metrics.ts'
import { CollectingReader } from '../../src/collect/collecting-reader.ts'
import { SampleStreams } from '../../src/collect/samples.ts'
import type { ApiMetrics } from '../../src/export/api-metrics.ts'
import { takeApiMetrics } from '../../src/export/api-metrics.ts'
import { globalMeterProvider } from '../../src/export/global-provider.ts'
import { healthReader } from '../../src/export/health-reader.ts'
import { CellStore } from '../../src/record/cells.ts'
import { TeeRecording } from '../../src/record/tee-recording.ts'
import type { Sample } from '../../src/types.ts'
import { diagLines } from '../contracts/diag-lines.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const toStop: ApiMetrics[] = []
afterEach(() => {
  for (const each of toStop.splice(0)) each.stop()
  metrics.disable()
  Reflect.deleteProperty(globalThis, Symbol.for('otel-health.reader'))
})

/** A provider whose values are read at the end, by metric and attributes. */
function sdk(options: MeterProviderOptions = {}) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000, exportTimeoutMillis: 1000 })
  const provider = new MeterProvider({ ...options, readers: [reader, ...(options.readers ?? [])] })
  return {
    provider,
    register: () => metrics.setGlobalMeterProvider(provider),
    /** Of the service's own metrics. */
    async sent(): Promise<Record<string, unknown>> {
      const { resourceMetrics } = await reader.collect()
      const scopeMetrics = resourceMetrics.scopeMetrics.filter(({ scope }) => scope.name !== SCOPE)
      return valuesOf(new SampleStreams().ingest({ ...resourceMetrics, scopeMetrics }, 0))
    },
  }
}

function valuesOf(samples: readonly Sample[]): Record<string, unknown> {
  return Object.fromEntries(
    samples.map(({ series, value }) => {
      const attributes = Object.values(series.attributes).map((text) => `{${text}}`)
      return [`${series.metric}${attributes.join('')}`, typeof value === 'number' ? value : { count: value.count, sum: value.sum }]
    }),
  )
}

function taking({ reader, exports = true }: { reader?: CollectingReader; exports?: boolean } = {}) {
  const clock = new VirtualClock()
  const store = new CellStore(clock)
  const recording = new TeeRecording(store, () => globalMeterProvider()?.getMeter(SCOPE, '1.0.0'))
  const own = sdk()
  let asked = 0
  const ownProvider = () => {
    asked++
    return exports ? own.provider : undefined
  }
  const api = takeApiMetrics({
    own: new Set([...EVERY_SERVICE.map(({ name }) => name), FETCH_ATTEMPTS.name]),
    decision: recording,
    metricsExport: { ownProvider },
    clock,
    ...(reader && { reader }),
  })
  toStop.push(api)
  return {
    clock,
    recording,
    api,
    own,
    /** How often our exporter was asked for. */
    asked: () => asked,
    /** What is judged, after another collection. */
    judged: async (): Promise<Record<string, unknown>> => {
      clock.advance(10_000)
      await new Promise((resolve) => setImmediate(resolve))
      return valuesOf(api.samples())
    },
  }
}

/** One of each kind, recorded or observed once more at each call. */
function everyKind(meter: Meter = metrics.getMeter('service', '2.0')) {
  const counter = meter.createCounter('counter')
  const upDown = meter.createUpDownCounter('up_down')
  const histogram = meter.createHistogram('histogram', { advice: { explicitBucketBoundaries: [1, 10] } })
  const gauge = meter.createGauge('gauge')
  let n = 0
  meter.createObservableCounter('observed').addCallback((result) => result.observe(10 * n))
  const [batchGauge, batchLevel] = [meter.createObservableGauge('batch_gauge'), meter.createObservableUpDownCounter('batch_level')]
  meter.addBatchObservableCallback(
    (result) => {
      result.observe(batchGauge, n, { of: 'batch' })
      result.observe(batchLevel, -n)
    },
    [batchGauge, batchLevel],
  )
  return (): void => {
    n++
    counter.add(1, { of: 'service' })
    upDown.add(-2)
    histogram.record(n)
    gauge.record(n)
  }
}

const ALL = ['counter', 'up_down', 'histogram', 'gauge', 'observed', 'batch_gauge', 'batch_level']
/** What `everyKind` has come to after `n` calls. */
const after = (n: number): Record<string, unknown> => ({
  'counter{service}': n,
  up_down: -2 * n,
  histogram: { count: n, sum: (n * (n + 1)) / 2 },
  gauge: n,
  observed: 10 * n,
  'batch_gauge{batch}': n,
  batch_level: -n,
})

describe('all that is recorded leaves, once, and what rules name is judged', () => {
  test.for([
    { why: 'the SDK is there first', before: 0 },
    { why: 'it comes after instruments were made and used', before: 3 },
    { why: 'it comes late, after hundreds of records', before: 500 },
  ])('if $why', async ({ before }) => {
    const other = sdk()
    const { api, own, asked, judged } = taking()
    api.keep(new Set(ALL))
    if (before === 0) expect(other.register()).toBe(true)
    const record = everyKind()
    for (let i = 0; i < before; i++) record()
    if (before > 0) expect(other.register()).toBe(true)
    expect(api.decided).toBe('sdk')
    for (let i = 0; i < 4; i++) record()
    expect(await other.sent()).toEqual(after(before + 4))
    expect(await judged()).toEqual(after(before + 4))
    // Instruments that are made only now are the SDK's.
    metrics.getMeter('service', '2.0').createCounter('late').add(7)
    expect(await other.sent()).toMatchObject({ late: 7 })
    expect(asked()).toBe(0)
    expect(await own.sent()).toEqual({})
  })

  test('if no SDK comes: by our export, from the first value on', async () => {
    const { api, own, asked, recording, judged } = taking()
    api.keep(new Set(['counter', 'observed', 'batch_gauge']))
    const record = everyKind()
    for (let i = 0; i < 3; i++) record()
    expect(api.decided).toBe('undecided')
    expect(await judged()).toEqual({ 'counter{service}': 3, observed: 30, 'batch_gauge{batch}': 3 })
    expect(asked()).toBe(0)
    recording.settle()
    expect(api.decided).toBe('own')
    record()
    metrics.getMeter('service', '2.0').createCounter('late').add(7)
    expect(await own.sent()).toEqual({ ...after(4), late: 7 })
    expect(await judged()).toEqual({ 'counter{service}': 4, observed: 40, 'batch_gauge{batch}': 4 })
    expect(asked()).toBe(1)
  })

  test('if more is recorded than is kept for an SDK that may come, which is then too late', async () => {
    const { api, own } = taking()
    const counter = metrics.getMeter('service').createCounter('counter')
    for (let i = 0; i < 9999; i++) counter.add(1)
    expect(api.decided).toBe('undecided')
    counter.add(1)
    expect(api.decided).toBe('own')
    const other = sdk()
    other.register()
    counter.add(1)
    // What is new is the SDK's, as without us.
    metrics.getMeter('service').createCounter('new').add(1)
    expect(await own.sent()).toEqual({ counter: 10_001 })
    expect(await other.sent()).toEqual({ new: 1 })
  })

  test('cells and the metrics of the API go one way', async () => {
    const { api, recording } = taking()
    recording.histogram({ ...FETCH_ATTEMPTS, instrument: 'histogram' }, {}).record(1)
    const other = sdk()
    metrics.getMeter('service').createCounter('counter').add(1)
    other.register()
    expect(api.decided).toBe('sdk')
    expect(recording.joined).toBe(true)
    expect(await other.sent()).toEqual({ counter: 1 })
  })
})

test('what nothing exports is judged all the same', async () => {
  const { api, recording, judged } = taking({ exports: false })
  api.keep(new Set(['counter']))
  const record = everyKind()
  record()
  recording.settle()
  record()
  metrics.getMeter('service').createGauge('unnamed').record(1)
  expect(await judged()).toEqual({ 'counter{service}': 2 })
})

describe('the service has of the API what it would have without us', () => {
  test('a provider that it makes global is that one, with all that it answers', () => {
    taking()
    const other = sdk()
    expect(other.register()).toBe(true)
    expect(metrics.getMeterProvider()).toBe(other.provider)
    expect(sdk().register()).toBe(false)
    expect(metrics.getMeterProvider()).toBe(other.provider)
  })

  test('its meters are those of its SDK if no rule names anything', () => {
    taking()
    const other = sdk()
    other.register()
    expect(metrics.getMeter('service')).toBe(other.provider.getMeter('service'))
  })

  test('after metrics.disable() there is nothing, and then what is made global next', async () => {
    const { api } = taking()
    api.keep(new Set(['counter']))
    const [first, second] = [sdk(), sdk()]
    first.register()
    const counter = metrics.getMeter('service').createCounter('counter')
    metrics.disable()
    expect(metrics.getMeter('service')).toBe(createNoopMeter())
    expect(second.register()).toBe(true)
    metrics.getMeter('service').createCounter('counter').add(1)
    counter.add(5)
    expect(await first.sent()).toEqual({ counter: 5 })
    expect(await second.sent()).toEqual({ counter: 1 })
  })

  test('when we stop', async () => {
    const { api, own, recording } = taking()
    const counter = metrics.getMeter('service').createCounter('counter')
    api.stop()
    expect(metrics.getMeter('service')).toBe(createNoopMeter())
    counter.add(2)
    recording.settle()
    expect(await own.sent()).toEqual({ counter: 2 })
  })

  test('somebody who replaced what we replaced stays', () => {
    const prototype = Object.getPrototypeOf(metrics) as object
    const original = Object.getOwnPropertyDescriptor(prototype, 'getMeter')!
    const { api } = taking()
    const descriptor = Object.getOwnPropertyDescriptor(prototype, 'getMeter')!
    const ours = descriptor.value as (...args: unknown[]) => Meter
    const names: string[] = []
    Object.defineProperty(prototype, 'getMeter', {
      ...descriptor,
      value(this: typeof metrics, ...args: [string]) {
        names.push(args[0])
        return ours.apply(this, args)
      },
    })
    api.stop()
    expect(metrics.getMeter('service')).toBe(createNoopMeter())
    expect(names).toEqual(['service'])
    Object.defineProperty(prototype, 'getMeter', original)
  })

  test('an SDK that cannot make a meter does not reach it', async () => {
    const lines = diagLines()
    const { recording } = taking()
    const counter = metrics.getMeter('service').createCounter('counter')
    counter.add(1)
    const broken = {
      getMeter(name: string) {
        if (name === SCOPE) return createNoopMeter()
        throw new Error('no meters today')
      },
    }
    metrics.setGlobalMeterProvider(broken)
    counter.add(1)
    expect(recording.joined).toBe(true)
    expect(lines.filter((line) => line.includes('could not be taken'))).toHaveLength(1)
  })
})

test('callbacks that are taken back are called no more, alone or in a batch', async () => {
  const other = sdk()
  const { api, judged } = taking()
  api.keep(new Set(['one', 'two']))
  const meter = metrics.getMeter('service')
  const [one, two] = [meter.createObservableGauge('one'), meter.createObservableGauge('two')]
  let calls = 0
  const alone = (): void => void calls++
  const both = (): void => void calls++
  for (const registered of [false, true]) {
    if (registered) other.register()
    one.addCallback(alone)
    meter.addBatchObservableCallback(both, [one, two])
    one.removeCallback(alone)
    meter.removeBatchObservableCallback(both, [two, one])
    await judged()
    await other.sent()
  }
  expect(calls).toBe(0)
})

test('a batch may mix observables of before the SDK with those that it made', async () => {
  const other = sdk()
  taking()
  const meter = metrics.getMeter('service')
  const early = meter.createObservableGauge('early')
  other.register()
  const late = meter.createObservableGauge('late')
  metrics.getMeter('service').addBatchObservableCallback(
    (result) => {
      result.observe(early, 1)
      result.observe(late, 2)
    },
    [early, late],
  )
  expect(await other.sent()).toEqual({ early: 1, late: 2 })
})

test('an instrument asked for again and again is one', async () => {
  const { own, recording } = taking()
  const make = () => metrics.getMeter('service').createCounter('counter', { unit: '{thing}' })
  expect(make()).toBe(make())
  make().add(1)
  recording.settle()
  make().add(1)
  expect(await own.sent()).toEqual({ counter: 2 })
})

test('attributes are those of the moment, whatever the service does with the object', async () => {
  const { own, recording } = taking()
  const attributes = { of: 'first' }
  const counter = metrics.getMeter('service').createCounter('counter')
  counter.add(1, attributes)
  attributes.of = 'second'
  counter.add(1, attributes)
  recording.settle()
  expect(await own.sent()).toEqual({ 'counter{first}': 1, 'counter{second}': 1 })
})

test('what an instrumentation observed before its SDK gave it a meter is left to the meter it is given, what it counted is not lost', async () => {
  const other = sdk()
  taking()
  let calls = 0
  const observe = (meter: Meter): void => {
    meter.createObservableGauge('lag').addCallback((result) => {
      calls++
      result.observe(1)
    })
  }
  const early = metrics.getMeter('@opentelemetry/instrumentation-runtime-node', '1.0')
  observe(early)
  early.createCounter('calls').add(1)
  other.register()
  observe(other.provider.getMeter('@opentelemetry/instrumentation-runtime-node', '1.0'))
  expect(await other.sent()).toEqual({ calls: 1, lag: 1 })
  expect(calls).toBe(1)
})

test('a metric of the conventions that we measure ourselves is not exported twice by us, and left to an SDK of the service', async () => {
  const { name } = HTTP_CLIENT_REQUEST_DURATION
  const record = () => metrics.getMeter('@opentelemetry/instrumentation-undici').createHistogram(name).record(1)
  const lines = diagLines()
  const alone = taking()
  alone.api.keep(new Set([name]))
  record()
  alone.recording.settle()
  record()
  expect(lines.filter((line) => line.includes(`${name} is measured by otel-health itself`))).toHaveLength(1)
  expect(await alone.own.sent()).toEqual({})
  expect(await alone.judged()).toEqual({})
  alone.api.stop()

  const other = sdk()
  taking()
  record()
  other.register()
  record()
  expect(await other.sent()).toEqual({ [name]: { count: 2, sum: 2 } })
})

describe('a reader of ours in the SDK of the service', () => {
  test.for([
    { why: 'made by healthReader()', make: healthReader, given: false },
    { why: 'given to the monitor', make: () => new CollectingReader({ clock: new VirtualClock() }), given: true },
  ])('$why sees what rules name instead of us, and what was judged before is judged on', async ({ make, given }) => {
    const reader = make()
    const other = sdk({ readers: [reader] })
    const { api, clock, judged } = taking({ ...(given && { reader }) })
    api.keep(new Set(['counter', 'their.counter']))
    const counter = metrics.getMeter('service').createCounter('counter')
    counter.add(3)
    expect(await judged()).toEqual({ counter: 3 })
    const theirs = other.provider.getMeter('of the SDK').createCounter('their.counter')
    theirs.add(1)
    other.register()
    counter.add(1)
    expect(valuesOf(api.samples())).toEqual({ counter: 3 })
    clock.advance(1)
    await reader.forceFlush()
    expect(valuesOf(api.samples())).toMatchObject({ counter: 4 })
    metrics.getMeter('service').createCounter('unnamed').add(1)
    counter.add(1)
    await reader.collect()
    expect(valuesOf(api.samples())).toEqual({ counter: 5, 'their.counter': 1 })
    expect(await other.sent()).toEqual({ counter: 5, unnamed: 1, 'their.counter': 1 })
  })
})

describe('it is said', () => {
  test.for([
    {
      why: 'an SDK of the service',
      exports: true,
      decide: () => void sdk().register(),
      says: 'leaves through the SDK that was found in this process',
    },
    { why: 'ours', exports: true, decide: (recording: TeeRecording) => recording.settle(), says: 'is exported by otel-health' },
    { why: 'nobody', exports: false, decide: (recording: TeeRecording) => recording.settle(), says: 'is judged, and not exported' },
  ])('once, of a service that has meters before or after that, that $why exports', ({ exports, decide, says }) => {
    const lines = diagLines()
    for (const before of [true, false]) {
      const { api, recording } = taking({ exports })
      api.keep(new Set(['counter']))
      if (before) metrics.getMeter('service')
      decide(recording)
      for (const name of ['service', 'another']) metrics.getMeter(name)
      expect(lines.filter((line) => line.includes('records with the OpenTelemetry API'))).toEqual([expect.stringContaining(says)])
      api.stop()
      metrics.disable()
      lines.length = 0
    }
  })

  test('of metrics that rules name, and that only a reader in the SDK could see, how to mend it, once', () => {
    const lines = diagLines()
    const { api, clock } = taking()
    api.keep(new Set(['counter', 'their.counter', FETCH_ATTEMPTS.name]))
    metrics.getMeter('service').createCounter('counter')
    sdk().register()
    clock.advance(300_000)
    expect(lines.filter((line) => line.includes('rules name'))).toEqual([
      'otel-health: nobody has made their.counter, which rules name, with metrics.getMeter() of the OpenTelemetry API; ' +
        'to judge what instrumentations and others record on the SDK itself, add healthReader() to its metricReaders',
    ])
  })

  test('of a metric that rules name and nobody makes, without any SDK, that its name may be wrong, once', () => {
    const lines = diagLines()
    const { api, clock, recording } = taking()
    api.keep(new Set(['counter', 'conuter']))
    metrics.getMeter('service').createCounter('counter')
    recording.settle()
    clock.advance(59_000)
    expect(lines.filter((line) => line.includes('rules name'))).toEqual([])
    clock.advance(300_000)
    expect(lines.filter((line) => line.includes('rules name'))).toEqual([
      'otel-health: nobody has made conuter, which rules name, with metrics.getMeter() of the OpenTelemetry API; name in the rules ' +
        'what the service records, or, if it records with a MeterProvider that is not global, add healthReader() to its readers',
    ])
  })

  test('nothing if all of them are made', () => {
    const lines = diagLines()
    const { api, clock } = taking()
    sdk().register()
    api.keep(new Set(['counter']))
    metrics.getMeter('service').createCounter('counter')
    clock.advance(300_000)
    expect(lines.filter((line) => line.includes('rules name'))).toEqual([])
  })
})
