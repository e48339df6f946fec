/**
 * ResourceMetrics of any OTel SDK (2.x or 3.x) -> Samples. Delta points are added up, so that whoever reads samples
 * sees cumulative sums only; a cumulative point that fell is a restarted source and counts from zero again.
 */
import type { Histogram, MetricData, ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics'

import type { Attributes, HistogramValue, Sample, Series } from '../types.ts'

// The SDK's enums by value (equal in 2.x and 3.x); see cell-producer.ts.
const DELTA = 0
const HISTOGRAM_POINT = 0
const EXPONENTIAL_HISTOGRAM_POINT = 1
const SUM_POINT = 3

/**
 * Series kept per metric, the overflow series among them. An SDK that exports deltas forgets idle series, so that over
 * time more of them come by than it ever holds; here each one is kept for as long as the process lives.
 */
export const SERIES_LIMIT = 2000
const OVERFLOW: Attributes = { 'otel.metric.overflow': 'true' }

interface Stream {
  readonly series: Series
  /** What has been added up so far. */
  total: number
  histogram: MutableHistogram | undefined
  /** The last cumulative point, to see what it grew by. */
  last: number
  lastHistogram: CountedValues | undefined
}

interface MutableHistogram extends HistogramValue {
  readonly counts: number[]
  count: number
  sum: number
}

/** What explicit and exponential histograms have in common. */
interface CountedValues {
  readonly count: number
  readonly sum?: number
  readonly counts: readonly number[]
}

export class SampleStreams {
  /** By what makes a metric one in the SDK, then by attributes. */
  readonly #metrics = new Map<string, Map<string, Stream>>()
  /** Points of series beyond the limit. Deltas of them went into the overflow series, everything else is left out. */
  overflowed = 0

  /** `now` is on the monotonic clock: the time of the collection, which is when levels were observed. */
  ingest(metrics: ResourceMetrics, now: number): Sample[] {
    const samples = new Map<Series, Sample>()
    for (const { scope, metrics: ofScope } of metrics.scopeMetrics) {
      for (const metric of ofScope) {
        const streams = this.#streams(scope, metric)
        for (const point of metric.dataPoints) {
          const stream = this.#stream(streams, metric, point.attributes)
          const sample = stream && advance(stream, metric, point.value, now)
          if (sample) samples.set(sample.series, sample)
        }
      }
    }
    return [...samples.values()]
  }

  #streams(scope: ScopeMetrics['scope'], metric: MetricData): Map<string, Stream> {
    const { name, unit, description } = metric.descriptor
    const key = JSON.stringify([scope.name, scope.version, name, unit, description, metric.dataPointType, boundsOf(metric)])
    let streams = this.#metrics.get(key)
    if (!streams) this.#metrics.set(key, (streams = new Map()))
    return streams
  }

  #stream(streams: Map<string, Stream>, metric: MetricData, attributes: Readonly<Record<string, unknown>>): Stream | undefined {
    const key = attributesKey(attributes)
    const known = streams.get(key)
    if (known) return known
    if (streams.size < SERIES_LIMIT - 1) return addStream(streams, key, metric, toAttributes(attributes))
    this.overflowed++
    if (metric.aggregationTemporality !== DELTA || !isCounted(metric)) return undefined
    const overflowKey = attributesKey(OVERFLOW)
    return streams.get(overflowKey) ?? addStream(streams, overflowKey, metric, OVERFLOW)
  }
}

function addStream(streams: Map<string, Stream>, key: string, metric: MetricData, attributes: Attributes): Stream {
  const series: Series = { metric: metric.descriptor.name, attributes }
  const stream: Stream = { series, total: 0, histogram: undefined, last: 0, lastHistogram: undefined }
  streams.set(key, stream)
  return stream
}

/** Two versions of a library may record one metric with other bounds; their buckets cannot be added up. */
function boundsOf(metric: MetricData): readonly number[] {
  return metric.dataPointType === HISTOGRAM_POINT ? (metric.dataPoints[0]?.value.buckets.boundaries ?? []) : []
}

/** Whether deltas of several series may be added up. */
function isCounted(metric: MetricData): boolean {
  return isHistogram(metric) || (metric.dataPointType === SUM_POINT && metric.isMonotonic)
}

function isHistogram(metric: MetricData): boolean {
  return metric.dataPointType === HISTOGRAM_POINT || metric.dataPointType === EXPONENTIAL_HISTOGRAM_POINT
}

function advance(stream: Stream, metric: MetricData, value: unknown, now: number): Sample | undefined {
  const { series } = stream
  const isDelta = metric.aggregationTemporality === DELTA
  if (isHistogram(metric)) {
    return { series, kind: 'histogram', value: addHistogram(stream, value as Histogram, isDelta) }
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined
  if (metric.dataPointType !== SUM_POINT || !metric.isMonotonic) return { series, kind: 'level', value, setAt: now }
  stream.total += isDelta || value < stream.last ? value : value - stream.last
  stream.last = value
  return { series, kind: 'sum', value: stream.total }
}

/** An exponential histogram's buckets change as it grows; it is kept as count and sum, in one bucket without a bound. */
function addHistogram(stream: Stream, point: Histogram, isDelta: boolean): HistogramValue {
  const { boundaries = [], counts = [point.count] } = (point.buckets ?? {}) as Partial<Histogram['buckets']>
  stream.histogram ??= { bounds: boundaries, counts: counts.map(() => 0), count: 0, sum: 0 }
  const total = stream.histogram
  const restarted = stream.lastHistogram && point.count < stream.lastHistogram.count
  const last = isDelta || restarted ? undefined : stream.lastHistogram
  for (const [bucket, count] of counts.entries()) total.counts[bucket]! += count - (last?.counts[bucket] ?? 0)
  total.count += point.count - (last?.count ?? 0)
  const sum = (point.sum ?? 0) - (last?.sum ?? 0)
  // One infinite value would be in the sum for ever.
  if (Number.isFinite(sum)) total.sum += sum
  stream.lastHistogram = { count: point.count, sum: point.sum ?? 0, counts }
  return total
}

function attributesKey(attributes: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function toAttributes(attributes: Readonly<Record<string, unknown>>): Attributes {
  return Object.freeze(Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, String(value)])))
}
