/** A history on its way into samples: through the instruments of the real SDK, or as points of either temporality made by hand. */
import type { DataPoint, Histogram as HistogramPoint, MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics'
import { MeterProvider } from '@opentelemetry/sdk-metrics'

import { CollectingReader } from '../../src/collect/collecting-reader.ts'
import { SampleStreams } from '../../src/collect/samples.ts'
import type { Sample } from '../../src/types.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import type { Collection, Entry, History, Instrument } from './random-history.ts'
import { SOURCES } from './random-history.ts'
import { duration } from './sixty-rules.ts'

const INSTRUMENTS: ReadonlyMap<string, Instrument> = new Map([
  ...SOURCES.map(({ metric, instrument }) => [metric, instrument] as const),
  ['shop.mode', 'gauge'],
  ['shop.leader', 'observed_gauge'],
])
const BOUNDS: Readonly<Record<string, readonly number[]>> = {
  'shop.duration': duration.ref.definition.bounds!,
  // What the SDK takes where nobody says.
  'shop.sizes': [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000],
}

/** Bounds of the buckets of a histogram, by metric. */
export type Bounds = (metric: string) => readonly number[]

export const boundsByHand: Bounds = (metric) => BOUNDS[metric]!
/** The reader asks the SDK for exponential buckets, whatever an instrument advises, and counts them by quarters of a doubling. */
const QUARTERS = [0, ...Array.from({ length: 201 }, (_, quarter) => 2 ** ((quarter - 80) / 4))]
export const boundsOfSdk: Bounds = () => QUARTERS
export const instrumentOf = (metric: string): Instrument => INSTRUMENTS.get(metric)!

export type TakeSamples = (samples: readonly Sample[], collection: Collection) => void

/** Every instrument is made and used as a service does it, and a CollectingReader collects on a virtual clock. */
export async function feedThroughSdk(history: History, take: TakeSamples): Promise<void> {
  const clock = new VirtualClock()
  clock.advance(history.from)
  // Later than any history ends: its collections are asked for one by one.
  const reader = new CollectingReader({ clock, intervalMs: 2 ** 31 - 1 })
  const provider = new MeterProvider({ readers: [reader] })
  const source = new SdkSource(provider)
  for (const collection of history.collections) {
    clock.advance(collection.at - clock.monotonicMs())
    source.record(collection)
    // One after the other, as in time.
    // oxlint-disable-next-line no-await-in-loop
    await reader.collect()
    take(reader.latest, collection)
  }
  await provider.shutdown()
  if (reader.errors > 0 || reader.dropped > 0)
    throw new Error(`The reader counted ${reader.errors} errors and ${reader.dropped} dropped points.`)
}

class SdkSource {
  readonly #record = new Map<string, (entry: Entry) => void>()
  readonly #totals = new Map<string, Total>()
  #observed = new Map<string, Entry>()

  constructor(provider: MeterProvider) {
    const meter = provider.getMeter('shop')
    for (const [metric, instrument] of INSTRUMENTS) {
      const unit = '1'
      const observe = (entry: Entry) => void this.#observed.set(keyOf(entry), entry)
      if (instrument === 'counter') {
        const made = meter.createCounter(metric, { unit })
        this.#record.set(metric, ({ value, attributes }) => made.add(value, attributes))
      } else if (instrument === 'up_down') {
        const made = meter.createUpDownCounter(metric, { unit })
        this.#record.set(metric, ({ value, attributes }) => made.add(value, attributes))
      } else if (instrument === 'gauge') {
        const made = meter.createGauge(metric, { unit })
        this.#record.set(metric, ({ value, attributes }) => made.record(value, attributes))
      } else if (instrument === 'histogram') {
        const advice = metric === 'shop.duration' ? { explicitBucketBoundaries: [...boundsByHand(metric)] } : {}
        const made = meter.createHistogram(metric, { unit, advice })
        this.#record.set(metric, ({ value, attributes }) => made.record(value, attributes))
      } else {
        const made =
          instrument === 'observed_counter'
            ? meter.createObservableCounter(metric, { unit })
            : instrument === 'observed_gauge'
              ? meter.createObservableGauge(metric, { unit })
              : meter.createObservableUpDownCounter(metric, { unit })
        made.addCallback((result) => {
          for (const entry of this.#observed.values()) if (entry.metric === metric) result.observe(entry.value, entry.attributes)
        })
        this.#record.set(metric, observe)
      }
    }
  }

  record({ entries, restarted }: Collection): void {
    this.#observed = new Map()
    const grown = new Map<string, Entry>()
    for (const entry of entries) {
      if (instrumentOf(entry.metric) !== 'observed_counter') {
        this.#record.get(entry.metric)!(entry)
        continue
      }
      const key = keyOf(entry)
      grown.set(key, { ...entry, value: (grown.get(key)?.value ?? 0) + entry.value })
    }
    for (const [key, entry] of grown) {
      const total = this.#totals.get(key)?.value ?? 0
      // An SDK knows of a restarted source only because its total fell.
      const value = restarted && entry.value < total ? entry.value : total + entry.value
      this.#totals.set(key, { entry, value })
      this.#record.get(entry.metric)!({ ...entry, value })
    }
  }
}

type HrTime = DataPoint<unknown>['startTime']

interface Total {
  readonly entry: Entry
  value: number
  counts?: number[]
  count?: number
}

const TEMPORALITIES = { delta: 0, cumulative: 1 } as const

/** Points as an SDK gives them, made without one: what is cumulative begins at zero, with a new start time, where its source was restarted. */
export function feedByHand(history: History, temporality: keyof typeof TEMPORALITIES, take: TakeSamples): void {
  const streams = new SampleStreams()
  let totals = new Map<string, Total>()
  const levels = new Map<string, Total>()
  let startTime: HrTime = [1000, 0]
  for (const [index, collection] of history.collections.entries()) {
    if (collection.restarted) startTime = [1000 + index, 0]
    if (temporality === 'delta' || collection.restarted) totals = new Map()
    const gauges = new Map<string, Total>()
    for (const entry of collection.entries) addEntry(entry, totals, levels, gauges)
    const points = [...totals.values(), ...levels.values(), ...gauges.values()]
    streams.ingest(resourceMetrics(points, temporality, startTime), collection.at)
    take(streams.samples(), collection)
  }
}

function addEntry(entry: Entry, totals: Map<string, Total>, levels: Map<string, Total>, gauges: Map<string, Total>): void {
  const key = keyOf(entry)
  const { value } = entry
  switch (instrumentOf(entry.metric)) {
    case 'gauge':
    case 'observed_gauge':
      gauges.set(key, { entry, value })
      break
    case 'observed_up_down':
      levels.set(key, { entry, value })
      break
    case 'up_down':
      levels.set(key, { entry, value: (levels.get(key)?.value ?? 0) + value })
      break
    case 'histogram': {
      const bounds = boundsByHand(entry.metric)
      const total = totals.get(key) ?? { entry, value: 0, count: 0, counts: new Array<number>(bounds.length + 1).fill(0) }
      const bucket = bounds.findIndex((bound) => value <= bound)
      total.counts![bucket < 0 ? bounds.length : bucket]! += 1
      total.count! += 1
      total.value += value
      totals.set(key, total)
      break
    }
    default:
      totals.set(key, { entry, value: (totals.get(key)?.value ?? 0) + value })
  }
}

function resourceMetrics(totals: readonly Total[], temporality: keyof typeof TEMPORALITIES, startTime: HrTime): ResourceMetrics {
  const metrics = [...INSTRUMENTS].map(([name, instrument]) => {
    const dataPoints = totals.filter(({ entry }) => entry.metric === name).map((total) => pointOf(total, startTime))
    const isLevel = instrument.includes('gauge') || instrument.includes('up_down')
    return {
      descriptor: { name, unit: '1', description: '', valueType: 1, advice: {} },
      aggregationTemporality: instrument.includes('up_down') ? TEMPORALITIES.cumulative : TEMPORALITIES[temporality],
      // The SDK's DataPointType.
      dataPointType: instrument === 'histogram' ? 0 : instrument.includes('gauge') ? 2 : 3,
      isMonotonic: !isLevel,
      dataPoints,
    } as unknown as MetricData
  })
  return {
    resource: undefined as never,
    scopeMetrics: [{ scope: { name: 'shop' }, metrics: metrics.filter(({ dataPoints }) => dataPoints.length > 0) }],
  }
}

function pointOf({ entry, value, counts, count }: Total, startTime: HrTime): DataPoint<number> | DataPoint<HistogramPoint> {
  const { attributes, metric } = entry
  const endTime: HrTime = [9_999_999, 0]
  if (!counts) return { attributes, startTime, endTime, value }
  const buckets = { boundaries: [...boundsByHand(metric)], counts: [...counts] }
  return { attributes, startTime, endTime, value: { buckets, count: count!, sum: value } }
}

function keyOf({ metric, attributes }: Entry): string {
  return JSON.stringify([metric, Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1))])
}
