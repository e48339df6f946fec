/** The last value of a gauge or an up-down counter. */
import type { Context, JudgedReading } from '../judged-reading.ts'
import { measuredReading } from '../measured.ts'
import type { LevelReading } from '../rule-data.ts'

export function levelReading({ of, staleAfter, fold, called }: LevelReading, context: Context): JudgedReading {
  const metric = context.metric(of)
  const level = context.level(of, {
    staleAfter,
    // Of several gauges the worst; only what is counted can be added up.
    fold: fold ?? (metric.instrument === 'observable_gauge' ? 'max' : 'sum'),
  })
  const plan = { needs: [level], unit: called ? `{${called}}` : metric.unit, scope: 'any', title: of.metric } as const
  return measuredReading(plan, (readings) => {
    const reading = readings.level(level)
    if (!reading) return 'no_data'
    return reading.stale ? 'stale' : { value: reading.value }
  })
}
