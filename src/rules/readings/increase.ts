/** Events in a window. What was seen so far can be too much already; too little only once the window was watched. */
import { isCovered, isWatchedWhole } from '../../judge/covered.ts'
import { isAbove, isBelow } from '../beyond.ts'
import type { Context, JudgedReading, Lines } from '../judged-reading.ts'
import { measuredReading } from '../measured.ts'
import { checkReachable } from '../reachable.ts'
import type { CountReading } from '../rule-data.ts'

export function increaseReading({ of, over }: CountReading, context: Context): JudgedReading {
  const events = context.events(of)
  const windowSeconds = context.window(over)
  const unit = context.metric(of).instrument === 'counter' ? context.metric(of).unit : '{value}'
  const plan = {
    needs: [events],
    unit,
    scope: 'any',
    title: `The increase of ${of.metric}`,
    check: (limits: Lines) => checkReachable(limits, { what: 'an increase', least: 0 }, context.whose),
  } as const
  return measuredReading(plan, (readings) => {
    const { count: n, coveredSeconds } = readings.events(events, windowSeconds)
    if (!isCovered({ windowSeconds, coveredSeconds }, context.tickSeconds)) return 'starting'
    const isWhole = isWatchedWhole({ windowSeconds, coveredSeconds })
    return {
      value: n,
      n,
      windowSeconds,
      passes: (limit, side) => {
        if (side === 'above') return isAbove(n, limit) ? 'passed' : 'within'
        if (!isBelow(n, limit)) return 'within'
        return isWhole ? 'passed' : 'unsure'
      },
    }
  })
}
