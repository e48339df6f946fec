/**
 * A rule as data -> a rule that judges. Whatever can never be judged as it is said is refused here, with a sentence that names the rule and
 * says what to change.
 */
import type { MetricDefinition } from '../catalogue.ts'
import { SERVICE_SILENT } from '../catalogue.ts'
import { shownValue } from './shown-value.ts'
import type { OpenAlert, Readings, Rule, RuleLimits, Verdict, Where } from '../types.ts'
import { isAbove, isBelow } from './beyond.ts'
import { checkRuleData } from './check-rule-data.ts'
import type { Context, JudgedReading, JudgedRule, Lines } from './judged-reading.ts'
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
import type { LimitText, MetricRef, RuleData } from './rule-data.ts'
import { selectionOf } from './selection.ts'
import { plainSentence, sentenceOf } from './sentence.ts'
import { secondsOf } from './time-text.ts'
import { limitOf } from './unit.ts'

export interface CompileOptions {
  /** What the kind and health.config declare, by name. */
  readonly metrics: ReadonlyMap<string, MetricDefinition>
  /** Seconds between two evaluations. */
  readonly tickSeconds: number
  /** Whether what it reads is to be a figure of status and metrics. */
  readonly showsFigure: boolean
}

/** Seconds, where a rule does not say. */
export const DEFAULTS = { for: 60, keepFiring: 120, over: 300 } as const
/** As far back as the rings look. */
const LONGEST_WINDOW_SECONDS = 21_600
/** Windows up to this long are kept in finer steps: src/compute/ring.ts. */
const FINE_REACH_SECONDS = 3600
const NAME = /^[a-z][a-z0-9_]{0,63}$/

/** Throws one sentence if the rule cannot be judged. */
export function compileRule(data: RuleData, options: CompileOptions): Rule {
  const { name } = data
  if (typeof name !== 'string' || !NAME.test(name) || name === SERVICE_SILENT) {
    throw new Error(
      `The rule name ${shownValue(name)} cannot be used: take lower-case letters, digits and _ after a letter, 64 at most, and not ${SERVICE_SILENT}.`,
    )
  }
  checkRuleData(data)
  const context = contextOf(data, options)
  const reading = judgedReading(data, context)
  const limits = linesOf(data, reading)
  if (limits) reading.check?.(limits)
  const sentence = data.says === undefined ? plainSentence(reading.title) : sentenceOf(data.says, name)
  // A sentence that does not name what it is about begins with it.
  const isNamed = data.says?.includes('{of}') ?? false
  const about = (of: string | undefined): JudgedRule => ({ name, limits, sentence: (facts) => sentence(facts, of) })
  const whole = about(undefined)
  const by = data.by === undefined ? undefined : checkedBy(data, context)
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
    ...(limits && { limits: shownLimits(limits) }),
    ...(options.showsFigure && { figure: (readings: Readings) => reading.figure(readings, limits?.warning.unit) }),
    judge(readings: Readings, open: OpenAlert | undefined, of?: string): Verdict {
      const verdict = reading.judge(of ? about(of) : whole, readings, open)
      return !of || isNamed || verdict.kind === 'inconclusive' ? verdict : { ...verdict, message: `${of}: ${verdict.message}` }
    },
  }
}

