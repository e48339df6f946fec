/** A worker that turns positions into places, asking providers what its cache does not know. */
import type { Kind } from '../kind.ts'
import { kindOfWorker } from '../worker/kind-of-worker.ts'
import type { GeocodingConfig } from './config.ts'
import { GEOCODING_KEYS } from './config.ts'
import { geocodingJudging } from './judging.ts'
import { QUOTA_USAGE } from './metrics.ts'
import { GeocodingHealthMonitor } from './monitor.ts'

export const geocoding: Kind<GeocodingConfig> = kindOfWorker<GeocodingConfig>({
  judging: geocodingJudging,
  title: 'geocoding service',
  about: 'For a service that turns positions into places with a cache and providers; each provider is an upstream.',
  keys: GEOCODING_KEYS,
  monitor: (options) => new GeocodingHealthMonitor(options),
  quotaUsage: QUOTA_USAGE,
  dashboard: {
    description: 'A geocoding service: how it stands, its cache, its providers and their quotas, its work and queues.',
    rule: 'low_cache_hit_rate',
    rows: async () => (await import('./dashboard.ts')).geocodingRows,
  },
})
