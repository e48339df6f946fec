import { HOUR, MINUTE, number, SECOND, serviceSettings, url, type ServiceSettings, type Variables } from '../service/settings.ts'

export interface Config extends ServiceSettings {
  readonly fencesUrl: string
  readonly fencesTimeoutMs: number
  readonly fencesEveryMs: number
  /** A position is late if it is older than this when it is judged. */
  readonly lateAfterMs: number
  readonly dwellMs: number
}

/** Reads and checks the whole configuration. Throws one sentence that names the first variable that is wrong. */
export function readConfig(env: Variables): Config {
  return {
    ...serviceSettings(env),
    fencesUrl: url(env, 'FENCES_URL'),
    fencesTimeoutMs: number(env, 'FENCES_TIMEOUT_MS', 5 * SECOND),
    fencesEveryMs: number(env, 'FENCES_EVERY_MS', MINUTE),
    lateAfterMs: number(env, 'LATE_AFTER_MS', 2 * HOUR),
    dwellMs: number(env, 'GEOFENCE_DWELL_MS', 10 * MINUTE),
  }
}
