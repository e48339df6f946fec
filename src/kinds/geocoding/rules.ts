/** How a geocoding service is judged beyond any worker. */
import { ERROR_TYPE } from '../../catalogue.ts'
import { Metric } from '../../rules/metric-ref.ts'
import { level, ratio } from '../../rules/readings.ts'
import type { RuleSentence } from '../../rules/rule.ts'
import { rule } from '../../rules/rule.ts'
import { WORK_UPSTREAM } from '../worker/metrics.ts'
import { CALLS, NAMED } from '../worker/rules.ts'
import { CACHE_LOOKUPS, CACHE_RESULT, QUOTA_USAGE } from './metrics.ts'

export const LOOKUPS = new Metric(CACHE_LOOKUPS)
export const HITS = LOOKUPS.where({ [CACHE_RESULT]: 'hit' })
export const QUOTA = new Metric(QUOTA_USAGE)
/** The provider asks for fewer calls; that is no failure of it. */
export const RATE_LIMITED = CALLS.where({ [ERROR_TYPE]: '429' })
export const FAILED_CALLS = CALLS.where({ [ERROR_TYPE]: { not: ['', '429'] } })

/** Percent from which on a quota is nearly used. */
export const QUOTA_LIMIT = 80

export function geocodingRules(): readonly RuleSentence[] {
  return [
    rule('failing_provider')
      .when(ratio({ of: FAILED_CALLS.where(NAMED), in: CALLS.where(NAMED) }))
      .above(20, '%')
      .by(WORK_UPSTREAM)
      .says('{of}: {current} of the calls over {window} failed (limit {limit}): {failures} of {n}')
      .summary(
        'More than 20 % of the calls to one provider failed in 5 minutes; answers 429 are not counted as failed. Where no other provider answers, low_success_rate tells of it.',
      ),
    rule('rate_limited')
      .when(ratio({ of: RATE_LIMITED.where(NAMED), in: CALLS.where(NAMED) }))
      .above(5, '%')
      .for('2m')
      .by(WORK_UPSTREAM)
      .says('{of}: {current} of the calls over {window} were answered 429 (limit {limit}): {failures} of {n}')
      .summary('More than 5 % of the calls to one provider were answered 429 in 5 minutes.'),
    rule('low_cache_hit_rate')
      .when(ratio({ of: HITS, in: LOOKUPS }).over('15m'))
      .below(60, '%')
      // A cache that begins empty fills in its first half hour; over a longer window it would be held against it for longer.
      .for('30m')
      .says('The cache hit rate is {current} over {window} (limit {limit}): {count} of {n} {n:lookup|lookups} {count:was a hit|were hits}')
      .summary(
        'For half an hour fewer than 60 % of the lookups of 15 minutes were hits: places come back, so a fall is a fault of the key or of the cache.',
      ),
    rule('quota_nearly_used')
      .when(level(QUOTA, { fold: 'max' }))
      .above(QUOTA_LIMIT, '%')
      .critical(95)
      .for(0)
      .by(WORK_UPSTREAM)
      .says('{current} of the quota of {of} is used (limit {limit})')
      .summary(
        'More than 80 % (CRITICAL: 95 %) of the quota of one provider is used in its period; only where `quotas` or the provider says what the quota is.',
      ),
  ]
}
