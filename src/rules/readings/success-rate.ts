/** Percent of attempts that succeed, judged by independent pieces of evidence. */
import { isCovered } from '../../judge/covered.ts'
import type { Finding } from '../../judge/verdicts.ts'
import { inconclusive } from '../../judge/verdicts.ts'
import { amount, decimal, duration, onceIn } from '../../judge/wording.ts'
import type { EventsSelector, Readings } from '../../types.ts'
import { countsOf, isWatching, shareIn } from '../counted-share.ts'
import type { Context, JudgedReading, JudgedRule } from '../judged-reading.ts'
import { judgeShare, type BadShareLimit, type Conclusive } from '../judge-share.ts'
import { plainShare } from '../plain-share.ts'
import type { SuccessRateReading, SuccessRateWording } from '../rule-data.ts'
import { toldApart } from '../told-apart.ts'

/** Percentage points above the limit at which an open alert is clear of it; where a limit leaves less room, a quarter of that. */
const CLEAR_MARGIN = 2
/** Seconds of the figure, and of a plain rule. */
const SHOWN_SECONDS = 300
/** Events are kept for windows up to this long; the evidence reaches further back. Seconds. */
const LONGEST_WINDOW = 21_600

/**
 * Success rate that is honest about small numbers and about bursts (see judge/share-test.ts). The evidence is units, not attempts: one bad
 * call fails a whole batch and is one failure.
 */
export function successRateReading(data: SuccessRateReading, isPlain: boolean, context: Context): JudgedReading {
  const selectors = {
    attempts: context.events(data.attempts),
    failed: context.events(data.failed),
    units: context.events(data.units),
    failedUnits: context.events(data.failedUnits),
  }
  const counts = countsOf(selectors.units, selectors.failedUnits)
  const { tickSeconds } = context
  let known: { readonly of: JudgedRule['limits']; readonly limits: readonly BadShareLimit[] } | undefined
  return {
    needs: [selectors.units, selectors.failedUnits, counts, selectors.attempts, selectors.failed],
    unit: '%',
    scope: 'any',
    title: data.wording.rate,
    check({ breach: side, clear }) {
      if (side === 'below' && !clear) return
      throw new Error(
        `The ${context.whose} reads a success rate, which has limits below, and is clear ${CLEAR_MARGIN} points above them: leave above and clear out.`,
      )
    },
    judge(rule, readings, open) {
      if (!isWatching(readings, tickSeconds)) return inconclusive(rule.name, 'starting')
      if (known?.of !== rule.limits) known = { of: rule.limits, limits: limitsOf(rule) }
      const share = shareIn(readings.counts(counts), 'those')
      const tell = (found: Conclusive, { share: bad }: BadShareLimit) => {
        const attempts = attemptsOf(readings, selectors, found)
        return () => new Told(data.wording, attempts, 100 * (1 - bad)).finding(found)
      }
      const asked = { name: rule.name, limits: known!.limits, share, open, tell }
      return isPlain ? plainShare({ ...asked, seconds: SHOWN_SECONDS }) : judgeShare(asked)
    },
    figure(readings) {
      const window = readings.events(selectors.attempts, SHOWN_SECONDS)
      const failures = readings.events(selectors.failed, SHOWN_SECONDS).count
      const isKnown = window.count > 0 && isCovered(window, tickSeconds)
      return {
        value: isKnown ? decimal((100 * (window.count - failures)) / window.count) : null,
        evidence: { unit: 'percent', n: window.count, failures, window_seconds: SHOWN_SECONDS },
      }
    },
  }
}

function limitsOf({ limits }: JudgedRule): readonly BadShareLimit[] {
  const { critical, warning } = limits!
  const of = (severity: BadShareLimit['severity'], percent: number): BadShareLimit => {
    const share = 1 - percent / 100
    return { severity, share, clear: share - Math.min(CLEAR_MARGIN / 100, share / 4) }
  }
  return [...(critical ? [of('CRITICAL', critical.value)] : []), of('WARNING', warning.value)]
}

interface Selectors {
  readonly attempts: EventsSelector
  readonly failed: EventsSelector
}

/** The attempts behind the units of a finding, and where there are more of them, how many failed. */
function attemptsOf(readings: Readings, { attempts, failed }: Selectors, { n, seconds }: Conclusive): Attempts {
  const of = seconds <= LONGEST_WINDOW ? readings.events(attempts, seconds).count : n
  return { attempts: of, failed: of > n ? readings.events(failed, seconds).count : 0 }
}

interface Attempts {
  readonly attempts: number
  readonly failed: number
}

/** What people are told of a finding, against a limit in percent. */
class Told {
  readonly #wording: SuccessRateWording
  readonly #attempts: Attempts
  readonly #limit: number

  constructor(wording: SuccessRateWording, attempts: Attempts, limit: number) {
    this.#wording = wording
    this.#attempts = attempts
    // As it was given: without what arithmetic with shares added to it.
    this.#limit = Number(limit.toPrecision(12))
  }

  finding(found: Conclusive): Finding {
    const { seconds, n, bad } = found
    const percent = toldApart((100 * (n - bad)) / n, this.#limit)
    const value = { current: percent, threshold: this.#limit, unit: 'percent', n, failures: bad, window_seconds: seconds }
    return { message: `${this.#sentence(found, percent)}${this.#luck(found)}`, value }
  }

  #sentence({ seconds, n, bad, ...found }: Conclusive, percent: number): string {
    const { rate, unitsInFull } = this.#wording
    if (found.is === 'passed' && found.isRun) {
      return `The last ${amount(n)} ${unitsInFull} all failed, over ${duration(seconds)} (limit ${this.#limit} %)`
    }
    const { attempts, failed } = this.#attempts
    const what = attempts === n ? 'attempts' : 'batches'
    const behind = attempts > n ? ` (${amount(failed)} of ${amount(attempts)} attempts)` : ''
    return `${rate} is ${percent} % over ${duration(seconds)} (limit ${this.#limit} %): ${amount(bad)} of ${amount(n)} ${what} failed${behind}`
  }

  #luck(found: Conclusive): string {
    return found.is === 'passed' && found.luck < 1 ? `; a service at ${this.#limit} % does this ${onceIn(found.luck)}` : ''
  }
}
