/** The 95th percentile of the duration of calls, by counting. */
import { inconclusive } from '../../judge/verdicts.ts'
import { amount, decimal, duration, onceIn } from '../../judge/wording.ts'
import { countsOf, isWatching, shareIn } from '../counted-share.ts'
import type { Context, JudgedReading } from '../judged-reading.ts'
import { judgeShare, type Conclusive } from '../judge-share.ts'
import { plainShare } from '../plain-share.ts'
import type { SlowCallsReading } from '../rule-data.ts'
import { toldApart } from '../told-apart.ts'

/** Share of calls that may be slow: the 95th percentile is over the limit exactly if more are. */
const SHARE = 0.05
const LIMITS = [{ severity: 'WARNING', share: SHARE, clear: SHARE }] as const
/** Seconds of the figure, and of a plain rule. */
const SHOWN_SECONDS = 300

/**
 * 95th percentile of the duration of calls to an upstream against a limit, by counting: calls over the limit, with
 * every call that timed out, whatever it lasted. A quantile from buckets could only say "more than the last bound". The counter of
 * slow calls was made with the same limit, so here it only stands in the message. Whether more are slow than may be is tested as every
 * share is (see judge/share-test.ts).
 */
export function slowCallsReading({ of, in: all, called }: SlowCallsReading, isPlain: boolean, context: Context): JudgedReading {
  const selectors = { slow: context.events(of), calls: context.events(all) }
  const counts = countsOf(selectors.calls, selectors.slow)
  return {
    needs: [selectors.calls, selectors.slow, counts],
    unit: 'ms',
    scope: 'any',
    title: `Slow calls to ${called}`,
    check({ breach: side, critical, clear }) {
      if (side === 'above' && !critical && !clear) return
      throw new Error(`The ${context.whose} reads slow calls, which have one limit, above: leave below, critical and clear out.`)
    },
    judge({ name, limits }, readings, open) {
      if (!isWatching(readings, context.tickSeconds)) return inconclusive(name, 'starting')
      const tell = (found: Conclusive) => () => findingOf(found, called, limits!.warning.value)
      const asked = { name, limits: LIMITS, share: shareIn(readings.counts(counts), 'those'), open, tell }
      return isPlain ? plainShare({ ...asked, seconds: SHOWN_SECONDS }) : judgeShare(asked)
    },
    figure(readings) {
      const n = readings.events(selectors.calls, SHOWN_SECONDS).count
      const slow = Math.min(n, readings.events(selectors.slow, SHOWN_SECONDS).count)
      const evidence = { unit: 'percent', n, failures: slow, window_seconds: SHOWN_SECONDS }
      return { value: n > 0 ? decimal((100 * slow) / n) : null, evidence }
    },
  }
}

/** `limit`: milliseconds. */
function findingOf(found: Conclusive, called: string, limit: number) {
  const { n, bad, seconds } = found
  const threshold = 100 * SHARE
  const percent = toldApart((100 * bad) / n, threshold)
  return {
    message:
      `${amount(bad)} of ${amount(n)} calls to ${called} took longer than ${duration(limit / 1000)} or timed out ` +
      `over ${duration(seconds)}: ${percent} % (limit ${threshold} %)` +
      (found.is === 'passed' && found.luck < 1 ? `; a service at the limit does this ${onceIn(found.luck)}` : ''),
    value: { current: percent, threshold, unit: 'percent', n, failures: bad, window_seconds: seconds },
  }
}
