/** Events an hour against owed work. */
import { isCovered } from '../../judge/covered.ts'
import { poissonAtMost } from '../../judge/poisson.ts'
import { breach, inconclusive, ok } from '../../judge/verdicts.ts'
import { amount, capitalised, decimal, duration } from '../../judge/wording.ts'
import type { TimeAboveSelector } from '../../types.ts'
import type { Context, JudgedReading } from '../judged-reading.ts'
import type { ThroughputReading } from '../rule-data.ts'

const HOUR = 3600
/** As few attempts as this are bad luck less often than once in a hundred times. */
const TAIL = 0.01

/**
 * Throughput against owed work. Work is owed while anything is due, so a service with nothing to do is healthy, and
 * one that does nothing although it should is found as soon as the limit makes its silence improbable: at 10 an hour,
 * after 28 minutes.
 */
export function throughputReading({ of, owed, staleAfter, wording }: ThroughputReading, context: Context): JudgedReading {
  const attempts = context.events(of)
  const due = context.level(owed, {
    staleAfter,
    fold: 'sum',
  })
  const timeOwed: TimeAboveSelector = { kind: 'time_above', level: due, above: 0 }
  const { tickSeconds } = context
  return {
    needs: [attempts, due, timeOwed],
    unit: '/h',
    scope: 'all',
    title: `The throughput of ${of.metric}`,
    check({ breach: side, critical, clear }) {
      if (side === 'below' && !critical && !clear) return
      throw new Error(`The ${context.whose} reads a throughput, which has one limit, below: leave above, critical and clear out.`)
    },
    judge({ name, limits }, readings) {
      const level = readings.level(due)
      if (!level) return inconclusive(name, 'no_data')
      if (level.stale) return inconclusive(name, 'stale')
      const { count, ...window } = readings.events(attempts, HOUR)
      const { seconds, coveredSeconds } = readings.timeAbove(timeOwed, HOUR)
      if (!isCovered(window, tickSeconds) || !isCovered({ windowSeconds: HOUR, coveredSeconds }, tickSeconds))
        return inconclusive(name, 'starting')

      const limit = limits!.warning.value
      const expected = (limit * seconds) / HOUR
      const done = (count === 1 ? (wording.one ?? wording.done) : wording.done).replace('{current}', amount(count))
      const finding = {
        message:
          seconds > 0
            ? `${capitalised(done)} in the last hour; ${amount(expected)} expected at the limit of ${amount(limit)} an hour, ` +
              `with work owed for ${duration(seconds)}; ${amount(level.value)} due`
            : `Idle: no work was owed in the last hour (${done})`,
        value: {
          current: count,
          threshold: decimal(expected),
          unit: `${wording.unit} in the last hour`,
          n: count,
          window_seconds: HOUR,
        },
      }
      return poissonAtMost(count, expected) <= TAIL ? breach(name, 'WARNING', finding) : ok(name, finding)
    },
    figure(readings) {
      const { count, coveredSeconds } = readings.events(attempts, HOUR)
      const isKnown = isCovered({ windowSeconds: HOUR, coveredSeconds }, tickSeconds)
      return {
        value: isKnown ? decimal((count * HOUR) / coveredSeconds) : null,
        evidence: { unit: '/h', n: count, window_seconds: HOUR },
      }
    },
  }
}
