/** What a tracker fetcher records: fetches from Apple, queues by tier, the account, anisette. */
import type { MetricDefinition } from '../../catalogue.ts'
import { ERROR_TYPE, OUTSIDE } from '../../catalogue.ts'

/**
 * Why a request to Apple or anisette, and so an attempt, failed. Closed, because each value is a series; anything else
 * is recorded as `_OTHER`. HTTP statuses and the names Node itself uses for transport failures.
 */
export const ERROR_TYPES = [
  'empty_body',
  'malformed_body',
  'anisette_invalid',
  'timeout',
  '401',
  '403',
  '429',
  '500',
  '502',
  '503',
  '541',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'UND_ERR_SOCKET',
  '_OTHER',
] as const
export type ErrorType = (typeof ERROR_TYPES)[number]

export const TIERS = ['immediate', 'hot', 'warm', 'cold', 'retry'] as const
export type Tier = (typeof TIERS)[number]

export const QUEUE_STATES = ['due', 'scheduled', 'leased', 'paused'] as const
export type QueueState = (typeof QUEUE_STATES)[number]

export const ACCOUNT_STATES = ['logged_in', 'logged_out', 'require_2fa', 'blocked', 'unknown'] as const
export type AccountState = (typeof ACCOUNT_STATES)[number]

export const ANISETTE_STATES = ['reachable', 'invalid', 'unreachable', 'unknown'] as const
export type AnisetteState = (typeof ANISETTE_STATES)[number]

const OUTCOMES = ['reports', 'empty', 'failed', 'unknown'] as const
export const UPSTREAMS = ['apple', 'anisette'] as const
export type Upstream = (typeof UPSTREAMS)[number]
export const SKIP_REASONS = ['anisette', 'auth'] as const
export type SkipReason = (typeof SKIP_REASONS)[number]
export const TRANSITIONS = ['enter', 'exit', 'dwell'] as const
export type GeofenceTransition = (typeof TRANSITIONS)[number]

export const OUTCOME = 'tracker_fetcher.fetch.outcome'
export const TIER = 'tracker_fetcher.queue.tier'
export const QUEUE_STATE = 'tracker_fetcher.queue.state'
export const SKIP_REASON = 'tracker_fetcher.skip.reason'
export const REPORT_KIND = 'tracker_fetcher.report.kind'
export const GEOFENCE_TRANSITION = 'tracker_fetcher.geofence.transition'
export const UPSTREAM = 'tracker_fetcher.upstream'
export const ACCOUNT_STATE = 'tracker_fetcher.account.state'
export const ANISETTE_STATE = 'tracker_fetcher.anisette.state'
export const UNIT_OUTCOME = 'tracker_fetcher.unit.outcome'

