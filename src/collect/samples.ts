/**
 * ResourceMetrics of any OTel SDK (2.x or 3.x) -> Samples. Delta points are added up, so that whoever reads samples
 * sees cumulative sums only; a cumulative point that fell, or that counts since a later time, is of a restarted source and counts from zero
 * again.
 */
import type { DataPoint, ExponentialHistogram, Histogram, MetricData, ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics'

import type { Attributes, HistogramValue, Sample, Series } from '../types.ts'
import { GRID_BOUNDS, gridCounts } from './exponential-grid.ts'

// The SDK's enums by value (equal in 2.x and 3.x); see cell-producer.ts.
type HrTime = DataPoint<unknown>['startTime']

const DELTA = 0
const HISTOGRAM_POINT = 0
const EXPONENTIAL_HISTOGRAM_POINT = 1
const SUM_POINT = 3

/**
 * Series kept per metric, the overflow series among them. An SDK that exports deltas forgets idle series, so that over
 * time more of them come by than it ever holds; here each one is kept for as long as the process lives.
 */
export const SERIES_LIMIT = 2000
/** What the SDK calls the series in which it counts what is beyond its own limit. */
const OVERFLOW_ATTRIBUTE = 'otel.metric.overflow'
const OVERFLOW: Attributes = Object.freeze({ [OVERFLOW_ATTRIBUTE]: 'true' })

interface Stream {
  readonly series: Series
  sample: Sample | undefined
  /** What has been added up so far. */
  total: number
  histogram: MutableHistogram | undefined
  /** The last cumulative point, to see what it grew by. */
  last: number
  lastHistogram: CountedValues | undefined
  /** Since when the last cumulative point counted. */
  since: HrTime | undefined
}

/** All series of one metric of one scope. */
interface Streams {
  readonly metric: string
  readonly byAttributes: Map<string, Stream>
}

interface MutableHistogram extends HistogramValue {
  readonly counts: number[]
  count: number
  sum: number
}

/** What explicit and exponential histograms have in common. */
interface CountedValues {
  readonly bounds: readonly number[]
  readonly counts: readonly number[]
  readonly count: number
  readonly sum: number
}

export class SampleStreams {
  /** By what makes a metric one in the SDK. */
  readonly #metrics = new Map<string, Streams>()
  #kept: ReadonlySet<string> | undefined
  /** Points of series beyond the limit. Deltas of them went into the overflow series, everything else is left out. */
  overflowed = 0
  /** Points that are no finite number, as after `counter.add(NaN)`: left out. Of a histogram only the sum is. */
  dropped = 0
  /** The first metric of which an SDK or we counted series together. */
  overflowing: string | undefined

  /** Nothing is kept of metrics other than `metrics`; `undefined`: all are. What was kept of others is forgotten. */
  keep(metrics: ReadonlySet<string> | undefined): void {
    this.#kept = metrics
    for (const [key, { metric }] of this.#metrics) if (metrics?.has(metric) === false) this.#metrics.delete(key)
  }

  /**
   * `now` is on the monotonic clock: the time of the collection, which is when levels were observed. Gives the samples that the
   * collection changed.
   */
  ingest(metrics: ResourceMetrics, now: number): Sample[] {
    const changed = new Map<Series, Sample>()
    for (const { scope, metrics: ofScope } of metrics.scopeMetrics) {
      for (const metric of ofScope) {
        if (this.#kept?.has(metric.descriptor.name) === false) continue
        const streams = this.#streams(scope, metric)
        for (const point of metric.dataPoints) {
          const stream = this.#stream(streams, metric, point.attributes)
          if (!stream) continue
          const sample = this.#advance(stream, metric, point, now)
          if (sample) changed.set(sample.series, (stream.sample = sample))
        }
      }
    }
    return [...changed.values()]
  }

  /** The last sample of every series: what a collection did not give still is what it was, as of when it was. */
  samples(): Sample[] {
    const samples: Sample[] = []
    for (const { byAttributes } of this.#metrics.values()) {
      for (const { sample } of byAttributes.values()) if (sample) samples.push(sample)
    }
    return samples
  }

  #streams(scope: ScopeMetrics['scope'], metric: MetricData): Map<string, Stream> {
    const { name, unit, description } = metric.descriptor
    const key = JSON.stringify([scope.name, scope.version, name, unit, description, metric.dataPointType, boundsOf(metric)])
    let streams = this.#metrics.get(key)
    if (!streams) this.#metrics.set(key, (streams = { metric: name, byAttributes: new Map() }))
    return streams.byAttributes
  }

  #stream(streams: Map<string, Stream>, metric: MetricData, attributes: Readonly<Record<string, unknown>>): Stream | undefined {
    if (Object.hasOwn(attributes, OVERFLOW_ATTRIBUTE)) return this.#overflow(streams, metric)
    const key = attributesKey(attributes)
    const known = streams.get(key)
    if (known) return known
    if (streams.size < SERIES_LIMIT - 1) return addStream(streams, key, metric, toAttributes(attributes))
    this.overflowed++
    this.overflowing ??= metric.descriptor.name
    return metric.aggregationTemporality === DELTA && isCounted(metric) ? this.#overflow(streams, metric) : undefined
  }

  /** The SDK's own and ours are one. */
  #overflow(streams: Map<string, Stream>, metric: MetricData): Stream {
    this.overflowing ??= metric.descriptor.name
    const key = attributesKey(OVERFLOW)
    return streams.get(key) ?? addStream(streams, key, metric, OVERFLOW)
  }

  #advance(stream: Stream, metric: MetricData, { value, startTime }: DataPoint<unknown>, now: number): Sample | undefined {
    const { series } = stream
    const isDelta = metric.aggregationTemporality === DELTA
    if (!isDelta) {
      if (stream.since && isLater(startTime, stream.since)) {
        stream.last = 0
        stream.lastHistogram = undefined
      }
      stream.since = startTime
    }
    if (isHistogram(metric)) {
      const point = value as Histogram | ExponentialHistogram
      if (point.sum !== undefined && !Number.isFinite(point.sum)) this.dropped++
      return { series, kind: 'histogram', value: addHistogram(stream, point, isDelta) }
    }
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      this.dropped++
      return undefined
    }
    if (metric.dataPointType !== SUM_POINT || !metric.isMonotonic) return { series, kind: 'level', value, setAt: now }
    stream.total += isDelta || value < stream.last ? value : value - stream.last
    stream.last = value
    return { series, kind: 'sum', value: stream.total }
  }
}

