/** What health.config may say of a tracker fetcher beyond what it may say of any service. */
import { checkUrl } from '../../config/checking.ts'
import type { KindConfig } from '../../config/kind-config.ts'
import { accountStateOf } from './account-state.ts'
import { ACCOUNT_STATES, TIERS, UPSTREAMS } from './metrics.ts'

export interface TrackerFetcherConfig {
  /** Base URL of the anisette server, probed when no real request proves it works. */
  readonly anisetteUrl?: string
}

export const TRACKER_FETCHER_CONFIG: KindConfig & { readonly own?: TrackerFetcherConfig } = {
  keys: { anisetteUrl: (value, path) => checkUrl(value, path, ['http:', 'https:']) },
  upstreams: UPSTREAMS,
  defaultUpstream: 'apple',
  // `leased` counts what workers hold of all of them.
  queues: [...TIERS, 'leased'],
  records: { account: { state: { values: ACCOUNT_STATES, ofError: accountStateOf } } },
}
