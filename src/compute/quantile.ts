/** Quantiles of an explicit-bucket histogram, with the bucket they come from as their error bound. */

import type { Quantile } from '../types.ts'

/**
 * The `q` quantile (0 < q <= 1) by linear interpolation inside its bucket, as Prometheus' histogram_quantile does,
 * but never the last finite bound for a value beyond it. `undefined` for an empty histogram.
 */
export function quantile(q: number, bounds: readonly number[], counts: readonly number[]): Quantile | undefined {
  const total = counts.reduce((sum, n) => sum + n, 0)
  if (total === 0) return undefined
  const rank = q * total
  let below = 0
  for (const [bucket, upper] of bounds.entries()) {
    const inBucket = counts[bucket] ?? 0
    if (inBucket > 0 && below + inBucket >= rank) {
      const lower = bounds[bucket - 1] ?? 0
      return { value: lower + ((upper - lower) * (rank - below)) / inBucket, atLeast: lower, atMost: upper }
    }
    below += inBucket
  }
  return { moreThan: bounds.at(-1) ?? 0 }
}
