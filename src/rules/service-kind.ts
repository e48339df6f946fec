/** What a kind of service is to whoever judges it; the rest of it (monitor, dashboard) is in src/kinds. */
import type { MetricDefinition } from '../catalogue.ts'
import { EVERY_SERVICE, SERVICE_SILENT } from '../catalogue.ts'
import type { Limits } from './limits.ts'
import type { FiguresInput, KeyFigures, Profile, Rule, Sample, Wanted } from '../types.ts'
import { refsOf } from './checked-by.ts'
import { compileRule } from './compile-rule.ts'
import { everyServiceRules } from './every-service.ts'
import type { FigureData } from './figure.ts'
import { compileFigure } from './figure.ts'
import type { RuleOverrides } from './override-rule.ts'
import { overridden } from './override-rule.ts'
import type { RuleData } from './rule-data.ts'
import type { RuleSentence } from './rule.ts'
import type { OwnRules } from './rules-config.ts'
import { NO_RULES } from './rules-config.ts'
import type { RecordData } from './tally.ts'
import { compileRecord } from './tally.ts'
import { shownValue } from './shown-value.ts'

export interface ServiceKind {
  /** As health.config names it, and as the status message says it. */
  readonly name: string
  readonly metrics: readonly MetricDefinition[]
  /** In the order of the reference. */
  rules(limits: Limits): readonly RuleSentence[]
  /** Rules whose readings are figures of status and metrics as well; the others' are among `figures`. */
  readonly ownRules?: readonly RuleSentence[]
  /** Other limits for rules of every service; `false` switches one off. */
  readonly changes?: RuleOverrides
  /** Names of rules without whose verdict nobody knows how the service is: `stale` or `evaluator_error` of one degrades the status. */
  readonly required?: readonly string[]
  /** Readings that status and metrics show under these names, besides `figures`. */
  readonly shown?: Readonly<Record<string, FigureData>>
  /** What a record of each of these names adds to the metrics. */
  readonly records?: Readonly<Record<string, RecordData>>
  /** What the figures read. */
  readonly selectors: readonly Wanted[]
  figures(input: FiguresInput): KeyFigures
  /** What this process has counted since `since` (ISO 8601). */
  totals(samples: readonly Sample[], since: string): Readonly<Record<string, unknown>>
}

/** Throws one sentence if a figure or a record cannot be made, or a rule cannot be judged, has the name of another, or changes one that is not there. */
export function profileOf(
  kind: ServiceKind,
  limits: Limits,
  { overrides, own: given }: OwnRules = NO_RULES,
  metrics: readonly MetricDefinition[] = [],
): Profile {
  const known = new Map([...EVERY_SERVICE, ...kind.metrics, ...metrics].map((metric) => [metric.name, metric]))
  const { tickSeconds = 1 } = limits
  const own = [...(kind.ownRules ?? []).map(({ data }) => data), ...given]
  const ofKind = kind.rules(limits).map(({ data }) => data)
  const { changes = {} } = kind
  const every = everyServiceRules(limits).map(({ data }) => data)
  const ofEvery = every.flatMap((data) => overridden(data, changes) ?? [])
  const there = [...ofKind, ...every]
  const names = new Set([...there, ...own].map(({ name }) => name))
  if (names.size < there.length + own.length) {
    const twice = own.find(({ name }) => there.some((rule) => rule.name === name)) ?? own[0]!
    throw new Error(
      `There are two rules called ${twice.name}: give yours another name, or say only what is to be other than in the rule that is there.`,
    )
  }
  for (const [name, override] of Object.entries(overrides)) {
    if (name === SERVICE_SILENT) checkSwitchedOff(override)
    else if (!names.has(name)) throw new Error(`The rule ${name} is not there to be changed: known are ${[...names].join(', ')}.`)
  }
  const compiled = (data: (typeof ofKind)[number], showsFigure: boolean): Rule[] => {
    const changed = overridden(data, overrides)
    if (changed && !showsFigure) checkSelectable(changed, overrides)
    if (!changed) return []
    const rule = compileRule(changed, { metrics: known, tickSeconds, showsFigure })
    if (showsFigure) checkCauses(rule, names)
    return [rule]
  }
  return {
    name: kind.name,
    rules: [...[...ofKind, ...ofEvery].flatMap((data) => compiled(data, false)), ...own.flatMap((data) => compiled(data, true))],
    ...(kind.required && { required: kind.required }),
    ...({ ...changes, ...overrides }[SERVICE_SILENT] === false && { mayBeSilent: true }),
    selectors: kind.selectors,
    shown: Object.entries(kind.shown ?? {}).map(([name, data]) => compileFigure(name, data, { metrics: known, tickSeconds })),
    records: Object.fromEntries(Object.entries(kind.records ?? {}).map(([name, data]) => [name, compileRecord(name, data, known)])),
    figures: (input) => kind.figures(input),
    totals: (samples, since) => kind.totals(samples, since),
  }
}

function checkCauses({ name, inhibitedBy = [] }: Rule, names: ReadonlySet<string>): void {
  const unknown = inhibitedBy.find((cause) => !names.has(cause))
  if (unknown === undefined) return
  throw new Error(`The rule ${name} is inhibited by ${unknown}, which is no rule of the service: known are ${[...names].join(', ')}.`)
}

/** Nobody in the service judges it, so that there is nothing to change. */
export function checkSwitchedOff(override: unknown): void {
  if (override === false) return
  throw new Error(
    `What is to be other in the rule ${SERVICE_SILENT} is ${shownValue(override)}, expected false, for it can only be switched off.`,
  )
}

/**
 * Throws one sentence if a rule that the kind or every service has is to read some series alone of a metric that has one. Of a metric of a
 * user's own it is not known: its attributes need not be declared.
 */
function checkSelectable({ name, when }: RuleData, overrides: RuleOverrides): void {
  const { where, by } = overrides[name] || {}
  const only = refsOf(when).find(({ definition }) => definition && Object.keys(definition.attributes).length === 0)
  if (!only) return
  const [selected] = Object.keys(where ?? {})
  if (selected !== undefined)
    throw new Error(`The rule ${name} selects series of ${only.metric} by ${selected}, but it has no attributes: leave where out.`)
  if (by !== undefined) throw new Error(`The rule ${name} is split by ${by}, but ${only.metric} has no attributes: leave by out.`)
}

/** What compute is to keep for a profile. A rule that is split needs what it reads for each value as well. */
export function wantedOf({ rules, selectors, shown = [] }: Pick<Profile, 'rules' | 'selectors' | 'shown'>): readonly Wanted[] {
  const ofRules = [...rules, ...shown].flatMap(({ needs, by }) =>
    needs.map((selector): Wanted => (by === undefined ? { selector } : { selector, by })),
  )
  return [...ofRules, ...selectors]
}