function judgedReading(data: RuleData, context: Context): JudgedReading {
  const { when, name } = data
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
      return ratioReading(when, context)
    case 'level':
      return levelReading(when, context)
    case 'age':
      return ageReading(when, context)
    case 'absent':
      return absentReading(when, data.severity ?? 'WARNING', context)
    case 'state':
      if (data.isNot === undefined) throw new Error(`The rule ${name} reads a state, but not which one is fine: add isNot.`)
      return stateReading(when, data.isNot, data.severity ?? 'CRITICAL', context)
    case 'burn_rate':
      return burnRateReading(when, context)
    case 'success_rate':
      return successRateReading(when, context)
    case 'throughput':
      return throughputReading(when, context)
    case 'slow_calls':
      return slowCallsReading(when, context)
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

/** A plain number is in the unit of the first limit. */
function inUnitOf(first: LimitText, given: LimitText): LimitText {
  const unit = typeof first === 'string' && typeof given === 'number' ? /\S+$/.exec(first.trim())?.[0] : undefined
  return unit === undefined || !Number.isNaN(Number(unit)) ? given : `${given} ${unit}`
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

function checkedRunbook(url: string, rule: string): string {
  if (typeof url === 'string' && URL.canParse(url) && /^https?:/.test(url)) return url
  throw new Error(`The runbook of the rule ${rule} is ${shownValue(url)}, expected a URL that begins with https:// or http://.`)
}

/** Throws one sentence if none of the metrics that it reads has the attribute. */
function checkedBy({ by, name, when }: RuleData, context: Context): string {
  for (const ref of refsOf(when)) {
    const { attributes, name: metric } = context.metric(ref)
    if (Object.keys(attributes).length > 0 && !Object.hasOwn(attributes, by!)) {
      throw new Error(
        `The rule ${name} is split by ${by}, but ${metric} has the attributes ${Object.keys(attributes).join(', ')}: use one that all metrics of the rule have.`,
      )
    }
  }
  return by!
}

function refsOf(when: RuleData['when']): readonly MetricRef[] {
  return Object.values(when).filter((each): each is MetricRef => typeof (each as MetricRef | undefined)?.metric === 'string')
}

function contextOf(data: RuleData, { metrics, tickSeconds }: CompileOptions): Context {
  const { name } = data
  const metricOf = (ref: MetricRef): MetricDefinition => {
    const found = ref?.definition ?? metrics.get(ref?.metric)
    if (found) return found
    throw new Error(
      `The rule ${name} reads the metric ${JSON.stringify(ref?.metric)}, which neither the kind of service nor "metrics" of health.config declares: declare it with its instrument and unit.`,
    )
  }
  const select = (ref: MetricRef, wanted: readonly MetricDefinition['instrument'][], what: string): { metric: string; where?: Where } => {
    const definition = metricOf(ref)
    if (!wanted.includes(definition.instrument)) {
      throw new Error(
        `The rule ${name} reads ${what} of ${definition.name}, which is ${SAID[definition.instrument]}: use ${wanted.map((each) => SAID[each]).join(' or ')}.`,
      )
    }
    return selectionOf(definition, { ...ref.where, ...data.where }, name)
  }
  return {
    name,
    tickSeconds,
    metric: metricOf,
    events: (ref) => ({ kind: 'events', ...select(ref, ['counter', 'histogram'], 'events') }),
    distribution: (ref) => ({ kind: 'distribution', ...select(ref, ['histogram'], 'values') }),
    level: (ref, { staleAfter, fold }) => ({
      kind: 'level',
      ...select(ref, ['observable_gauge', 'observable_up_down_counter'], 'the level'),
      ...(staleAfter !== undefined && { staleAfterSeconds: secondsOf(staleAfter, `staleAfter of the rule ${name}`) }),
      ...(fold && { fold }),
    }),
    state: (ref, attribute) => ({
      kind: 'state',
      ...select(ref, ['observable_gauge', 'observable_up_down_counter'], 'the state'),
      attribute,
    }),
    lastSeen: (ref) => ({
      kind: 'last_seen',
      ...select(ref, ['counter', 'histogram', 'observable_gauge', 'observable_up_down_counter'], 'the age'),
    }),
    window(over = DEFAULTS.over) {
      const seconds = secondsOf(over, `The window of the rule ${name}`)
      if (!(seconds >= 10 && seconds <= LONGEST_WINDOW_SECONDS)) {
        throw new Error(`The window of the rule ${name} is ${seconds} s, expected 10 s to ${LONGEST_WINDOW_SECONDS / 3600} h.`)
      }
      const step = seconds > FINE_REACH_SECONDS ? 60 : 10
      if (seconds % step === 0) return seconds
      const reach = seconds > FINE_REACH_SECONDS ? 'more than 1 h' : 'up to 1 h'
      throw new Error(
        `The window of the rule ${name} is ${seconds} s, but a window of ${reach} is kept in steps of ${step} s: use ${seconds - (seconds % step)} s or ${seconds - (seconds % step) + step} s.`,
      )
    },
  }
}

const SAID: Readonly<Record<MetricDefinition['instrument'], string>> = {
  counter: 'a counter',
  histogram: 'a histogram',
  observable_gauge: 'a gauge',
  observable_up_down_counter: 'an up-down counter',
}
