/** How what was measured is held against limits, and shown. */
import { breach, inconclusive, ok } from '../judge/verdicts.ts'
import type { Evidence, InconclusiveReason, OpenAlert, Readings, RuleFigure, Verdict } from '../types.ts'
import { isAbove, isBelow } from './beyond.ts'
import type { JudgedReading, JudgedRule, Lines } from './judged-reading.ts'
import { rounded, toldApart } from './told-apart.ts'
import type { Limit, ShownUnit } from './unit.ts'
import { unitOf } from './unit.ts'

export interface Measurement {
  /** In the unit of the reading; Infinity where only "more than" is known. */
  readonly value: number
  /** Only this much is known: the value is more. */
  readonly moreThan?: number
  readonly n?: number
  /** Those of `n` that the value is the share of. */
  readonly count?: number
  /** Those that are as they should not be, if that is not a matter of the side on which the limit is. */
  readonly failures?: number
  readonly windowSeconds?: number
  /** Whether a limit is passed, where that takes more than comparing: `unsure` if the evidence is too small to say. */
  passes?(limit: number, side: Lines['breach']): 'passed' | 'within' | 'unsure'
}

/** `InconclusiveReason`: nothing was measured. */
export type Measured = Measurement | InconclusiveReason

type Plan = Omit<JudgedReading, 'judge' | 'figure'>

/** A reading that is one number, of which every limit is asked in turn. */
export function measuredReading(plan: Plan, measure: (readings: Readings) => Measured): JudgedReading {
  return {
    ...plan,
    judge(rule, readings, open) {
      const measured = numbersOf(measure(readings))
      return typeof measured === 'string' ? inconclusive(rule.name, measured) : judged(rule, measured, open)
    },
    figure: (readings, unit) => figureOf(numbersOf(measure(readings)), unit ?? unitOf(plan.unit, plan.unit)!),
  }
}

/** What is no number (NaN, Infinity) was not measured. */
function numbersOf(measured: Measured): Measured {
  if (typeof measured === 'string') return measured
  const { value, moreThan = value, n = 0, count = 0, failures = 0 } = measured
  return Number.isFinite(moreThan) && Number.isFinite(n) && Number.isFinite(count) && Number.isFinite(failures) ? measured : 'no_data'
}

function judged(rule: JudgedRule, measured: Measurement, open: OpenAlert | undefined): Verdict {
  const { name, limits } = rule
  if (!limits) return inconclusive(name, 'no_data')
  const { breach: side, warning, critical, clear } = limits
  const told = (limit: Limit) => finding(rule, measured, limit)
  const far = critical ? passes(measured, critical.value, side) : 'within'
  if (critical && far === 'passed') return breach(name, 'CRITICAL', told(critical))
  const near = passes(measured, warning.value, side)
  if (near === 'passed') return breach(name, 'WARNING', told(warning))
  // A limit that an alert fires for stays passed until the value is clear of it.
  const fires = open?.state === 'firing' || open?.state === 'unknown'
  const held = clear && fires ? passes(measured, clear.value, side) : 'within'
  if (clear && held === 'passed') return breach(name, 'WARNING', told(clear))
  return far === 'unsure' || near === 'unsure' || held === 'unsure' ? inconclusive(name, 'low_sample') : ok(name, () => told(warning))
}

function passes(measured: Measurement, limit: number, side: Lines['breach']): 'passed' | 'within' | 'unsure' {
  if (measured.passes) return measured.passes(limit, side)
  return (side === 'above' ? isAbove(measured.value, limit) : isBelow(measured.value, limit)) ? 'passed' : 'within'
}

function finding({ sentence, limits }: JudgedRule, measured: Measurement, limit: Limit): { message: string; value: Evidence } {
  const { n, count, windowSeconds } = measured
  // What there should be more of fails by what is not there.
  const bySide = n === undefined || count === undefined || limits?.breach !== 'below' ? count : n - count
  const failures = measured.failures ?? bySide
  const current = shownValue(measured, limit.unit, limit.shown)
  return {
    message: sentence({ current, limit: limit.shown, unit: limit.unit, n, count, failures, windowSeconds }),
    value: {
      current,
      threshold: limit.shown,
      unit: limit.unit.name,
      ...(n !== undefined && { n }),
      ...(failures !== undefined && { failures }),
      ...(windowSeconds !== undefined && { window_seconds: windowSeconds }),
    },
  }
}

function figureOf(measured: Measured, known: ShownUnit): RuleFigure {
  if (typeof measured === 'string') return { value: null, evidence: { unknown: measured } }
  const { n, count, windowSeconds, moreThan } = measured
  const value = shownValue(measured, known)
  return {
    // What is only known to be more than a bound is no figure: the bound itself would be a false one.
    value: typeof value === 'number' ? value : null,
    evidence: {
      unit: known.name,
      ...(moreThan !== undefined && { more_than: rounded(moreThan / known.factor) }),
      ...(n !== undefined && { n }),
      ...(count !== undefined && { count }),
      ...(windowSeconds !== undefined && { window_seconds: windowSeconds }),
    },
  }
}

function shownValue({ value, moreThan }: Measurement, unit: ShownUnit, limit?: number): number | string {
  const shown = (figure: number) => (limit === undefined ? rounded(figure) : toldApart(figure, limit))
  return moreThan === undefined ? shown(value / unit.factor) : `more than ${shown(moreThan / unit.factor)}`
}
