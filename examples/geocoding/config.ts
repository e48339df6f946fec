import { HOUR, number, SECOND, serviceSettings, url, type ServiceSettings, type Variables } from '../service/settings.ts'

export interface Config extends ServiceSettings {
  readonly nominatimUrl: string
  readonly photonUrl: string
  readonly providerTimeoutMs: number
  /** How long a place is taken as it is. */
  readonly freshMs: number
  /** How long it still is better than nothing; not shorter. */
  readonly staleMs: number
}

/** Reads and checks the whole configuration. Throws one sentence that names the first variable that is wrong. */
export function readConfig(env: Variables): Config {
  const freshMs = number(env, 'PLACE_FRESH_MS', 24 * HOUR)
  const staleMs = number(env, 'PLACE_STALE_MS', Math.max(freshMs, 7 * 24 * HOUR))
  if (staleMs < freshMs) throw new Error(`PLACE_STALE_MS is ${staleMs}; expected at least PLACE_FRESH_MS, which is ${freshMs}`)
  return {
    ...serviceSettings(env),
    nominatimUrl: url(env, 'NOMINATIM_URL'),
    photonUrl: url(env, 'PHOTON_URL'),
    providerTimeoutMs: number(env, 'PROVIDER_TIMEOUT_MS', 5 * SECOND),
    freshMs,
    staleMs,
  }
}
