/** What a geocoding service is to whoever judges it. */
import { figure } from '../../rules/figure.ts'
import { increase, level, quantile, rate, ratio } from '../../rules/readings.ts'
import type { ServiceKind } from '../../rules/service-kind.ts'
import { into } from '../../rules/tally.ts'
import { extended } from '../extended.ts'
import { workerJudging } from '../worker/judging.ts'
import { WORK_UPSTREAM } from '../worker/metrics.ts'
import { ANSWERED, CALLS } from '../worker/rules.ts'
import { CACHE_RESULT, GEOCODING_METRICS } from './metrics.ts'
import { FAILED_CALLS, geocodingRules, HITS, LOOKUPS, QUOTA, RATE_LIMITED } from './rules.ts'

export const geocodingJudging: ServiceKind = extended(workerJudging, {
  name: 'geocoding',
  metrics: GEOCODING_METRICS,
  // One provider that is slow is drowned by another that is asked more often.
  changes: { slow_upstream: { by: WORK_UPSTREAM } },
  rules: geocodingRules,
  figures: {
    cache_hit_rate_percent: figure(ratio({ of: HITS, in: LOOKUPS }).over('1h')).data,
    cache_lookups_last_hour: figure(increase(LOOKUPS).over('1h')).by(CACHE_RESULT).data,
    provider_requests_per_hour: figure(rate(CALLS).over('1h')).in('/h').by(WORK_UPSTREAM).data,
    provider_p95_ms: figure(quantile(0.95, CALLS.where(ANSWERED)))
      .in('ms')
      .by(WORK_UPSTREAM).data,
    provider_failed_percent: figure(ratio({ of: FAILED_CALLS, in: CALLS })).by(WORK_UPSTREAM).data,
    provider_rate_limited_percent: figure(ratio({ of: RATE_LIMITED, in: CALLS })).by(WORK_UPSTREAM).data,
    quota_used_percent: figure(level(QUOTA, { fold: 'max' }))
      .in('%')
      .by(WORK_UPSTREAM).data,
  },
  records: {
    lookup: { about: 'One place looked up in the cache.', tallies: [into(LOOKUPS).by(CACHE_RESULT, 'result').data] },
    quota: {
      about: 'What a provider says of its quota: `used` of `limit` requests, of which `usage` is made.',
      tallies: [into(QUOTA).of('usage').by(WORK_UPSTREAM, 'provider').data],
    },
  },
})
