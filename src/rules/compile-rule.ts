/**
 * A rule as data -> a rule that judges. Whatever can never be judged as it is said is refused here, with a sentence that names the rule and
 * says what to change.
 */
import type { MetricDefinition } from '../catalogue.ts'
import { PROCESS_DOWN, SERVICE_SILENT } from '../catalogue.ts'
import { hasCredentials } from '../credentials.ts'
import { shownValue } from './shown-value.ts'
import { ok } from '../judge/verdicts.ts'
import type { OpenAlert, Readings, Rule, RuleLimits, Verdict } from '../types.ts'
import { isAbove, isBelow } from './beyond.ts'
import { checkRuleData } from './check-rule-data.ts'
import { checkedBy } from './checked-by.ts'
import { checkedRecovery } from './checked-recovery.ts'
import { contextOf } from './context.ts'
import type { JudgedReading, JudgedRule, Lines } from './judged-reading.ts'
import { judgedReading } from './judge-reading.ts'
import type { LimitText, RuleData } from './rule-data.ts'
import { DEFAULTS } from './rule-data.ts'
import { plainSentence, sentenceOf } from './sentence.ts'
import { secondsOf } from './time-text.ts'
import { inUnitOf, limitOf } from './unit.ts'

export interface CompileOptions {
  /** What the kind and health.config declare, by name. */
  readonly metrics: ReadonlyMap<string, MetricDefinition>
  /** Seconds between two evaluations. */
  readonly tickSeconds: number
  /** Whether what it reads is to be a figure of status and metrics. */
  readonly showsFigure: boolean
}

const NAME = /^[a-z][a-z0-9_]{0,63}$/

/** Throws one sentence if the rule cannot be judged. */
export function compileRule(data: RuleData, options: CompileOptions): Rule {
  const { name } = data
  if (typeof name !== 'string' || !NAME.test(name) || name === SERVICE_SILENT || name === PROCESS_DOWN) {
    throw new Error(
      `The rule name ${shownValue(name)} cannot be used: take lower-case letters, digits and _ after a letter, 64 at most, and not ${SERVICE_SILENT} or ${PROCESS_DOWN}.`,
    )
  }
  checkRuleData(data)
  const context = contextOf(`rule ${name}`, data.where, options)
  const reading = judgedReading(data, context)
  const limits = linesOf(data, reading)
  if (limits) reading.check?.(limits)
  const sentence = data.says === undefined ? plainSentence(reading.title) : sentenceOf(data.says, name)
  // A sentence that does not name what it is about begins with it.
  const isNamed = data.says?.includes('{of}') ?? false
  const about = (of: string | undefined): JudgedRule => ({ name, limits, sentence: (facts) => sentence(facts, of) })
  const whole = about(undefined)
  const by = data.by === undefined ? undefined : checkedBy(data.by, data.when, context)
  const runbook = data.runbook === undefined ? undefined : checkedRunbook(data.runbook, name)
  return {
    name,
    summary: data.summary ?? summaryOf(reading, limits),
    scope: data.scope ?? reading.scope,
    forSeconds: secondsOf(data.for ?? DEFAULTS.for, `for of the rule ${name}`),
    keepFiringSeconds: secondsOf(data.keepFiring ?? DEFAULTS.keepFiring, `keepFiring of the rule ${name}`),
    needs: reading.needs,
    ...(by !== undefined && { by }),
    ...(runbook !== undefined && { runbook }),
    ...(data.inhibitedBy !== undefined && { inhibitedBy: checkedCauses(data.inhibitedBy, name) }),
    ...(data.recover !== undefined && { recover: checkedRecovery(data.recover, data, data.scope ?? reading.scope, context) }),
    ...((asksForWork(data) || (data.scope ?? reading.scope) === 'shared') && { endsWithDraining: true }),
    ...(limits && { limits: shownLimits(limits) }),
    ...(options.showsFigure && { figure: (readings: Readings) => reading.figure(readings, limits?.warning.unit) }),
    judge(readings: Readings, open: OpenAlert | undefined, of?: string): Verdict {
      const verdict = reading.judge(of ? about(of) : whole, readings, open)
      if (!of || isNamed || verdict.kind === 'inconclusive') return verdict
      if (verdict.kind === 'ok') return ok(name, () => ({ message: `${of}: ${verdict.message}`, value: verdict.value }))
      return { ...verdict, message: `${of}: ${verdict.message}` }
    },
  }
}

