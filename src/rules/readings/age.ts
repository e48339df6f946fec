/** Seconds since something was last recorded. What was never recorded has no age. */
import type { Context, JudgedReading, Lines } from '../judged-reading.ts'
import { measuredReading } from '../measured.ts'
import { checkReachable } from '../reachable.ts'
import type { AgeReading } from '../rule-data.ts'

export function ageReading({ of }: AgeReading, context: Context): JudgedReading {
  const seen = context.lastSeen(of)
  const plan = {
    needs: [seen],
    unit: 's',
    scope: 'all',
    title: `The age of ${of.metric}`,
    check: (limits: Lines) => checkReachable(limits, { what: 'an age', least: 0 }, context.whose),
  } as const
  return measuredReading(plan, (readings) => {
    const seconds = readings.lastSeenSeconds(seen)
    return seconds === undefined ? 'no_data' : { value: seconds }
  })
}
