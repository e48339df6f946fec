/** The rules of a service that no kind of the package has, each as it is judged and as it was said. */
import type { MetricDefinition } from '../catalogue.ts'
import { EVERY_SERVICE } from '../catalogue.ts'
import { KINDS } from '../kinds/index.ts'
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
  // What a kind of somebody's making has beyond the one that it is made of.
  const charted = new Set(KINDS.flatMap(({ ruleNames }) => ruleNames))
  const ofKind = kind.rules(limits).flatMap(({ data }) => (charted.has(data.name) ? [] : [data]))
  return [...ofKind, ...rules.own].flatMap((each) => {
    const data = overridden(each, rules.overrides)
    const rule = judged.get(each.name)
    return data && rule ? [{ data, rule, metricOf }] : []
  })
}
