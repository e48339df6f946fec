/** What a geocoding service records beyond any worker: its cache, and what it uses of its providers' quotas. A provider is an upstream. */
import type { MetricDefinition } from '../../catalogue.ts'
import { OUTSIDE } from '../../catalogue.ts'
import { WORK_UPSTREAM } from '../worker/metrics.ts'

/** `stale`: an answer of yesterday, given at once while a new one is fetched. */
export const CACHE_RESULTS = ['hit', 'miss', 'stale'] as const
export type CacheResult = (typeof CACHE_RESULTS)[number]

export const CACHE_RESULT = 'geocoding.cache.result'

export const CACHE_LOOKUPS: MetricDefinition = {
  name: 'geocoding.cache.lookups',
  instrument: 'counter',
  unit: '{lookup}',
  description: 'Places looked up in the cache of the service, by what was found.',
  attributes: { [CACHE_RESULT]: CACHE_RESULTS },
}
export const QUOTA_USAGE: MetricDefinition = {
  name: 'geocoding.quota.usage',
  instrument: 'observable_gauge',
  unit: '1',
  description:
    'Share of a provider’s quota that is used in the present period, as the provider says it or as this instance counts it; not set while it is not known.',
  attributes: { [WORK_UPSTREAM]: [] },
  restartMendsNothing: OUTSIDE,
}

/** In the order of docs and dashboards. */
export const GEOCODING_METRICS: readonly MetricDefinition[] = [CACHE_LOOKUPS, QUOTA_USAGE]