function addStream(streams: Map<string, Stream>, key: string, metric: MetricData, attributes: Attributes): Stream {
  const series: Series = { metric: metric.descriptor.name, attributes }
  const stream: Stream = { series, sample: undefined, total: 0, histogram: undefined, last: 0, lastHistogram: undefined, since: undefined }
  streams.set(key, stream)
  return stream
}

/** OTel's data model, "Resets and Gaps": a later start time says that the source began anew, whether or not its value fell. 0 is not known. */
function isLater([seconds, nanoseconds]: HrTime, [before, nanosecondsBefore]: HrTime): boolean {
  return before > 0 && (seconds > before || (seconds === before && nanoseconds > nanosecondsBefore))
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

/** `sum` is left out by an SDK where values may be negative. */
function countedValues(point: Histogram | ExponentialHistogram): CountedValues {
  const { count, sum = 0 } = point
  if ('buckets' in point) return { bounds: point.buckets.boundaries, counts: point.buckets.counts, count, sum }
  return { bounds: GRID_BOUNDS, counts: gridCounts(point), count, sum }
}

/**
 * The buckets of a cumulative exponential histogram coarser than the grid may move up from one point to the next, so that a bucket
 * grows by less than 0; the count of all never does.
 */
function addHistogram(stream: Stream, point: Histogram | ExponentialHistogram, isDelta: boolean): HistogramValue {
  const values = countedValues(point)
  stream.histogram ??= { bounds: values.bounds, counts: values.counts.map(() => 0), count: 0, sum: 0 }
  const total = stream.histogram
  const restarted = stream.lastHistogram && values.count < stream.lastHistogram.count
  const last = isDelta || restarted ? undefined : stream.lastHistogram
  for (const [bucket, count] of values.counts.entries()) total.counts[bucket]! += count - (last?.counts[bucket] ?? 0)
  total.count += values.count - (last?.count ?? 0)
  const sum = values.sum - (last?.sum ?? 0)
  // One infinite value would be in the sum for ever.
  if (Number.isFinite(sum)) total.sum += sum
  if (!isDelta) stream.lastHistogram = values
  return total
}

function attributesKey(attributes: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function toAttributes(attributes: Readonly<Record<string, unknown>>): Attributes {
  return Object.freeze(Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, String(value)])))
}
