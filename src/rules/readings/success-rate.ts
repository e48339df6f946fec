/** Percent of attempts that succeed, judged by independent pieces of evidence. */
import { isOpen } from '../../judge/alert.ts'
import { binomialTail } from '../../judge/binomial.ts'
import { isCovered } from '../../judge/covered.ts'
import type { Finding } from '../../judge/verdicts.ts'
import { breach, inconclusive, ok } from '../../judge/verdicts.ts'
import { amount, decimal, duration, onceIn } from '../../judge/wording.ts'
import type { EventsSelector, Evidence, OpenAlert, Readings, Severity, Verdict } from '../../types.ts'
import type { Context, JudgedReading, JudgedRule } from '../judged-reading.ts'
import type { SuccessRateReading, SuccessRateWording } from '../rule-data.ts'

/** Seconds, shortest first. */
const LADDER = [60, 300, 900, 3600, 21_600] as const
/** From this many units on, a rate speaks for itself. */
const ENOUGH_UNITS = 50
/** Fewer failures than this are never a breach of a small sample, however improbable. */
const LEAST_FAILURES = 3
/** A window up to this long is about now; a longer one may be about what is over. */
const RECENT_SECONDS = 300
/** Successes in a row that say it is over. */
const CLEAR_RUN = 10
/** Percentage points above the limit at which a rate is clear of it. */
const CLEAR_MARGIN = 2

interface Limit {
  readonly severity: Severity
  /** Percent; a breach below. */
  readonly percent: number
  /** A small sample is a breach if a service at the limit does as badly at most this often. */
  readonly tail: number
  /** Failed units in a row that are a breach. */
  readonly run: number
  /** How people are told. */
  readonly wording: SuccessRateWording
}

interface Look {
  readonly seconds: number
  readonly units: number
  readonly failed: number
}

/**
 * Success rate that is honest about small numbers. The evidence is units, not attempts: one bad call fails a whole
 * batch and is one failure. A limit is passed by
 *
 * - a run: 5 failed units in a row (10 for CRITICAL);
 * - the plain rate, in the shortest window that holds 50 units;
 * - a small sample, in any window with fewer: at least 3 failures, the newest unit among them, so many that a service
 *   at the limit does as badly at most once in 200 times (1,000 for CRITICAL), by the exact binomial tail.
 *
 * A limit that an alert is firing for stays passed until the plain rate is 2 points above it or, where the shortest
 * window with 50 units is longer than 5 minutes, until 10 units in a row succeeded. At 30 units an hour that window is
 * six hours long, and an outage of two hours would hold an alert for four hours after its end. For the same reason such
 * a run keeps a plain rate over more than 5 minutes from being a breach, and what was seen before the last all-clear is
 * not counted a second time: otherwise the first stray failure after a long outage would fire again.
 *
 * 10 is the longest run that still clears within 10 units of full recovery, and the longer the run, the rarer it is
 * met by luck: a service at a true 70 % and 300 units an hour then resolves and fires again 0.2 times an hour, with a
 * run of 6 it would be 0.5 times (bench/small-numbers.ts).
 */
export function successRateReading(data: SuccessRateReading, context: Context): JudgedReading {
  const selectors: Selectors = {
    attempts: context.events(data.attempts),
    failed: context.events(data.failed),
    units: context.events(data.units),
    failedUnits: context.events(data.failedUnits),
  }
  const streakLevel = context.level(data.streak, { fold: 'sum' })
  const { tickSeconds } = context
  let known: { readonly of: JudgedRule['limits']; readonly limits: readonly Limit[] } | undefined
  return {
    needs: [selectors.units, selectors.failedUnits, streakLevel, selectors.attempts, selectors.failed],
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
      const streak = readings.level(streakLevel)?.value ?? 0
      if (known?.of !== rule.limits) known = { of: rule.limits, limits: limitsOf(rule, data.wording) }
      return judgeUnits({ rule, limits: known!.limits, readings: { readings, selectors, tickSeconds }, streak, open })
    },
    figure(readings) {
      const window = readings.events(selectors.attempts, RECENT_SECONDS)
      const failures = readings.events(selectors.failed, RECENT_SECONDS).count
      const isKnown = window.count > 0 && isCovered(window, tickSeconds)
      return {
        value: isKnown ? decimal((100 * (window.count - failures)) / window.count) : null,
        evidence: { unit: 'percent', n: window.count, failures, window_seconds: RECENT_SECONDS },
      }
    },
  }
}

interface Selectors {
  readonly attempts: EventsSelector
  readonly failed: EventsSelector
  readonly units: EventsSelector
  readonly failedUnits: EventsSelector
}

interface Reads {
  readonly readings: Readings
  readonly selectors: Selectors
  readonly tickSeconds: number
}

function limitsOf({ limits }: JudgedRule, wording: SuccessRateWording): readonly Limit[] {
  const { critical, warning } = limits!
  return [
    ...(critical ? [{ severity: 'CRITICAL', percent: critical.value, tail: 0.001, run: 10, wording } as const] : []),
    { severity: 'WARNING', percent: warning.value, tail: 0.005, run: 5, wording },
  ]
}

interface UnitsJudged {
  readonly rule: JudgedRule
  readonly limits: readonly Limit[]
  readonly readings: Reads
  readonly streak: number
  readonly open: OpenAlert | undefined
}

