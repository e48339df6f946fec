/** How a tracker fetcher is judged. */
import {
  ACCOUNT_STATE,
  ACCOUNT_STATUS,
  ANISETTE_STATE,
  ANISETTE_STATUS,
  BATCH_DURATION,
  FETCH_ATTEMPTS,
  FETCH_REPORTS,
  FETCH_STREAK,
  FETCH_UNITS,
  OUTCOME,
  QUEUE_SIZE,
  QUEUE_STATE,
  REPORT_KIND,
  TIER,
  TIERS,
  UNIT_OUTCOME,
  UPSTREAM,
  UPSTREAM_DURATION,
  UPSTREAM_SLOW,
} from '../../catalogue.ts'
import { fetchRateRule } from '../../judge/fetch-rate-rule.ts'
import { levelRule } from '../../judge/level-rule.ts'
import { slowCallsRule } from '../../judge/slow-calls-rule.ts'
import { stateRule } from '../../judge/state-rule.ts'
import { successRateRule } from '../../judge/success-rate-rule.ts'
import type { Profile, Selector } from '../../types.ts'
import type { Limits, RuleOverrides } from '../limits.ts'
import { QUEUE_STALE_AFTER, timed } from '../limits.ts'

const due: Selector = { kind: 'level', metric: QUEUE_SIZE.name, where: { [QUEUE_STATE]: 'due' }, staleAfterSeconds: QUEUE_STALE_AFTER }

const SELECTORS: Readonly<Record<string, Selector>> = {
  units: { kind: 'events', metric: FETCH_UNITS.name },
  failed_units: { kind: 'events', metric: FETCH_UNITS.name, where: { [UNIT_OUTCOME]: 'failed' } },
  streak: { kind: 'level', metric: FETCH_STREAK.name },
  attempts: { kind: 'events', metric: FETCH_ATTEMPTS.name },
  failed_attempts: { kind: 'events', metric: FETCH_ATTEMPTS.name, where: { [OUTCOME]: 'failed' } },
  account: { kind: 'state', metric: ACCOUNT_STATUS.name, attribute: ACCOUNT_STATE },
  anisette: { kind: 'state', metric: ANISETTE_STATUS.name, attribute: ANISETTE_STATE },
  due,
  owed: { kind: 'time_above', level: 'due', above: 0 },
  ...Object.fromEntries(TIERS.map((tier) => [`due_${tier}`, { ...due, where: { [QUEUE_STATE]: 'due', [TIER]: tier } }])),
  apple_calls: { kind: 'events', metric: UPSTREAM_DURATION.name, where: { [UPSTREAM]: 'apple' } },
  slow_apple_calls: { kind: 'events', metric: UPSTREAM_SLOW.name, where: { [UPSTREAM]: 'apple' } },
  apple_durations: { kind: 'distribution', metric: UPSTREAM_DURATION.name, where: { [UPSTREAM]: 'apple' } },
  batches: { kind: 'distribution', metric: BATCH_DURATION.name },
  reports: { kind: 'distribution', metric: FETCH_REPORTS.name, where: { [REPORT_KIND]: 'new' } },
}

export function trackerFetcherProfile(limits: Limits, overrides: RuleOverrides = {}): Profile {
  const { tickSeconds = 1 } = limits
  const limit = (name: string, value: number) => overrides[name]?.limit ?? value
  const critical = (name: string, value: number) => overrides[name]?.critical ?? value

  return {
    name: 'tracker_fetcher',
    selectors: SELECTORS,
    required: ['apple_account_unauthenticated', 'anisette_unreachable', 'large_queue', 'low_success_rate', 'low_fetch_rate'],
    rules: [
      stateRule({
        ...timed(overrides, 'apple_account_unauthenticated', 0, 120),
        selector: 'account',
        healthy: 'logged_in',
        messages: {
          logged_in: 'An Apple account is logged in',
          logged_out: 'No Apple account can fetch: logged out, and the automatic re-login failed',
          require_2fa: 'No Apple account can fetch: a person must enter a two-factor code',
          blocked: 'No Apple account can fetch: Apple refuses the login (account blocked)',
        },
      }),
      stateRule({
        ...timed(overrides, 'anisette_unreachable', 0, 60),
        selector: 'anisette',
        healthy: 'reachable',
        messages: {
          reachable: 'The anisette server answers with usable headers',
          invalid: 'The anisette server answers, but without usable headers',
          unreachable: 'The anisette server cannot be reached',
        },
      }),
      levelRule({
        ...timed(overrides, 'large_queue', 60, 120),
        selector: 'due',
        warning: limit('large_queue', limits.largeQueue),
        critical: critical('large_queue', limits.veryLargeQueue),
        unit: 'trackers',
        describe: (current) => `${current} trackers are due`,
      }),
      successRateRule({
        ...timed(overrides, 'low_success_rate', 60, 120),
        warning: limit('low_success_rate', limits.minSuccessRateHealthy),
        critical: critical('low_success_rate', limits.minSuccessRateDegraded),
        tickSeconds,
      }),
      fetchRateRule({ ...timed(overrides, 'low_fetch_rate', 60, 120), limit: limit('low_fetch_rate', limits.minFetchRate), tickSeconds }),
      slowCallsRule({
        ...timed(overrides, 'slow_apple_api', 60, 120),
        limitMs: limit('slow_apple_api', limits.maxApiResponseTimeMs),
        tickSeconds,
      }),
    ],
  }
}
