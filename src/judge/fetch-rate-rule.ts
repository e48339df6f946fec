import type { Readings, Rule, RuleTiming, Verdict } from '../types.ts'
import { isCovered } from './covered.ts'
import { poissonAtMost } from './poisson.ts'
import { breach, inconclusive, ok } from './verdicts.ts'
import { amount, capitalised, decimal, duration } from './wording.ts'

const HOUR = 3600
/** As few attempts as this are bad luck less often than once in a hundred times. */
const TAIL = 0.01

export interface FetchRateRuleOptions extends RuleTiming {
  readonly name: string
  /** Attempts per hour while work is owed, >= 0. */
  readonly limit: number
  /** Seconds between two evaluations. */
  readonly tickSeconds?: number
  readonly wording?: FetchRateWording
}

export interface FetchRateWording {
  /** What was done: "fetched 41". */
  readonly done: (attempts: string) => string
  /** What is counted: "trackers". */
  readonly unit: string
}

const OF_TRACKERS: FetchRateWording = { done: (attempts) => `fetched ${attempts}`, unit: 'trackers' }

/**
 * Throughput against owed work. Work is owed while anything is due, so a service with nothing to do is healthy, and
 * one that does nothing although it should is found as soon as the limit makes its silence improbable: at 10 an hour,
 * after 28 minutes.
 */
export function fetchRateRule({ name, limit, tickSeconds = 1, wording = OF_TRACKERS, ...timing }: FetchRateRuleOptions): Rule {
  return {
    name,
    scope: 'all',
    ...timing,
    needs: ['attempts', 'due', 'owed'],
    limits: { breach: 'below', warning: limit },
    judge(readings: Readings): Verdict {
      const due = readings.level('due')
      if (!due) return inconclusive(name, 'no_data')
      if (due.stale) return inconclusive(name, 'stale')
      const attempts = readings.events('attempts', HOUR)
      const owed = readings.timeAbove('owed', HOUR)
      if (!isCovered(attempts, tickSeconds) || !isCovered({ windowSeconds: HOUR, ...owed }, tickSeconds))
        return inconclusive(name, 'starting')

      const expected = (limit * owed.seconds) / HOUR
      const done = wording.done(amount(attempts.count))
      const finding = {
        message:
          owed.seconds > 0
            ? `${capitalised(done)} in the last hour; ${amount(expected)} expected at the limit of ${amount(limit)} an hour, ` +
              `with work owed for ${duration(owed.seconds)}; ${amount(due.value)} due`
            : `Idle: no work was owed in the last hour (${done})`,
        value: {
          current: attempts.count,
          threshold: decimal(expected),
          unit: `${wording.unit} in the last hour`,
          n: attempts.count,
          window_seconds: HOUR,
        },
      }
      return poissonAtMost(attempts.count, expected) <= TAIL ? breach(name, 'WARNING', finding) : ok(name, finding)
    },
  }
}
