/** The names of a kind's rules, whatever their limits. */
import { limitsOf } from '../config/limits.ts'
import { defaultSettings } from '../config/settings.ts'
import type { ServiceKind } from '../rules/service-kind.ts'

export function ruleNamesOf(kind: ServiceKind): readonly string[] {
  return kind.rules(limitsOf(defaultSettings())).map(({ data }) => data.name)
}
