/** A change of some metrics is judged at once, and alone: only the rules that read them. */
import type { Profile, Rule, Verdict } from '../types.ts'
import type { Judgement } from './judge.ts'
import { alertKey } from './judge.ts'

/** The rules that read each metric, directly. */
export function rulesByMetric({ rules }: Pick<Profile, 'rules'>): ReadonlyMap<string, readonly Rule[]> {
  const byMetric = new Map<string, Rule[]>()
  for (const rule of rules) {
    const metrics = new Set(rule.needs.flatMap((selector) => ('metric' in selector ? [selector.metric] : [])))
    for (const metric of metrics) byMetric.set(metric, [...(byMetric.get(metric) ?? []), rule])
  }
  return byMetric
}

/** The rules that read any of the metrics, in the order of the profile. */
export function rulesOn(
  changed: ReadonlySet<string>,
  byMetric: ReadonlyMap<string, readonly Rule[]>,
  { rules }: Pick<Profile, 'rules'>,
): readonly Rule[] {
  const [metric, ...more] = changed
  if (metric !== undefined && more.length === 0) return byMetric.get(metric) ?? []
  const reading = new Set([...changed].flatMap((each) => byMetric.get(each) ?? []))
  return rules.filter((rule) => reading.has(rule))
}

/** What `last` says of all rules with what `newer` says of some of them in its place. */
export function withNewer(last: Judgement, newer: Judgement): Judgement {
  const key = ({ rule, labels }: Verdict) => alertKey(rule, labels)
  const verdicts = new Map(newer.verdicts.map((verdict) => [key(verdict), verdict]))
  return {
    ...newer,
    alerts: new Map([...last.alerts, ...newer.alerts]),
    verdicts: last.verdicts.map((verdict) => verdicts.get(key(verdict)) ?? verdict),
  }
}
