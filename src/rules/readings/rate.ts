/** Events for each second of time that was watched. */
import { isCovered } from '../../judge/covered.ts'
import type { Context, JudgedReading, Lines } from '../judged-reading.ts'
import { measuredReading } from '../measured.ts'
import { checkReachable } from '../reachable.ts'
import type { CountReading } from '../rule-data.ts'

export function rateReading({ of, over }: CountReading, context: Context): JudgedReading {
  const events = context.events(of)
  const windowSeconds = context.window(over)
  const plan = {
    needs: [events],
    unit: '/s',
    scope: 'any',
    title: `The rate of ${of.metric}`,
    check: (limits: Lines) => checkReachable(limits, { what: 'a rate', least: 0 }, context.whose),
  } as const
  return measuredReading(plan, (readings) => {
    const { count: n, coveredSeconds, ...reading } = readings.events(events, windowSeconds)
    if (!isCovered({ ...reading, coveredSeconds }, context.tickSeconds)) return 'starting'
    return { value: n / coveredSeconds, n, windowSeconds }
  })
}
