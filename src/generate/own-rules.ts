/** The rules that a service brings itself, in its kind or beside it, each as it is judged and as it was said. */
import type { MetricDefinition } from '../catalogue.ts'
import { EVERY_SERVICE } from '../catalogue.ts'
import type { OwnRule } from '../panels/own-rules.ts'
import { overridden } from '../rules/override-rule.ts'
import type { MetricRef } from '../rules/rule-data.ts'
import { profileOf } from '../rules/service-kind.ts'
import type { GenerateOptions } from './options.ts'

/** Throws one sentence if a rule cannot be judged. */
export function ownRules({ kind, limits, rules, metrics }: GenerateOptions): readonly OwnRule[] {
  const judged = new Map(profileOf(kind, limits, rules, metrics).rules.map((rule) => [rule.name, rule]))
  const known = new Map([...EVERY_SERVICE, ...kind.metrics, ...metrics].map((metric) => [metric.name, metric]))
  const metricOf = (ref: MetricRef): MetricDefinition => ref.definition ?? known.get(ref.metric)!
  return [...(kind.ownRules ?? []).map(({ data }) => data), ...rules.own].flatMap((each) => {
    const data = overridden(each, rules.overrides)
    const rule = judged.get(each.name)
    return data && rule ? [{ data, rule, metricOf }] : []
  })
}
