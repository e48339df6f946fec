/** How a tracker fetcher is judged. */
import { DEPENDENCY_DOWN } from '../../catalogue.ts'
import type { AttemptMetrics } from '../figures.ts'
import type { Limits } from '../../rules/limits.ts'
import { Metric } from '../../rules/metric-ref.ts'
import { level, slowCalls, state, successRate, throughput } from '../../rules/readings.ts'
import type { RuleSentence } from '../../rules/rule.ts'
import { rule } from '../../rules/rule.ts'
import { QUEUE_STALE_AFTER } from '../worker/rules.ts'
import {
  ACCOUNT_STATE,
  ACCOUNT_STATUS,
  ANISETTE_STATE,
  ANISETTE_STATUS,
  FETCH_ATTEMPTS,
  FETCH_UNITS,
  OUTCOME,
  QUEUE_SIZE,
  QUEUE_STATE,
  UNIT_OUTCOME,
  UPSTREAM,
  UPSTREAM_DURATION,
  UPSTREAM_SLOW,
} from './metrics.ts'

const ATTEMPTS = new Metric(FETCH_ATTEMPTS)
/** Those that were successes or failures. */
const TOLD = ATTEMPTS.where({ [OUTCOME]: { not: 'unknown' } })
const UNITS = new Metric(FETCH_UNITS)
export const FETCHES: AttemptMetrics = {
  attempts: ATTEMPTS,
  told: TOLD,
  failed: ATTEMPTS.where({ [OUTCOME]: 'failed' }),
  units: UNITS,
  failedUnits: UNITS.where({ [UNIT_OUTCOME]: 'failed' }),
}
export const DUE_TRACKERS = new Metric(QUEUE_SIZE).where({ [QUEUE_STATE]: 'due' })
export const APPLE_CALLS = new Metric(UPSTREAM_DURATION).where({ [UPSTREAM]: 'apple' })
export const SLOW_APPLE_CALLS = new Metric(UPSTREAM_SLOW).where({ [UPSTREAM]: 'apple' })
export const ACCOUNT = new Metric(ACCOUNT_STATUS)
export const ANISETTE = new Metric(ANISETTE_STATUS)

export const REQUIRED = [
  'apple_account_unauthenticated',
  'anisette_unreachable',
  'large_queue',
  'low_success_rate',
  'low_fetch_rate',
] as const

export function trackerFetcherRules(limits: Limits): readonly RuleSentence[] {
  return [
    rule('apple_account_unauthenticated')
      .when(
        state(ACCOUNT, ACCOUNT_STATE, {
          logged_in: 'An Apple account is logged in',
          logged_out: 'No Apple account can fetch: logged out, and the automatic re-login failed',
          require_2fa: 'No Apple account can fetch: a person must enter a two-factor code',
          blocked: 'No Apple account can fetch: Apple refuses the login (account blocked)',
        }),
      )
      .isNot('logged_in')
      .for(0)
      .keepFiring(120)
      .summary('No Apple account can fetch: logged out, two-factor code wanted, or blocked.'),
    rule('anisette_unreachable')
      .when(
        state(ANISETTE, ANISETTE_STATE, {
          reachable: 'The anisette server answers with usable headers',
          invalid: 'The anisette server answers, but without usable headers',
          unreachable: 'The anisette server cannot be reached',
        }),
      )
      .isNot('reachable')
      .for(0)
      .keepFiring(60)
      .summary('The anisette server does not answer twice in a row, or answers without usable headers.'),
    rule('large_queue')
      .when(level(DUE_TRACKERS, { staleAfter: QUEUE_STALE_AFTER, fold: 'sum', called: 'trackers' }))
      .above(limits.largeQueue)
      .critical(limits.veryLargeQueue)
      .scope('shared')
      .says('{current} {current:tracker is|trackers are} due (limit {limit})')
      .summary('Due trackers above LARGE_QUEUE_THRESHOLD (WARNING) or VERY_LARGE_QUEUE_THRESHOLD (CRITICAL).'),
    rule('low_success_rate')
      .when(
        successRate({
          ...FETCHES,
          attempts: TOLD,
          wording: { rate: 'Fetch success rate', units: 'calls', unitsInFull: 'calls to Apple' },
        }),
      )
      .below(limits.minSuccessRateHealthy, '%')
      .critical(limits.minSuccessRateDegraded)
      .inhibitedBy('apple_account_unauthenticated', 'anisette_unreachable', DEPENDENCY_DOWN)
      .summary(
        'Success rate of fetches below MIN_SUCCESS_RATE_HEALTHY (WARNING) or MIN_SUCCESS_RATE_DEGRADED (CRITICAL), honest about small numbers.',
      ),
    rule('low_fetch_rate')
      .when(
        throughput({
          of: ATTEMPTS,
          owed: DUE_TRACKERS,
          watched: true,
          staleAfter: QUEUE_STALE_AFTER,
          wording: { done: 'fetched {current}', unit: 'trackers' },
        }),
      )
      .below(limits.minFetchRate, '/h')
      .inhibitedBy('apple_account_unauthenticated', 'anisette_unreachable', DEPENDENCY_DOWN)
      .summary('Fewer attempts in the last hour than MIN_FETCH_RATE makes likely, while trackers were due.'),
    rule('slow_apple_api')
      .when(slowCalls({ of: SLOW_APPLE_CALLS, in: APPLE_CALLS, called: 'Apple' }))
      .above(limits.maxApiResponseTimeMs, 'ms')
      .summary('More than 5 % of the calls to Apple in 5 minutes took longer than MAX_API_RESPONSE_TIME or timed out.'),
  ]
}
