/** What a kind of service is to whoever judges it; the rest of it (monitor, dashboard) is in src/kinds. */
import type { MetricDefinition } from '../catalogue.ts'
import { EVERY_SERVICE } from '../catalogue.ts'
import type { Limits } from './limits.ts'
import type { FiguresInput, KeyFigures, Profile, Rule, Sample, Wanted } from '../types.ts'
import { compileRule } from './compile-rule.ts'
import type { FigureData } from './figure.ts'
import { compileFigure } from './figure.ts'
import { overridden } from './override-rule.ts'
import type { RuleSentence } from './rule.ts'
import type { OwnRules } from './rules-config.ts'
import { NO_RULES } from './rules-config.ts'
import type { RecordData } from './tally.ts'
import { compileRecord } from './tally.ts'

export interface ServiceKind {
  /** As health.config names it, and as the status message says it. */
  readonly name: string
  readonly metrics: readonly MetricDefinition[]
  /** In the order of the reference. */
  rules(limits: Limits): readonly RuleSentence[]
  /** Rules whose readings are figures of status and metrics as well; the others' are among `figures`. */
  readonly ownRules?: readonly RuleSentence[]
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
  const names = new Set([...ofKind, ...own].map(({ name }) => name))
  if (names.size < ofKind.length + own.length) {
    const twice = own.find(({ name }) => ofKind.some((rule) => rule.name === name)) ?? own[0]!
    throw new Error(
      `There are two rules called ${twice.name}: give yours another name, or say only what is to be other than in the rule that is there.`,
    )
  }
  for (const name of Object.keys(overrides)) {
    if (!names.has(name)) throw new Error(`The rule ${name} is not there to be changed: known are ${[...names].join(', ')}.`)
  }
  const compiled = (data: (typeof ofKind)[number], showsFigure: boolean): Rule[] => {
    const changed = overridden(data, overrides)
    return changed ? [compileRule(changed, { metrics: known, tickSeconds, showsFigure })] : []
  }
  return {
    name: kind.name,
    rules: [...ofKind.flatMap((data) => compiled(data, false)), ...own.flatMap((data) => compiled(data, true))],
    ...(kind.required && { required: kind.required }),
    selectors: kind.selectors,
    shown: Object.entries(kind.shown ?? {}).map(([name, data]) => compileFigure(name, data, { metrics: known, tickSeconds })),
    records: Object.fromEntries(Object.entries(kind.records ?? {}).map(([name, data]) => [name, compileRecord(name, data, known)])),
    figures: (input) => kind.figures(input),
    totals: (samples, since) => kind.totals(samples, since),
  }
}

/** What compute is to keep for a profile. A rule that is split needs what it reads for each value as well. */
export function wantedOf({ rules, selectors, shown = [] }: Pick<Profile, 'rules' | 'selectors' | 'shown'>): readonly Wanted[] {
  const ofRules = [...rules, ...shown].flatMap(({ needs, by }) =>
    needs.map((selector): Wanted => (by === undefined ? { selector } : { selector, by })),
  )
  return [...ofRules, ...selectors]
}
