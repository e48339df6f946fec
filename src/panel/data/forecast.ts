/**
 * When a figure that grows reaches its limit, if it goes on as it did. A line is laid through all points by least squares. What a queue does in one
 * hour hangs on the hour before, so that points are no independent evidence, and the usual error of such a line is far too small. Here the
 * error is made of eight blocks of time, each of which counts once. A line bends to the blocks at its ends, which makes what is left of them too
 * small: that is corrected, and with so few blocks that matter Student's t has four degrees of freedom. It holds where what happens is forgotten
 * within a small part of a block: of a day in some ten minutes.
 *
 * Sources: C. A. Bester, T. G. Conley, C. B. Hansen, "Inference with dependent data using cluster covariance estimators", Journal of
 * Econometrics 165 (2011) 137-151; for the correction R. M. Bell, D. F. McCaffrey, "Bias reduction in standard errors for linear
 * regression with multi-stage samples", Survey Methodology 28 (2002) 169-181. Pure.
 */
import type { Forecast } from '../protocol.ts'

export interface Point {
  /** Epoch milliseconds. */
  readonly at: number
  readonly value: number
}

export interface Slope {
  /** A day. */
  readonly perDay: number
  /** Half the width of its 95 % interval, a day. */
  readonly error: number
}

const BLOCKS = 8
/** The 97.5th percentile of Student's t with four degrees of freedom. */
const T = 2.776
const POINTS_PER_BLOCK = 3
const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** Nobody knows anything so far ahead. */
const MOST_DAYS = 365

/** In the order of time. `undefined`: too few points, or all of one moment. */
export function slopeOf(points: readonly Point[]): Slope | undefined {
  if (points.length < BLOCKS * POINTS_PER_BLOCK) return undefined
  const begin = points[0]!.at
  const xs = points.map(({ at }) => (at - begin) / DAY_MS)
  const [meanX, meanY] = [mean(xs), mean(points.map(({ value }) => value))]
  const spread = xs.reduce((sum, x) => sum + (x - meanX) ** 2, 0)
  if (spread === 0) return undefined
  const perDay = points.reduce((sum, { value }, i) => sum + (xs[i]! - meanX) * (value - meanY), 0) / spread
  const blocks = Array.from({ length: BLOCKS }, () => ({ score: 0, spread: 0 }))
  for (const [i, { value }] of points.entries()) {
    const block = blocks[Math.floor((i * BLOCKS) / points.length)]!
    const x = xs[i]! - meanX
    block.score += x * (value - meanY - perDay * x)
    block.spread += x ** 2
  }
  const variance = blocks.reduce((sum, each) => sum + each.score ** 2 / freedomOf(each.spread / spread), 0) / spread ** 2
  return { perDay, error: T * Math.sqrt(variance) }
}

/** What part of its own noise a block keeps after the line was laid. `share`: its part of the spread in time. */
function freedomOf(share: number): number {
  return Math.max(1 - 1 / BLOCKS - share, 0.1)
}

export interface ForecastOf {
  readonly figure: string
  readonly unit: string
  readonly limit: number
  /** In the order of time; what is not known is left out. */
  readonly points: readonly Point[]
  /** Hours between the first point and the last without which nothing is said. */
  readonly leastHours: number
}

export function forecast({ figure, unit, limit, points, leastHours }: ForecastOf): Forecast {
  const now = points.at(-1)?.value ?? null
  const about = { figure, unit, now, limit }
  if (now === null) return { ...about, says: 'not enough data: nothing is known of it' }
  if (now >= limit) return { ...about, says: 'is at its limit, or beyond' }
  const spanMs = points.at(-1)!.at - points[0]!.at
  if (spanMs < leastHours * HOUR_MS) return { ...about, says: `not enough data: ${timeText(spanMs)} of ${timeText(leastHours * HOUR_MS)}` }
  const slope = slopeOf(points)
  if (!slope) return { ...about, says: `not enough data: ${points.length} readings in ${timeText(spanMs)}` }
  const perDay = { value: slope.perDay, error: slope.error }
  if (slope.perDay <= 0) return { ...about, perDay, says: 'does not grow' }
  const [slowest, fastest] = [slope.perDay - slope.error, slope.perDay + slope.error]
  if (slowest <= 0) return { ...about, perDay, says: 'not enough data: no growth that could not be chance' }
  const left = limit - now
  if (left / fastest > MOST_DAYS) return { ...about, perDay, says: 'not within a year' }
  const latest = left / slowest
  return { ...about, perDay, days: { value: left / slope.perDay, atLeast: left / fastest, atMost: latest > MOST_DAYS ? null : latest } }
}

/** `40 min`, `6 h`, `3 d`. */
function timeText(ms: number): string {
  if (ms < HOUR_MS) return `${Math.floor(ms / 60_000)} min`
  const hours = Math.floor(ms / HOUR_MS)
  return hours < 72 ? `${hours} h` : `${Math.floor(hours / 24)} d`
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
