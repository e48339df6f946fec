/** health.config as a user writes it: what any service has, and the keys of the kinds. */
import type { HealthConfig as AnyHealthConfig } from '../config/health-config.ts'
import type { KINDS } from './index.ts'
import type { Kind } from './kind.ts'

type OwnOf<K> = K extends { readonly config: { readonly own?: infer Own } } ? Own : never
type All<U> = (U extends unknown ? (each: U) => void : never) extends (all: infer I) => void ? I : never

export type HealthConfig = Omit<AnyHealthConfig, 'profile'> &
  Partial<All<NonNullable<OwnOf<(typeof KINDS)[number]>>>> & {
    /** Which kind of service it is: the name of one, or one made by defineKind. Default: `worker`. */
    readonly profile?: (typeof KINDS)[number]['name'] | Kind
  }

/** For type checking and completion in health.config.ts; gives back what it is given. */
export function defineHealth(config: HealthConfig): HealthConfig {
  return config
}