function judgeUnits({ rule: { name }, limits, readings, streak, open }: UnitsJudged): Verdict {
  const looks = look(readings)
  if (looks.length === 0) return inconclusive(name, 'starting')
  if (looks.at(-1)!.units === 0) return inconclusive(name, 'no_data')
  const plain = looks.find(({ units }) => units >= ENOUGH_UNITS)
  const isOver = streak >= CLEAR_RUN && !(plain && plain.seconds <= RECENT_SECONDS)
  const untold = open?.sinceClearSeconds ?? Infinity

  for (const limit of limits) {
    const found =
      runOfFailures(limit, streak) ??
      (plain && !isOver && plain.seconds <= untold ? plainBreach(limit, plain, readings) : undefined) ??
      smallSample(limit, looks, streak, untold, readings) ??
      (isHeld(limit, open) && !isOver && !(plain && isClear(limit, plain)) ? notYetClear(limit, plain, streak, readings) : undefined)
    if (found) return breach(name, limit.severity, found)
  }
  const least = limits.at(-1)!
  const wasTold = open !== undefined && isOpen(open)
  if (plain && !isOver && rate(plain) >= least.percent) return ok(name, rateOf(least, plain, readings))
  return wasTold || (plain && isOver) ? ok(name, runOfSuccesses(least, streak)) : inconclusive(name, 'low_sample')
}

function look({ readings, selectors, tickSeconds }: Reads): readonly Look[] {
  const looks: Look[] = []
  for (const seconds of LADDER) {
    const units = readings.events(selectors.units, seconds)
    if (!isCovered(units, tickSeconds)) continue
    looks.push({ seconds, units: units.count, failed: Math.min(units.count, readings.events(selectors.failedUnits, seconds).count) })
  }
  return looks
}

function runOfFailures(limit: Limit, streak: number): Finding | undefined {
  if (streak > -limit.run) return undefined
  const n = -streak
  return {
    message: `The last ${amount(n)} ${limit.wording.unitsInFull} all failed`,
    value: { current: 0, threshold: limit.percent, unit: 'percent', n, failures: n },
  }
}

function plainBreach(limit: Limit, plain: Look, readings: Reads): Finding | undefined {
  return rate(plain) < limit.percent ? rateOf(limit, plain, readings) : undefined
}

function smallSample(limit: Limit, looks: readonly Look[], streak: number, untold: number, readings: Reads): Finding | undefined {
  if (streak >= 0) return undefined
  for (const sample of looks) {
    if (sample.units >= ENOUGH_UNITS || sample.seconds > untold) return undefined
    if (sample.failed < LEAST_FAILURES) continue
    const luck = binomialTail(sample.failed, sample.units, 1 - limit.percent / 100)
    if (luck > limit.tail) continue
    const { message, value } = rateOf(limit, sample, readings)
    return { message: `${message}; a service at ${decimal(limit.percent)} % does this ${onceIn(luck)}`, value }
  }
  return undefined
}

/** Whether an alert is firing for this limit, so that only the clear condition lifts it. */
function isHeld(limit: Limit, open: OpenAlert | undefined): boolean {
  const isFiring = open?.state === 'firing' || open?.state === 'unknown'
  return isFiring && (open.severity === 'CRITICAL' || limit.severity === 'WARNING')
}

/** At 100 % there is no margin left to ask for. */
function isClear(limit: Limit, plain: Look): boolean {
  return plain.failed === 0 || rate(plain) > limit.percent + CLEAR_MARGIN
}

function notYetClear(limit: Limit, plain: Look | undefined, streak: number, readings: Reads): Finding {
  if (plain) {
    const { message, value } = rateOf(limit, plain, readings)
    return { message: `${message}; clears above ${decimal(limit.percent + CLEAR_MARGIN)} %`, value }
  }
  return {
    message: `Few ${limit.wording.units}, and not yet ${CLEAR_RUN} in a row that succeeded (${amount(Math.max(0, streak))} so far)`,
    value: { current: Math.max(0, streak), threshold: CLEAR_RUN, unit: 'successes in a row' },
  }
}

function runOfSuccesses(limit: Limit, streak: number): Finding {
  const n = Math.max(0, streak)
  const value: Evidence = { current: n > 0 ? 100 : null, threshold: limit.percent, unit: 'percent', n, failures: 0 }
  return {
    message:
      n > 0
        ? `The last ${amount(n)} ${limit.wording.unitsInFull} succeeded`
        : `Too few ${limit.wording.unitsInFull} since the recovery to say that it is failing again`,
    value,
  }
}

function rate({ units, failed }: Look): number {
  return (100 * (units - failed)) / units
}

function rateOf(limit: Limit, sample: Look, { readings, selectors }: Reads): Finding {
  const { seconds, units, failed } = sample
  const percent = decimal(rate(sample))
  const attempts = readings.events(selectors.attempts, seconds).count
  const what = attempts === units ? 'attempts' : 'batches'
  const behind = attempts > units ? ` (${amount(readings.events(selectors.failed, seconds).count)} of ${amount(attempts)} attempts)` : ''
  return {
    message:
      `${limit.wording.rate} is ${percent} % over ${duration(seconds)} (limit ${decimal(limit.percent)} %): ` +
      `${amount(failed)} of ${amount(units)} ${what} failed${behind}`,
    value: { current: percent, threshold: limit.percent, unit: 'percent', n: units, failures: failed, window_seconds: seconds },
  }
}
