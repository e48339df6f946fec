/** A reading as data -> one that measures and judges. */
import type { Context, JudgedReading } from './judged-reading.ts'
import { absentReading } from './readings/absent.ts'
import { ageReading } from './readings/age.ts'
import { burnRateReading } from './readings/burn-rate.ts'
import { increaseReading } from './readings/increase.ts'
import { levelReading } from './readings/level.ts'
import { meanReading } from './readings/mean.ts'
import { quantileReading } from './readings/quantile.ts'
import { rateReading } from './readings/rate.ts'
import { ratioReading } from './readings/ratio.ts'
import { slowCallsReading } from './readings/slow-calls.ts'
import { stateReading } from './readings/state.ts'
import { successRateReading } from './readings/success-rate.ts'
import { throughputReading } from './readings/throughput.ts'
import type { RuleData } from './rule-data.ts'

/** Throws one sentence if it cannot be read. */
export function judgedReading(data: Pick<RuleData, 'when' | 'isNot' | 'severity' | 'plain'>, context: Context): JudgedReading {
  const { when, plain = false } = data
  switch (when.reading) {
    case 'rate':
      return rateReading(when, context)
    case 'increase':
      return increaseReading(when, context)
    case 'mean':
      return meanReading(when, context)
    case 'quantile':
      return quantileReading(when, context)
    case 'ratio':
      return ratioReading(when, plain, context)
    case 'level':
      return levelReading(when, context)
    case 'age':
      return ageReading(when, context)
    case 'absent':
      return absentReading(when, data.severity ?? 'WARNING', context)
    case 'state':
      if (data.isNot === undefined) throw new Error(`The ${context.whose} reads a state, but not which one is fine: add isNot.`)
      return stateReading(when, data.isNot, data.severity ?? 'CRITICAL', context)
    case 'burn_rate':
      return burnRateReading(when, context)
    case 'success_rate':
      return successRateReading(when, plain, context)
    case 'throughput':
      return throughputReading(when, plain, context)
    case 'slow_calls':
      return slowCallsReading(when, plain, context)
  }
}
