/** A quantile of a histogram's values in a window. */
import { isCovered } from '../../judge/covered.ts'
import { isAbove, isBelow } from '../beyond.ts'
import type { Context, JudgedReading, Lines } from '../judged-reading.ts'
import { measuredReading } from '../measured.ts'
import type { QuantileReading } from '../rule-data.ts'

/** Up to this part of its upper bound a bucket is narrow enough to guess within. */
const WIDE = 0.25

/** Throws one sentence if q is no quantile. */
export function quantileReading({ q, of, over }: QuantileReading, context: Context): JudgedReading {
  if (!(q > 0 && q < 1)) throw new Error(`The ${context.whose} reads the quantile ${q}, expected a number between 0 and 1, such as 0.95.`)
  const values = context.distribution(of)
  const windowSeconds = context.window(over)
  const metric = context.metric(of)
  const plan = {
    needs: [values],
    unit: metric.unit,
    scope: 'any',
    title: `The ${Math.round(1000 * q) / 10}th percentile of ${of.metric}`,
    check: (limits: Lines) => checkBounds(limits, metric.bounds, context.whose),
  } as const
  // Of fewer values the quantile would be the highest of them.
  const least = Math.ceil(Math.max(1 / (1 - q), 1 / q) - 1e-9)
  return measuredReading(plan, (readings) => {
    const reading = readings.distribution(values, windowSeconds)
    if (!isCovered(reading, context.tickSeconds)) return 'starting'
    const n = reading.count
    if (n === 0) return 'no_data'
    if (n < least) return 'low_sample'
    const found = readings.quantile(values, q, windowSeconds)!
    if ('value' in found) {
      const { value, atLeast, atMost } = found
      const isWide = atMost - atLeast > WIDE * Math.abs(atMost)
      return {
        value,
        n,
        windowSeconds,
        passes(limit, side) {
          // Where in a wide bucket the quantile lies nobody knows: a limit inside of it is neither passed nor kept.
          if (isWide && isAbove(limit, atLeast) && isBelow(limit, atMost)) return 'unsure'
          return (side === 'above' ? isAbove(value, limit) : isBelow(value, limit)) ? 'passed' : 'within'
        },
      }
    }
    const { moreThan } = found
    // Beyond the last bound nothing is known but that: above every limit up to the bound.
    const passes = (limit: number, side: Lines['breach']) => (isBelow(moreThan, limit) ? 'unsure' : side === 'above' ? 'passed' : 'within')
    return { value: Infinity, moreThan, n, windowSeconds, passes }
  })
}

/** Values beyond the last bound are all one: no limit there can be told from another. */
function checkBounds({ warning, critical, clear }: Lines, bounds: readonly number[] | undefined, whose: string): void {
  const last = bounds?.at(-1)
  for (const limit of [warning, critical, clear]) {
    if (!limit || last === undefined || !isAbove(limit.value, last)) continue
    throw new Error(
      `The limit of the ${whose} is ${limit.shown}${limit.unit.suffix}, beyond the last bucket of the histogram (${last}): give the histogram a bound above it.`,
    )
  }
}
