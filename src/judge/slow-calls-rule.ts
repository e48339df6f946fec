import type { Readings, Rule, RuleTiming, Verdict } from '../types.ts'
import { binomialTail } from './binomial.ts'
import { isCovered } from './covered.ts'
import { breach, inconclusive, ok } from './verdicts.ts'
import { amount, decimal, duration, onceIn } from './wording.ts'

const WINDOW = 300
/** Share of calls that may be slow: the 95th percentile is over the limit exactly if more are. */
const SHARE = 0.05
const ENOUGH_CALLS = 50
const LEAST_SLOW = 3
const TAIL = 0.01

export interface SlowCallsRuleOptions extends RuleTiming {
  readonly name: string
  /** Milliseconds; the counter of slow calls was made with the same limit, so here it only stands in the message. */
  readonly limitMs: number
  /** Seconds between two evaluations. */
  readonly tickSeconds?: number
  readonly upstream?: CalledUpstream
}

/** Names of `events` selectors, and how people call what is called. */
export interface CalledUpstream {
  readonly calls: string
  readonly slowCalls: string
  readonly name: string
}

const APPLE: CalledUpstream = { calls: 'apple_calls', slowCalls: 'slow_apple_calls', name: 'Apple' }

/**
 * 95th percentile of the duration of calls to an upstream against a limit, by counting: calls over the limit, with
 * every call that timed out, whatever it lasted. A quantile from buckets could only say "more than the last bound".
 */
export function slowCallsRule({ name, limitMs, tickSeconds = 1, upstream = APPLE, ...timing }: SlowCallsRuleOptions): Rule {
  return {
    name,
    scope: 'any',
    ...timing,
    needs: [upstream.calls, upstream.slowCalls],
    limits: { breach: 'above', warning: limitMs },
    judge(readings: Readings): Verdict {
      const calls = readings.events(upstream.calls, WINDOW)
      if (!isCovered(calls, tickSeconds)) return inconclusive(name, 'starting')
      if (calls.count === 0) return inconclusive(name, 'no_data')
      const n = calls.count
      const slow = Math.min(n, readings.events(upstream.slowCalls, WINDOW).count)
      const luck = binomialTail(slow, n, SHARE)
      const few = n < ENOUGH_CALLS
      const isSlow = few ? slow >= LEAST_SLOW && luck <= TAIL : slow > SHARE * n
      const percent = decimal((100 * slow) / n)
      const finding = {
        message:
          `${amount(slow)} of ${amount(n)} calls to ${upstream.name} took longer than ${duration(limitMs / 1000)} or timed out ` +
          `over ${duration(WINDOW)}: ${percent} % (limit ${100 * SHARE} %)` +
          (few && isSlow ? `; a service at the limit does this ${onceIn(luck)}` : ''),
        value: { current: percent, threshold: 100 * SHARE, unit: 'percent', n, failures: slow, window_seconds: WINDOW },
      }
      return isSlow ? breach(name, 'WARNING', finding) : ok(name, finding)
    },
  }
}
