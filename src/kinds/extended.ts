/** What a kind of service is that is another one besides: its metrics, rules, figures and records, and more of each. */
import type { MetricDefinition } from '../catalogue.ts'
import type { FigureData } from '../rules/figure.ts'
import type { Limits } from '../rules/limits.ts'
import type { RuleOverrides } from '../rules/override-rule.ts'
import { EVERY_SERVICE_RULE_NAMES } from '../rules/every-service.ts'
import { overridden } from '../rules/override-rule.ts'
import { RuleSentence } from '../rules/rule.ts'
import type { ServiceKind } from '../rules/service-kind.ts'
import type { RecordData } from '../rules/tally.ts'
import type { Sample } from '../types.ts'

export interface Extension {
  /** As health.config names it, and as the status message says it. */
  readonly name: string
  readonly metrics: readonly MetricDefinition[]
  /** Other limits for rules of the base and of every service; `false` switches one off. */
  readonly changes?: RuleOverrides
  /** Rules of its own, whose readings are among `figures`. */
  readonly rules?: (limits: Limits) => readonly RuleSentence[]
  /** Rules of its own, whose readings are figures by their names. */
  readonly ownRules?: readonly RuleSentence[]
  readonly figures?: Readonly<Record<string, FigureData>>
  readonly records?: Readonly<Record<string, RecordData>>
}

export function extended(base: ServiceKind, extension: Extension): ServiceKind {
  const { name, metrics, changes = {}, rules = () => [], ownRules = [], figures = {}, records = {} } = extension
  const counters = metrics.filter(({ instrument }) => instrument === 'counter')
  const ofEvery = Object.entries(changes).filter(([rule]) => EVERY_SERVICE_RULE_NAMES.includes(rule))
  return {
    ...base,
    name,
    metrics: [...base.metrics, ...metrics],
    rules: (limits) => [...base.rules(limits).flatMap(({ data }) => changedRule(overridden(data, changes))), ...rules(limits)],
    changes: { ...base.changes, ...Object.fromEntries(ofEvery) },
    ownRules: [...(base.ownRules ?? []), ...ownRules],
    ...(base.required && { required: base.required.filter((rule) => changes[rule] !== false) }),
    shown: { ...base.shown, ...figures },
    records: { ...base.records, ...records },
    totals: (samples, since) => ({ ...base.totals(samples, since), ...countedBy(counters, samples) }),
  }
}

function changedRule(data: RuleSentence['data'] | undefined): readonly RuleSentence[] {
  return data ? [new RuleSentence(data)] : []
}

/** What its counters have come to, by the values of their attributes in the order in which the metric names them. */
function countedBy(counters: readonly MetricDefinition[], samples: readonly Sample[]): Readonly<Record<string, unknown>> {
  const totals: Record<string, Record<string, number>> = Object.fromEntries(counters.map(({ name }) => [name, {}]))
  const attributesOf = new Map(counters.map(({ name, attributes }) => [name, Object.keys(attributes)]))
  for (const { series, kind, value } of samples) {
    const attributes = attributesOf.get(series.metric)
    if (kind !== 'sum' || !attributes) continue
    const values = attributes.flatMap((attribute) => series.attributes[attribute] ?? []).join(' ')
    const total = totals[series.metric]!
    total[values] = (total[values] ?? 0) + value
  }
  return totals
}
