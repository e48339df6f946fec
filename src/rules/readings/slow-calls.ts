/** The 95th percentile of the duration of calls, by counting. */
import { binomialTail } from '../../judge/binomial.ts'
import { isCovered } from '../../judge/covered.ts'
import { breach, inconclusive, ok } from '../../judge/verdicts.ts'
import { amount, decimal, duration, onceIn } from '../../judge/wording.ts'
import type { Readings } from '../../types.ts'
import type { Context, JudgedReading } from '../judged-reading.ts'
import type { SlowCallsReading } from '../rule-data.ts'

const WINDOW = 300
/** Share of calls that may be slow: the 95th percentile is over the limit exactly if more are. */
const SHARE = 0.05
const ENOUGH_CALLS = 50
const LEAST_SLOW = 3
const TAIL = 0.01

/**
 * 95th percentile of the duration of calls to an upstream against a limit, by counting: calls over the limit, with
 * every call that timed out, whatever it lasted. A quantile from buckets could only say "more than the last bound". The counter of
 * slow calls was made with the same limit, so here it only stands in the message.
 */
export function slowCallsReading({ of, in: all, called }: SlowCallsReading, context: Context): JudgedReading {
  const selectors = { slow: context.events(of), calls: context.events(all) }
  const look = (readings: Readings) => {
    const { count: n, ...window } = readings.events(selectors.calls, WINDOW)
    return { n, window, slow: Math.min(n, readings.events(selectors.slow, WINDOW).count) }
  }
  return {
    needs: [selectors.calls, selectors.slow],
    unit: 'ms',
    scope: 'any',
    title: `Slow calls to ${called}`,
    check({ breach: side, critical, clear }) {
      if (side === 'above' && !critical && !clear) return
      throw new Error(`The ${context.whose} reads slow calls, which have one limit, above: leave below, critical and clear out.`)
    },
    judge({ name, limits }, readings) {
      const { n, window, slow } = look(readings)
      if (!isCovered(window, context.tickSeconds)) return inconclusive(name, 'starting')
      if (n === 0) return inconclusive(name, 'no_data')
      const luck = binomialTail(slow, n, SHARE)
      const few = n < ENOUGH_CALLS
      const isSlow = few ? slow >= LEAST_SLOW && luck <= TAIL : slow > SHARE * n
      const percent = decimal((100 * slow) / n)
      const finding = {
        message:
          `${amount(slow)} of ${amount(n)} calls to ${called} took longer than ${duration(limits!.warning.value / 1000)} or timed out ` +
          `over ${duration(WINDOW)}: ${percent} % (limit ${100 * SHARE} %)` +
          (few && isSlow ? `; a service at the limit does this ${onceIn(luck)}` : ''),
        value: { current: percent, threshold: 100 * SHARE, unit: 'percent', n, failures: slow, window_seconds: WINDOW },
      }
      return isSlow ? breach(name, 'WARNING', finding) : ok(name, finding)
    },
    figure(readings) {
      const { n, slow } = look(readings)
      return { value: n > 0 ? decimal((100 * slow) / n) : null, evidence: { unit: 'percent', n, failures: slow, window_seconds: WINDOW } }
    },
  }
}
