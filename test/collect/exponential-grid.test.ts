/** The grid against the exponential histograms of the real SDK, which chooses their scale by what is recorded. */
import type { ExponentialHistogram } from '@opentelemetry/sdk-metrics'
import {
  AggregationTemporality,
  AggregationType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { GRID_BOUNDS, gridCounts } from '../../src/collect/exponential-grid.ts'
import { quantile } from '../../src/compute/quantile.ts'

/** One point of the SDK's over all `values`. */
async function pointOf(values: readonly number[], maxSize: number): Promise<ExponentialHistogram> {
  const reader = new PeriodicExportingMetricReader({
    exporter: new InMemoryMetricExporter(AggregationTemporality.DELTA),
    exportIntervalMillis: 3_600_000,
    exportTimeoutMillis: 1000,
  })
  const aggregation = { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize } } as const
  const provider = new MeterProvider({ readers: [reader], views: [{ instrumentName: '*', aggregation }] })
  const histogram = provider.getMeter('test').createHistogram('histogram')
  for (const value of values) histogram.record(value)
  const { resourceMetrics } = await reader.collect()
  await provider.shutdown()
  return resourceMetrics.scopeMetrics[0]!.metrics[0]!.dataPoints[0]!.value as ExponentialHistogram
}

/** How many of `values` are in the buckets up to and including each bound. */
const upTo = (values: readonly number[]): number[] => GRID_BOUNDS.map((bound) => values.filter((value) => value <= bound).length)
const running = (counts: readonly number[]): number[] => {
  let sum = 0
  return counts.map((count) => (sum += count))
}

test('the grid begins at 0, rises by 19 % and spans a microsecond to thirty years', () => {
  expect(GRID_BOUNDS[0]).toBe(0)
  expect(GRID_BOUNDS[1]).toBeLessThan(1e-6)
  expect(GRID_BOUNDS.at(-1)).toBeGreaterThan(1e9)
  for (const [place, bound] of GRID_BOUNDS.slice(2).entries()) expect(bound / GRID_BOUNDS[place + 1]!).toBeCloseTo(2 ** 0.25, 12)
  expect(GRID_BOUNDS).toContain(1)
  expect(GRID_BOUNDS).toContain(1024)
})

const seconds = fc.double({ min: 1e-6, max: 1e9, noNaN: true, minExcluded: true, maxExcluded: true })
const around = fc.double({ min: 0.05, max: 20, noNaN: true })
const any = fc.oneof(seconds, around, fc.constant(0))
const tiny = fc.oneof(seconds, fc.double({ min: 0, max: 1e-6, noNaN: true }), fc.double({ min: 1e9, max: 1e300, noNaN: true }))

test('where buckets are as fine as the grid, each value is in its own', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(around, fc.constant(0)), { minLength: 1, maxLength: 60 }), async (values) => {
      const point = await pointOf(values, 160)
      fc.pre(point.scale >= 2)
      const counts = gridCounts(point)
      expect(running(counts).slice(0, -1)).toEqual(upTo(values))
      expect(counts.at(-1)).toBe(0)
    }),
  )
})

test('whatever the scale, every value is counted, and none below its bucket nor above the upper bound of the SDK', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(any, tiny), { minLength: 1, maxLength: 60 }),
      fc.constantFrom(2, 3, 4, 20, 160),
      async (values, maxSize) => {
        const point = await pointOf(values, maxSize)
        const counts = gridCounts(point)
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(values.length)
        // Those that the SDK says are at most a bound are in the grid's buckets up to where that bound is.
        const base = 2 ** (2 ** -point.scale)
        const reach = Math.max(base, 2 ** 0.25) * (1 + 1e-9)
        const cumulative = running(counts)
        for (const [bucket, bound] of GRID_BOUNDS.entries()) {
          const below = (limit: number): number => values.filter((value) => value <= limit).length
          expect(cumulative[bucket]).toBeLessThanOrEqual(below(bound * (1 + 1e-9)))
          if (bucket > 1) expect(cumulative[bucket]).toBeGreaterThanOrEqual(below(bound / reach))
        }
      },
    ),
  )
})

test.for([
  { why: 'finer than the grid', scale: 4, index: 5, upper: 2 ** 0.5 },
  { why: 'as fine', scale: 2, index: 5, upper: 2 ** 1.5 },
  { why: 'as fine, below 1', scale: 2, index: -1, upper: 1 },
  { why: 'finer, below 1', scale: 4, index: -5, upper: 2 ** -0.25 },
  { why: 'coarser, at its upper bound', scale: 0, index: 3, upper: 16 },
  { why: 'coarser, below 1', scale: 0, index: -3, upper: 0.25 },
  { why: 'far coarser', scale: -2, index: 0, upper: 16 },
  { why: 'below the grid', scale: 0, index: -1000, upper: 2 ** -20 },
])('a bucket $why', ({ scale, index, upper }) => {
  const point = { scale, zeroCount: 0, positive: { offset: index, bucketCounts: [3] } } as unknown as ExponentialHistogram
  expect(gridCounts(point).indexOf(3)).toBe(GRID_BOUNDS.indexOf(upper))
})

test('what is beyond the grid is in the last bucket, which has no bound', () => {
  const point = { scale: 0, zeroCount: 0, positive: { offset: 31, bucketCounts: [3] } } as unknown as ExponentialHistogram
  expect(gridCounts(point).at(-1)).toBe(3)
  expect(quantile(0.5, GRID_BOUNDS, gridCounts(point))).toEqual({ moreThan: 2 ** 30 })
})

test('zeros and what is below are in the first, and a quantile there is 0 or less', async () => {
  // The SDK takes no values below 0; other sources of such points do.
  const point = { ...(await pointOf([0, 0], 160)), negative: { offset: 3, bucketCounts: [1, 0, 1] } }
  const counts = gridCounts(point)
  expect(counts[0]).toBe(4)
  expect(quantile(0.99, GRID_BOUNDS, counts)).toEqual({ value: 0, atLeast: -Infinity, atMost: 0 })
})
