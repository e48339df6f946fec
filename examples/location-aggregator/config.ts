import { MINUTE, number, SECOND, serviceSettings, url, type ServiceSettings, type Variables } from '../service/settings.ts'
import type { Plausibility } from './merge-reports.ts'

export interface Config extends ServiceSettings {
  readonly storeUrl: string
  readonly storeTimeoutMs: number
  /** Reports per batch, at most. */
  readonly batchSize: number
  readonly plausibility: Plausibility
}

/** Reads and checks the whole configuration. Throws one sentence that names the first variable that is wrong. */
export function readConfig(env: Variables): Config {
  return {
    ...serviceSettings(env),
    storeUrl: url(env, 'STORE_URL'),
    storeTimeoutMs: number(env, 'STORE_TIMEOUT_MS', 5 * SECOND),
    batchSize: number(env, 'BATCH_SIZE', 64),
    plausibility: { maxSpeed: number(env, 'MAX_SPEED_MPS', 300), aheadMs: number(env, 'MAX_AHEAD_MS', MINUTE) },
  }
}
