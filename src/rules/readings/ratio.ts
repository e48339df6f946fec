/** Percent of some events in others, honest about small numbers. */
import { isCovered } from '../../judge/covered.ts'
import type { Context, JudgedReading, Lines } from '../judged-reading.ts'
import { measuredReading } from '../measured.ts'
import type { RatioReading } from '../rule-data.ts'
import { checkReachable } from '../reachable.ts'
import { shareAgainst } from '../share-against.ts'

/** Throws one sentence if the two count different things. */
export function ratioReading({ of, in: whole, over }: RatioReading, context: Context): JudgedReading {
  const [part, all] = [context.metric(of), context.metric(whole)]
  if (part.unit !== all.unit) {
    throw new Error(
      `The rule ${context.name} takes the ratio of ${part.name}, which counts ${part.unit}, to ${all.name}, which counts ${all.unit}: use two metrics with one unit.`,
    )
  }
  const selectors = { of: context.events(of), in: context.events(whole) }
  const windowSeconds = context.window(over)
  const plan = {
    needs: [selectors.of, selectors.in],
    unit: '%',
    scope: 'any',
    title: of.metric === whole.metric ? `The ratio in ${of.metric}` : `The ratio of ${of.metric} in ${whole.metric}`,
    check: (limits: Lines) => checkReachable(limits, { what: 'a ratio', least: 0, most: 100, suffix: ' %' }, context.name),
  } as const
  return measuredReading(plan, (readings) => {
    const reading = readings.events(selectors.in, windowSeconds)
    if (!isCovered(reading, context.tickSeconds)) return 'starting'
    const n = reading.count
    if (n === 0) return 'no_data'
    // Two counters are not read at the same instant by whoever records them.
    const count = Math.min(n, readings.events(selectors.of, windowSeconds).count)
    return {
      value: (100 * count) / n,
      n,
      count,
      windowSeconds,
      passes: (limit, side) => (side === 'above' ? shareAgainst(count, n, limit / 100) : shareAgainst(n - count, n, 1 - limit / 100)),
    }
  })
}
