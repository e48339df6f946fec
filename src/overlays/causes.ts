/** What may cause the alerts of a rule, as the script looks it up in `{health}:causing`. */
import { DEPENDENCY_DOWN } from '../catalogue.ts'
import type { Rule } from '../types.ts'

export interface Dependent {
  readonly service: string
  /** Other services and own checks that the service says it depends on. */
  readonly dependsOn: readonly string[]
  readonly checks: readonly string[]
}

/**
 * `<service>:<rule>` each. A dependency that is another service is down while any alert of it is CRITICAL, that it is silent included; a name that
 * is a check of the service's own is never another service's.
 */
function causesOf(inhibitedBy: readonly string[], { service, dependsOn, checks }: Dependent): readonly string[] {
  const others = inhibitedBy.includes(DEPENDENCY_DOWN) ? dependsOn.filter((name) => !checks.includes(name)) : []
  return [...inhibitedBy.map((rule) => `${service}:${rule}`), ...others.map((name) => `${name}:CRITICAL`)]
}

/** By rule, of those that have any. */
export function causesOfRules(
  rules: readonly Pick<Rule, 'name' | 'inhibitedBy'>[],
  dependent: Dependent,
): ReadonlyMap<string, readonly string[]> {
  return new Map(rules.flatMap(({ name, inhibitedBy }) => (inhibitedBy ? [[name, causesOf(inhibitedBy, dependent)] as const] : [])))
}
