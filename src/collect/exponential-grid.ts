/**
 * One fixed grid of buckets for every exponential histogram. Its own buckets grow wider as its range grows, so that those of two
 * collections can't be added up; on the grid they can, and windows, quantiles and rules need not know what a histogram was.
 *
 * The grid: a first bucket for zero and everything below it, then bounds at the powers of 2^(1/4) from 2^-20 (0.95e-6) to 2^30 (1.07e9),
 * then a last one without a bound. A value between those is at most 19 % (2^(1/4) - 1) off either bound of its bucket. A point whose
 * buckets are coarser than the grid (scale below 2) is counted at their upper bounds: 41 % off at scale 1, 100 % at 0, 300 % at -1.
 * Counts are exact; no value is ever counted in a bucket below its own.
 */
import type { ExponentialHistogram } from '@opentelemetry/sdk-metrics'

/** Bounds per doubling are 2^SCALE. */
const SCALE = 2
const PER_DOUBLING = 2 ** SCALE
/** Quarters of a doubling. */
const LOWEST = -20 * PER_DOUBLING
const HIGHEST = 30 * PER_DOUBLING

/** Upper bounds, each included in its bucket; the first is 0. */
export const GRID_BOUNDS: readonly number[] = Object.freeze([
  0,
  ...Array.from({ length: HIGHEST - LOWEST + 1 }, (_, place) => 2 ** ((LOWEST + place) / PER_DOUBLING)),
])

/** What is counted of an exponential histogram, one longer than `GRID_BOUNDS`. */
export function gridCounts({ scale, zeroCount, positive, negative }: ExponentialHistogram): number[] {
  const counts = new Array<number>(GRID_BOUNDS.length + 1).fill(0)
  counts[0] = zeroCount + (negative?.bucketCounts ?? []).reduce((sum, count) => sum + count, 0)
  for (const [place, count] of positive.bucketCounts.entries()) {
    if (count > 0) counts[gridBucket(positive.offset + place, scale)]! += count
  }
  return counts
}

/** Of the bucket (base^index, base^(index + 1)], where base is 2^(2^-scale). */
function gridBucket(index: number, scale: number): number {
  const finer = 2 ** (scale - SCALE)
  const upper = finer >= 1 ? Math.floor(index / finer) + 1 : (index + 1) / finer
  return Math.min(Math.max(upper, LOWEST), HIGHEST + 1) - LOWEST + 1
}
