/** Quantiles of a histogram in buckets, with the bucket they come from as their error bound. */

import type { Quantile } from '../types.ts'

/** In binary 0.55 * 100 is a little more than 55, and its rank all the same that of the 55th value. */
const NOISE = 1e-12

/**
 * The `q` quantile (0 < q <= 1) by linear interpolation inside its bucket, as Prometheus' histogram_quantile does,
 * but never the last finite bound for a value beyond it. `undefined` for an empty histogram.
 *
 * `bounds` rise; each is included in the bucket that it ends. `counts` are of the buckets, the last one of what is above all bounds.
 * The first bucket begins at 0, for what is measured is seldom negative. Where its bound is 0 or less, as on the grid of exponential
 * histograms, it has no beginning: a quantile in it is that bound, and nothing is known of how far below it may be.
 */
export function quantile(q: number, bounds: readonly number[], counts: readonly number[]): Quantile | undefined {
  const total = counts.reduce((sum, n) => sum + n, 0)
  if (total === 0) return undefined
  const rank = q * total
  let below = 0
  for (const [bucket, upper] of bounds.entries()) {
    const inBucket = counts[bucket] ?? 0
    if (inBucket > 0 && below + inBucket >= rank * (1 - NOISE)) {
      const lower = bounds[bucket - 1] ?? (upper > 0 ? 0 : -Infinity)
      if (lower === -Infinity) return { value: upper, atLeast: lower, atMost: upper }
      return { value: Math.min(upper, lower + ((upper - lower) * (rank - below)) / inBucket), atLeast: lower, atMost: upper }
    }
    below += inBucket
  }
  return { moreThan: bounds.at(-1) ?? 0 }
}