export const FETCH_ATTEMPTS: MetricDefinition = {
  name: 'tracker_fetcher.fetch.attempts',
  instrument: 'counter',
  unit: '{attempt}',
  description:
    'Trackers looked up at Apple, each counted once after in-line retries. Zero reports is a success; `unknown` where nobody can tell.',
  attributes: { [OUTCOME]: OUTCOMES, [ERROR_TYPE]: ERROR_TYPES, [TIER]: TIERS },
}
export const FETCH_UNITS: MetricDefinition = {
  name: 'tracker_fetcher.fetch.units',
  instrument: 'counter',
  unit: '{unit}',
  description:
    'Independent pieces of evidence behind the attempts: all attempts of one upstream call are one unit, failed if more than half of them failed.',
  attributes: { [UNIT_OUTCOME]: ['ok', 'failed'] },
}
export const FETCH_STREAK: MetricDefinition = {
  name: 'tracker_fetcher.fetch.streak',
  instrument: 'observable_gauge',
  unit: '{unit}',
  description: 'Units of the same outcome in a row: 3 is three successes, -3 is three failures.',
  attributes: {},
}
export const FETCH_SKIPPED: MetricDefinition = {
  name: 'tracker_fetcher.fetch.skipped',
  instrument: 'counter',
  unit: '{attempt}',
  description: 'Trackers that were due but not tried, because anisette or every account was gone.',
  attributes: { [SKIP_REASON]: SKIP_REASONS },
}
export const FETCH_RETRIES: MetricDefinition = {
  name: 'tracker_fetcher.fetch.retries',
  instrument: 'counter',
  unit: '{retry}',
  description: 'Requests repeated in line before the attempt was counted.',
  attributes: { [ERROR_TYPE]: ERROR_TYPES },
}
export const FETCH_REPORTS: MetricDefinition = {
  name: 'tracker_fetcher.fetch.reports',
  instrument: 'histogram',
  unit: '{report}',
  description: 'Location reports found per successful attempt.',
  attributes: { [REPORT_KIND]: ['new', 'duplicate'] },
  bounds: [0, 1, 2, 5, 10, 20, 50, 100],
}
export const GEOFENCE_EVENTS: MetricDefinition = {
  name: 'tracker_fetcher.geofence.events',
  instrument: 'counter',
  unit: '{event}',
  description: 'Geofence events generated from new reports.',
  attributes: { [GEOFENCE_TRANSITION]: TRANSITIONS },
}
export const BATCH_DURATION: MetricDefinition = {
  name: 'tracker_fetcher.batch.duration',
  instrument: 'histogram',
  unit: 's',
  description: 'Time from leasing a batch of trackers to having processed its answer.',
  attributes: { [TIER]: TIERS, [ERROR_TYPE]: ERROR_TYPES },
  bounds: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
}
export const UPSTREAM_DURATION: MetricDefinition = {
  name: 'tracker_fetcher.upstream.duration',
  instrument: 'histogram',
  unit: 's',
  description: 'Duration of one HTTP call to Apple or anisette, as the service sees it.',
  attributes: { [UPSTREAM]: UPSTREAMS, [ERROR_TYPE]: ERROR_TYPES },
  bounds: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60],
  restartMendsNothing: OUTSIDE,
}
export const UPSTREAM_SLOW: MetricDefinition = {
  name: 'tracker_fetcher.upstream.slow',
  instrument: 'counter',
  unit: '{call}',
  description: 'Calls that took longer than the limit (MAX_API_RESPONSE_TIME for Apple) or timed out.',
  attributes: { [UPSTREAM]: UPSTREAMS },
  restartMendsNothing: OUTSIDE,
}
export const QUEUE_SIZE: MetricDefinition = {
  name: 'tracker_fetcher.queue.size',
  instrument: 'observable_up_down_counter',
  unit: '{tracker}',
  description: 'Trackers in each queue: due now, scheduled for later, leased to a worker, or waiting in a queue that is paused on purpose.',
  attributes: { [TIER]: TIERS, [QUEUE_STATE]: QUEUE_STATES },
}
export const QUEUE_OLDEST_DUE_AGE: MetricDefinition = {
  name: 'tracker_fetcher.queue.oldest_due.age',
  instrument: 'observable_gauge',
  unit: 's',
  description: 'How long the longest waiting due tracker has been due.',
  attributes: { [TIER]: TIERS },
}
export const ACCOUNT_STATUS: MetricDefinition = {
  name: 'tracker_fetcher.account.status',
  instrument: 'observable_up_down_counter',
  unit: '1',
  description: 'State of the best Apple account: 1 for the current state, 0 for the others.',
  attributes: { [ACCOUNT_STATE]: ACCOUNT_STATES },
  restartMendsNothing: OUTSIDE,
}
export const ANISETTE_STATUS: MetricDefinition = {
  name: 'tracker_fetcher.anisette.status',
  instrument: 'observable_up_down_counter',
  unit: '1',
  description: 'State of the anisette server: 1 for the current state, 0 for the others.',
  attributes: { [ANISETTE_STATE]: ANISETTE_STATES },
  restartMendsNothing: OUTSIDE,
}

/** In the order of docs and dashboards. */
export const TRACKER_FETCHER_METRICS: readonly MetricDefinition[] = [
  FETCH_ATTEMPTS,
  FETCH_UNITS,
  FETCH_STREAK,
  FETCH_SKIPPED,
  FETCH_RETRIES,
  FETCH_REPORTS,
  GEOFENCE_EVENTS,
  BATCH_DURATION,
  UPSTREAM_DURATION,
  UPSTREAM_SLOW,
  QUEUE_SIZE,
  QUEUE_OLDEST_DUE_AGE,
  ACCOUNT_STATUS,
  ANISETTE_STATUS,
]
