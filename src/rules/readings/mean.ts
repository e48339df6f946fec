/** Mean of a histogram's values in a window. */
import { isCovered } from '../../judge/covered.ts'
import type { Context, JudgedReading } from '../judged-reading.ts'
import { measuredReading } from '../measured.ts'
import type { MeanReading } from '../rule-data.ts'

export function meanReading({ of, over }: MeanReading, context: Context): JudgedReading {
  const values = context.distribution(of)
  const windowSeconds = context.window(over)
  const plan = { needs: [values], unit: context.metric(of).unit, scope: 'any', title: `The mean of ${of.metric}` } as const
  return measuredReading(plan, (readings) => {
    const reading = readings.distribution(values, windowSeconds)
    if (!isCovered(reading, context.tickSeconds)) return 'starting'
    const { count: n, sum } = reading
    return n === 0 ? 'no_data' : { value: sum / n, n, windowSeconds }
  })
}
