/** What health.config says is an attempt. Pure. */
import type { HealthConfig } from '../config/health-config.ts'
import type { KindConfig } from '../config/kind-config.ts'
import type { UnseenFacts } from './unseen-work.ts'

export interface Configured {
  readonly config: HealthConfig
  readonly kind: KindConfig
}

/** `none`: it says that nothing is. */
export function configuredWork({ config, kind }: Configured): UnseenFacts['configured'] {
  const { methods, channels = [], upstreams = {} } = config
  const targets = [...(methods ?? []), ...channels, ...Object.values(upstreams)]
  if (targets.some((target) => isAttempt(target, { config, kind }))) return 'attempts'
  return methods?.length === 0 ? 'none' : 'nothing'
}

/** Whether a call is one piece of work, or many. */
export function isAttempt({ records = '' }: { readonly records?: string }, { config, kind }: Configured): boolean {
  const known: Readonly<Record<string, object>> = { ...kind.records, ...config.records }
  return records === 'attempt' || records === 'batch' || (Object.hasOwn(known, records) && 'is' in known[records]!)
}
