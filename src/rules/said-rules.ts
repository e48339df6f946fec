/** The rules of a service, each as it was said and as it is judged. */
import type { MetricDefinition } from '../catalogue.ts'
import type { Rule } from '../types.ts'
import { everyServiceRules } from './every-service.ts'
import type { Limits } from './limits.ts'
import { overridden } from './override-rule.ts'
import type { RuleData } from './rule-data.ts'
import type { OwnRules } from './rules-config.ts'
import type { ServiceKind } from './service-kind.ts'
import { profileOf } from './service-kind.ts'

export interface SaidRule {
  readonly data: RuleData
  readonly rule: Rule
}

export interface RulesOfService {
  readonly kind: ServiceKind
  readonly limits: Limits
  readonly rules: OwnRules
  readonly metrics: readonly MetricDefinition[]
}

/** In the order in which they are judged. Throws one sentence if one cannot be. */
export function saidRules({ kind, limits, rules, metrics }: RulesOfService): readonly SaidRule[] {
  const said = [...kind.rules(limits), ...everyServiceRules(limits), ...(kind.ownRules ?? [])].map(({ data }) => data)
  const byName = new Map([...said, ...rules.own].map((data) => [data.name, data]))
  return profileOf(kind, limits, rules, metrics).rules.flatMap((rule) => {
    const own = byName.get(rule.name)
    const changed = own && overridden(own, kind.changes ?? {})
    const data = changed && overridden(changed, rules.overrides)
    return data ? [{ data, rule }] : []
  })
}
