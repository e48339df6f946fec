/** How a service of a kind is judged, and what it records, as code, environment and health.config have it. */
import type { ServiceKind } from '../rules/service-kind.ts'
import { profileOf } from '../rules/service-kind.ts'
import type { Profile } from '../types.ts'
import { limitsOf } from './limits.ts'
import type { HealthOptions } from './options.ts'

type Given = Pick<HealthOptions, 'settings' | 'rules' | 'metrics' | 'figures' | 'records'>

/** Throws one sentence if a rule, a figure or a record cannot be used. What is called as something of the kind takes its place. */
export function profileOfService(kind: ServiceKind, { settings, rules, metrics, figures, records }: Given): Profile {
  const given = { ...kind, shown: { ...kind.shown, ...figures }, records: { ...kind.records, ...records } }
  return profileOf(given, limitsOf(settings), rules, metrics)
}
