/** What health.config may say of a geocoding service beyond what it may say of any worker. */
import { checkKeys, checkOneOf, fail, isRecord } from '../../config/checking.ts'
import type { KindConfig } from '../../config/kind-config.ts'
import { PERIODS, type Quota } from './quota.ts'

export interface GeocodingConfig {
  /**
   * What each provider allows, by the name that the upstream has. Calls are counted by each instance for itself: where several share a
   * quota, give each its part, or record what the provider says of it.
   */
  readonly quotas?: Readonly<Record<string, Quota>>
}

export const GEOCODING_KEYS: KindConfig['keys'] = { quotas: checkQuotas }

/** Throws one sentence if they are none. */
export function checkQuotas(quotas: unknown, path: string): void {
  if (!isRecord(quotas))
    return fail(path, quotas, "an object from provider to its quota, such as { nominatim: { requests: 3000, per: 'day' } }")
  for (const [provider, quota] of Object.entries(quotas)) {
    const here = `${path}.${provider}`
    if (!isRecord(quota)) return fail(here, quota, "a quota, such as { requests: 3000, per: 'day' }")
    checkKeys(quota, ['requests', 'per'], `${here} `)
    const { requests, per } = quota
    if (!(Number.isSafeInteger(requests) && (requests as number) > 0)) fail(`${here}.requests`, requests, 'a whole number above 0')
    checkOneOf(per, Object.keys(PERIODS), `${here}.per`)
  }
}