function hasLimits({ when: { reading } }: RuleData): boolean {
  return reading !== 'absent' && reading !== 'state'
}

/** Throws one sentence if a limit is missing, in a unit that does not fit, or on the wrong side. */
function linesOf(data: RuleData, { unit }: JudgedReading): Lines | undefined {
  const { name, above, below, critical, clear } = data
  if (!hasLimits(data)) {
    if ([above, below, critical, clear].some((each) => each !== undefined)) {
      const why = data.when.reading === 'state' ? 'a state is judged by isNot' : 'an absence is judged by its window'
      throw new Error(`The rule ${name} has a limit, but ${why}: leave above, below, critical and clear out.`)
    }
    return undefined
  }
  if ((above === undefined) === (below === undefined)) {
    throw new Error(`The rule ${name} has ${above === undefined ? 'no limit' : 'two limits'}: give it one of above and below.`)
  }
  const breach = above === undefined ? 'below' : 'above'
  const first = (above ?? below)!
  const read = (given: LimitText, what: string) => limitOf(inUnitOf(first, given), unit, `${what} of the rule ${name}`)
  const warning = read(first, breach)
  const limits = {
    breach,
    warning,
    critical: critical === undefined ? undefined : read(critical, 'critical'),
    clear: clear === undefined ? undefined : read(clear, 'clear'),
  } as const
  const isFurther = (a: number, b: number) => !(breach === 'above' ? isBelow(a, b) : isAbove(a, b))
  if (limits.critical && !isFurther(limits.critical.value, warning.value)) {
    throw new Error(
      `The critical limit of ${name} is ${limits.critical.shown}${limits.critical.unit.suffix}, expected at ${breach === 'above' ? 'least' : 'most'} its limit (${warning.shown}${warning.unit.suffix}).`,
    )
  }
  if (limits.clear && !isFurther(warning.value, limits.clear.value)) {
    throw new Error(
      `The clear limit of ${name} is ${limits.clear.shown}${limits.clear.unit.suffix}, expected at ${breach === 'above' ? 'most' : 'least'} its limit (${warning.shown}${warning.unit.suffix}).`,
    )
  }
  return limits
}

/** A breach of it is that too little was done. */
function asksForWork({ when: { reading }, below }: RuleData): boolean {
  if (reading === 'throughput' || reading === 'absent' || reading === 'age') return true
  return below !== undefined && (reading === 'rate' || reading === 'increase')
}

function shownLimits({ breach, warning, critical }: Lines): RuleLimits {
  return { breach, warning: warning.shown, unit: warning.unit.name, ...(critical && { critical: critical.value / warning.unit.factor }) }
}

function summaryOf({ title }: JudgedReading, limits: Lines | undefined): string {
  if (!limits) return `${title}.`
  const { breach, warning, critical } = limits
  const further = critical ? ` (CRITICAL ${breach} ${critical.shown}${critical.unit.suffix})` : ''
  return `${title} ${breach} ${warning.shown}${warning.unit.suffix}${further}.`
}

function checkedCauses(causes: readonly string[], rule: string): readonly string[] {
  if (!causes.includes(rule)) return [...new Set(causes)]
  throw new Error(`The rule ${rule} is inhibited by itself, expected names of other rules in inhibitedBy: leave it out.`)
}

function checkedRunbook(url: string, rule: string): string {
  const isPage = typeof url === 'string' && URL.canParse(url) && /^https?:/.test(url)
  if (isPage && !hasCredentials(url)) return url
  const form = isPage ? 'one without a user, a password or a key, for it is published' : 'a URL that begins with https:// or http://'
  throw new Error(`The runbook of the rule ${rule} is ${shownValue(url)}, expected ${form}.`)
}
