/**
 * ResourceMetrics of any OTel SDK (2.x or 3.x) -> Samples. Delta points are added up, so that whoever reads samples
 * sees cumulative sums only; a cumulative point that fell is a restarted source and counts from zero again.
 */
import type { Histogram, MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics'

import type { Attributes, HistogramValue, Sample, Series } from '../types.ts'

// The SDK's enums by value (equal in 2.x and 3.x); see cell-producer.ts.
const DELTA = 0
const HISTOGRAM_POINT = 0
const GAUGE_POINT = 2
const SUM_POINT = 3

interface Stream {
  readonly series: Series
  /** What has been added up so far. */
  total: number
  histogram: MutableHistogram | undefined
  /** The last cumulative point, to see what it grew by. */
  last: number
  lastHistogram: Histogram | undefined
}

interface MutableHistogram extends HistogramValue {
  readonly counts: number[]
  count: number
  sum: number
}

export class SampleStreams {
  readonly #streams = new Map<string, Stream>()

  /** `now` is on the monotonic clock: the time of the collection, which is when levels were observed. */
  ingest(metrics: ResourceMetrics, now: number): Sample[] {
    const samples: Sample[] = []
    for (const { scope, metrics: ofScope } of metrics.scopeMetrics) {
      for (const metric of ofScope) {
        for (const point of metric.dataPoints) {
          const stream = this.#stream(scope.name, metric, point.attributes)
          const sample = advance(stream, metric, point.value, now)
          if (sample) samples.push(sample)
        }
      }
    }
    return samples
  }

  #stream(scope: string, metric: MetricData, attributes: Readonly<Record<string, unknown>>): Stream {
    const key = JSON.stringify([
      scope,
      metric.descriptor.name,
      metric.descriptor.unit,
      Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ])
    let stream = this.#streams.get(key)
    if (!stream) {
      const series: Series = { metric: metric.descriptor.name, attributes: toAttributes(attributes) }
      stream = { series, total: 0, histogram: undefined, last: 0, lastHistogram: undefined }
      this.#streams.set(key, stream)
    }
    return stream
  }
}

function advance(stream: Stream, metric: MetricData, value: unknown, now: number): Sample | undefined {
  const { series } = stream
  const isDelta = metric.aggregationTemporality === DELTA
  if (metric.dataPointType === HISTOGRAM_POINT) {
    const histogram = addHistogram(stream, value as Histogram, isDelta)
    return { series, kind: 'histogram', value: histogram }
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined
  if (metric.dataPointType === SUM_POINT && metric.isMonotonic) {
    stream.total += isDelta || value < stream.last ? value : value - stream.last
    stream.last = value
    return { series, kind: 'sum', value: stream.total }
  }
  if (metric.dataPointType === SUM_POINT || metric.dataPointType === GAUGE_POINT) return { series, kind: 'level', value, setAt: now }
  return undefined
}

function addHistogram(stream: Stream, point: Histogram, isDelta: boolean): HistogramValue {
  const { boundaries, counts } = point.buckets
  stream.histogram ??= { bounds: boundaries, counts: counts.map(() => 0), count: 0, sum: 0 }
  const total = stream.histogram
  const last = isDelta || (stream.lastHistogram && point.count < stream.lastHistogram.count) ? undefined : stream.lastHistogram
  for (const [bucket, count] of counts.entries()) total.counts[bucket]! += count - (last?.buckets.counts[bucket] ?? 0)
  total.count += point.count - (last?.count ?? 0)
  total.sum += (point.sum ?? 0) - (last?.sum ?? 0)
  stream.lastHistogram = point
  return total
}

function toAttributes(attributes: Readonly<Record<string, unknown>>): Attributes {
  return Object.freeze(Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, String(value)])))
}
