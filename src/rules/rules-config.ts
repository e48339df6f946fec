/** `rules` and `metrics` of health.config, and of a monitor's options: own ones, and changes of those that a kind has. */
import type { InstrumentKind, MetricDefinition } from '../catalogue.ts'
import { shownValue } from './shown-value.ts'
import type { MetricOptions } from './metric-ref.ts'
import type { Metric } from './metric-ref.ts'
import { defineMetric } from './metric-ref.ts'
import type { RuleOverride, RuleOverrides } from './override-rule.ts'
import type { ReadingData, RuleData } from './rule-data.ts'
import type { RuleSentence } from './rule.ts'
import { isRuleSentence } from './rule.ts'

/** By name: a rule of one's own, other limits for a rule that is there, or `false` to switch it off. Or a list of rules. */
export type RulesConfig =
  | Readonly<Record<string, RuleOverride | RuleSentence | Omit<RuleData, 'name'> | false>>
  | readonly (RuleSentence | RuleData | ({ readonly name: string } & RuleOverride))[]

export interface MetricConfig extends MetricOptions {
  readonly instrument: 'counter' | 'histogram' | 'gauge' | 'up_down_counter'
}

/** Metrics that the service records itself, for rules that name them. */
export type MetricsConfig = Readonly<Record<string, MetricConfig>> | readonly Metric[]

export interface OwnRules {
  readonly overrides: RuleOverrides
  readonly own: readonly RuleData[]
}

export const NO_RULES: OwnRules = { overrides: {}, own: [] }

export function readRules(config: RulesConfig | undefined): OwnRules {
  const overrides: Record<string, RuleOverride | false> = {}
  const own: RuleData[] = []
  for (const [name, entry] of entriesOf(config ?? {})) {
    if (isRuleSentence(entry)) own.push({ ...entry.data, name })
    else if (isRuleData(entry)) own.push({ ...entry, name, when: withRefs(entry.when) })
    else overrides[name] = entry
  }
  return { overrides, own }
}

/** Where a reading names a metric. */
const METRIC_FIELDS = ['of', 'in', 'owed', 'attempts', 'failed', 'units', 'failedUnits']

/** As data a metric may be its name alone. */
export function withRefs(when: ReadingData): ReadingData {
  if (typeof when !== 'object' || when === null) return when
  const named = Object.entries(when).map(([field, value]: [string, unknown]) => [
    field,
    METRIC_FIELDS.includes(field) && typeof value === 'string' ? { metric: value } : value,
  ])
  return Object.fromEntries(named) as ReadingData
}

function entriesOf(config: RulesConfig): [name: string, entry: RuleOverride | RuleSentence | RuleData | false][] {
  if (!isList(config)) return Object.entries(config) as [string, RuleOverride | RuleSentence | RuleData | false][]
  return config.map((entry) => {
    if (isRuleSentence(entry)) return [entry.data.name, entry]
    const { name, ...rest } = entry
    return [name, 'when' in entry ? entry : rest]
  })
}

/** What is neither a rule nor a change of one is told of when a profile is made. */
function isRuleData(entry: RuleOverride | RuleData | false): entry is RuleData {
  return typeof entry === 'object' && entry !== null && 'when' in entry
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

function isMetrics(config: MetricsConfig | undefined): config is readonly Metric[] {
  return Array.isArray(config)
}

const INSTRUMENTS: Readonly<Record<MetricConfig['instrument'], InstrumentKind>> = {
  counter: 'counter',
  histogram: 'histogram',
  gauge: 'observable_gauge',
  up_down_counter: 'observable_up_down_counter',
}

/** Throws one sentence if a metric is declared wrongly. */
export function readMetrics(config: MetricsConfig | undefined): readonly MetricDefinition[] {
  if (isMetrics(config)) return config.map(({ ref }) => ref.definition)
  return Object.entries(config ?? {}).map(([name, { instrument, ...options }]) => {
    const kind = typeof instrument === 'string' && Object.hasOwn(INSTRUMENTS, instrument) ? INSTRUMENTS[instrument] : undefined
    if (kind) return defineMetric(name, kind, options)
    throw new Error(`The instrument of the metric ${name} is ${shownValue(instrument)}, expected ${Object.keys(INSTRUMENTS).join(', ')}.`)
  })
}
