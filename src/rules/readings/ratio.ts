/** Percent of some events in others, honest about small numbers. */
import type { Context, JudgedReading, Lines } from '../judged-reading.ts'
import { measuredReading } from '../measured.ts'
import type { RatioReading } from '../rule-data.ts'
import { checkReachable } from '../reachable.ts'
import { shareOf } from '../share.ts'
import { shareAgainst } from '../share-against.ts'

/** Throws one sentence if the two count different things. */
export function ratioReading({ of, in: whole, over }: RatioReading, context: Context): JudgedReading {
  const share = shareOf(of, whole, context)
  const windowSeconds = context.window(over)
  const plan = {
    needs: share.needs,
    unit: '%',
    scope: 'any',
    title: of.metric === whole.metric ? `The ratio in ${of.metric}` : `The ratio of ${of.metric} in ${whole.metric}`,
    check: (limits: Lines) => checkReachable(limits, { what: 'a ratio', least: 0, most: 100, suffix: ' %' }, context.whose),
  } as const
  return measuredReading(plan, (readings) => {
    const { n, count, isKnown } = share.look(readings, windowSeconds)
    if (!isKnown) return 'starting'
    if (n === 0) return 'no_data'
    return {
      value: (100 * count) / n,
      n,
      count,
      windowSeconds,
      passes: (limit, side) => (side === 'above' ? shareAgainst(count, n, limit / 100) : shareAgainst(n - count, n, 1 - limit / 100)),
    }
  })
}
