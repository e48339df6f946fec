/** Every metric once: name, instrument, unit, attributes, description. Code, docs and dashboards take them from here. */

export type InstrumentKind = 'counter' | 'histogram' | 'observable_up_down_counter' | 'observable_gauge'

export interface MetricDefinition {
  readonly name: string
  readonly instrument: InstrumentKind
  /** UCUM. */
  readonly unit: string
  readonly description: string
  /** Attribute name -> its values, where the set is closed. */
  readonly attributes: Readonly<Record<string, readonly string[]>>
  /** Upper bounds of the buckets of a histogram; a value equal to a bound belongs below it. */
  readonly bounds?: readonly number[]
  /** Named by OTel's semantic conventions: instrumentations of an SDK beside us record it as well. */
  readonly convention?: true
}

/** Name of the rule that every instance judges about every service. */
export const SERVICE_SILENT = 'service_silent'

/** The instrumentation scope of everything otel-health records. */
export const SCOPE = 'otel-health'

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

export const QUEUE_STATES = ['due', 'scheduled', 'leased'] as const
export type QueueState = (typeof QUEUE_STATES)[number]

export const ACCOUNT_STATES = ['logged_in', 'logged_out', 'require_2fa', 'blocked', 'unknown'] as const
export type AccountState = (typeof ACCOUNT_STATES)[number]

export const ANISETTE_STATES = ['reachable', 'invalid', 'unreachable', 'unknown'] as const
export type AnisetteState = (typeof ANISETTE_STATES)[number]

const OUTCOMES = ['reports', 'empty', 'failed'] as const
export const UPSTREAMS = ['apple', 'anisette'] as const
export type Upstream = (typeof UPSTREAMS)[number]
export const SKIP_REASONS = ['anisette', 'auth'] as const
export type SkipReason = (typeof SKIP_REASONS)[number]
export const TRANSITIONS = ['enter', 'exit', 'dwell'] as const
export type GeofenceTransition = (typeof TRANSITIONS)[number]

/** States of any queue. `failed`: given up, kept for a person to look at. */
export const WORK_QUEUE_STATES = ['due', 'scheduled', 'leased', 'failed'] as const
export type WorkQueueState = (typeof WORK_QUEUE_STATES)[number]

export const ERROR_TYPE = 'error.type'
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
export const WORK_NAME = 'work.name'
export const WORK_OUTCOME = 'work.outcome'
export const WORK_UPSTREAM = 'work.upstream'
export const WORK_QUEUE_NAME = 'work.queue.name'
export const WORK_QUEUE_STATE = 'work.queue.state'
export const HTTP_REQUEST_METHOD = 'http.request.method'
export const HTTP_RESPONSE_STATUS_CODE = 'http.response.status_code'
export const SERVER_ADDRESS = 'server.address'
export const SERVER_PORT = 'server.port'
export const HEALTH_STATE = 'health.state'
export const HEALTH_RULE = 'health.rule'
export const HEALTH_SEVERITY = 'health.severity'
export const HEALTH_ALERT_STATE = 'health.alert.state'
export const HEALTH_PHASE = 'health.phase'
export const HEALTH_CHECK_NAME = 'health.check.name'
export const HEALTH_SERVICE = 'health.service'
export const PUBLISH_OUTCOME = 'health.publish.outcome'

export const FETCH_ATTEMPTS: MetricDefinition = {
  name: 'tracker_fetcher.fetch.attempts',
  instrument: 'counter',
  unit: '{attempt}',
  description: 'Trackers looked up at Apple, each counted once after in-line retries. Zero reports is a success.',
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
}
export const UPSTREAM_SLOW: MetricDefinition = {
  name: 'tracker_fetcher.upstream.slow',
  instrument: 'counter',
  unit: '{call}',
  description: 'Calls that took longer than the limit (MAX_API_RESPONSE_TIME for Apple) or timed out.',
  attributes: { [UPSTREAM]: UPSTREAMS },
}
export const QUEUE_SIZE: MetricDefinition = {
  name: 'tracker_fetcher.queue.size',
  instrument: 'observable_up_down_counter',
  unit: '{tracker}',
  description: 'Trackers in each queue: due now, scheduled for later, or leased to a worker.',
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
}
export const ANISETTE_STATUS: MetricDefinition = {
  name: 'tracker_fetcher.anisette.status',
  instrument: 'observable_up_down_counter',
  unit: '1',
  description: 'State of the anisette server: 1 for the current state, 0 for the others.',
  attributes: { [ANISETTE_STATE]: ANISETTE_STATES },
}

const WORK_OUTCOMES = ['ok', 'failed'] as const
export const WORK_ATTEMPTS: MetricDefinition = {
  name: 'work.attempts',
  instrument: 'counter',
  unit: '{attempt}',
  description: 'Pieces of work tried, such as a fetch or a job, each counted once when it ends.',
  attributes: { [WORK_OUTCOME]: WORK_OUTCOMES, [ERROR_TYPE]: [], [WORK_NAME]: [] },
}
export const WORK_UNITS: MetricDefinition = {
  name: 'work.units',
  instrument: 'counter',
  unit: '{unit}',
  description:
    'Independent pieces of evidence behind the attempts: all attempts of one batch are one unit, failed if more than half of them failed.',
  attributes: { [WORK_OUTCOME]: WORK_OUTCOMES },
}
export const WORK_STREAK: MetricDefinition = {
  name: 'work.streak',
  instrument: 'observable_gauge',
  unit: '{unit}',
  description: 'Units of the same outcome in a row: 3 is three successes, -3 is three failures.',
  attributes: {},
}
export const WORK_ITEMS_FOUND: MetricDefinition = {
  name: 'work.items.found',
  instrument: 'counter',
  unit: '{item}',
  description: 'What successful attempts found: reports, rows, messages.',
  attributes: { [WORK_NAME]: [] },
}
export const WORK_EVENTS: MetricDefinition = {
  name: 'work.events',
  instrument: 'counter',
  unit: '{event}',
  description: 'Events that the work generated.',
  attributes: { [WORK_NAME]: [] },
}
export const WORK_ATTEMPT_DURATION: MetricDefinition = {
  name: 'work.attempt.duration',
  instrument: 'histogram',
  unit: 's',
  description: 'Time from the beginning to the end of one attempt.',
  attributes: { [WORK_NAME]: [], [ERROR_TYPE]: [] },
  bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
}
export const WORK_BATCH_DURATION: MetricDefinition = {
  name: 'work.batch.duration',
  instrument: 'histogram',
  unit: 's',
  description: 'Time from the beginning to the end of one batch.',
  attributes: { [WORK_NAME]: [], [ERROR_TYPE]: [] },
  bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
}
export const WORK_UPSTREAM_DURATION: MetricDefinition = {
  name: 'work.upstream.duration',
  instrument: 'histogram',
  unit: 's',
  description: 'Duration of one call to an upstream, by its configured name or its host, as the service sees it.',
  attributes: { [WORK_UPSTREAM]: [], [ERROR_TYPE]: [] },
  bounds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60],
}
export const WORK_UPSTREAM_SLOW: MetricDefinition = {
  name: 'work.upstream.slow',
  instrument: 'counter',
  unit: '{call}',
  description: 'Calls to an upstream that took longer than MAX_API_RESPONSE_TIME or timed out.',
  attributes: { [WORK_UPSTREAM]: [] },
}
export const WORK_QUEUE_SIZE: MetricDefinition = {
  name: 'work.queue.size',
  instrument: 'observable_up_down_counter',
  unit: '{item}',
  description: 'Items in each queue: due now, scheduled for later, leased to a worker, or failed.',
  attributes: { [WORK_QUEUE_NAME]: [], [WORK_QUEUE_STATE]: WORK_QUEUE_STATES },
}
export const WORK_QUEUE_OLDEST_DUE_AGE: MetricDefinition = {
  name: 'work.queue.oldest_due.age',
  instrument: 'observable_gauge',
  unit: 's',
  description: 'How long the longest waiting due item has been due.',
  attributes: { [WORK_QUEUE_NAME]: [] },
}

const STATUSES = ['healthy', 'degraded', 'unhealthy'] as const
export const HEALTH_STATUS: MetricDefinition = {
  name: 'health.status',
  instrument: 'observable_up_down_counter',
  unit: '1',
  description: 'Status of the service as published: 1 for the current state, 0 for the others.',
  attributes: { [HEALTH_STATE]: STATUSES },
}
export const HEALTH_INSTANCE_STATUS: MetricDefinition = {
  name: 'health.instance.status',
  instrument: 'observable_up_down_counter',
  unit: '1',
  description: 'Status of the instance by its own checks and verdicts: 1 for the current state, 0 for the others.',
  attributes: { [HEALTH_STATE]: STATUSES },
}
export const HEALTH_INSTANCE_PHASE: MetricDefinition = {
  name: 'health.instance.phase',
  instrument: 'observable_up_down_counter',
  unit: '1',
  description: 'Phase of the instance: 1 for the current one, 0 for the others. A graceful stop exports `stopped` last.',
  attributes: { [HEALTH_PHASE]: ['starting', 'running', 'paused', 'draining', 'stopped'] },
}
export const HEALTH_CHECK_STATUS: MetricDefinition = {
  name: 'health.check.status',
  instrument: 'observable_up_down_counter',
  unit: '1',
  description:
    'Status of what a dependency check found last: 1 for the current state, 0 for the others, all 0 once it is not checked any more.',
  attributes: { [HEALTH_CHECK_NAME]: [], [HEALTH_STATE]: STATUSES },
}
export const HEALTH_ALERT_ACTIVE: MetricDefinition = {
  name: 'health.alert.active',
  instrument: 'observable_up_down_counter',
  unit: '{alert}',
  description: 'Open alerts (firing, recovering or unknown).',
  attributes: { [HEALTH_RULE]: [], [HEALTH_SEVERITY]: ['WARNING', 'CRITICAL'] },
}
export const HEALTH_ALERT_STATUS: MetricDefinition = {
  name: 'health.alert.status',
  instrument: 'observable_up_down_counter',
  unit: '1',
  description: 'State of the alert of each rule: 1 for the current one, 0 for the others. A resolved alert is `inactive`.',
  attributes: { [HEALTH_RULE]: [], [HEALTH_ALERT_STATE]: ['inactive', 'pending', 'firing', 'recovering', 'unknown'] },
}
export const HEALTH_SERVICE_SILENT: MetricDefinition = {
  name: 'health.service.silent',
  instrument: 'observable_up_down_counter',
  unit: '{service}',
  description:
    'Services that fell silent, as this instance sees them: 1 while the alert about it is open, 0 after. Says nothing of a service that never was.',
  attributes: { [HEALTH_SERVICE]: [] },
}
export const HEALTH_HEARTBEAT_TIME: MetricDefinition = {
  name: 'health.heartbeat.time',
  instrument: 'observable_gauge',
  unit: 's',
  description: 'Unix time of the last evaluation: old or absent means that nobody is judging this service.',
  attributes: {},
}

/** Methods of RFC 9110, PATCH and QUERY; the conventions call every other one `_OTHER`. */
export const HTTP_METHODS = ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE', '_OTHER'] as const

export const HTTP_CLIENT_REQUEST_DURATION: MetricDefinition = {
  name: 'http.client.request.duration',
  convention: true,
  instrument: 'histogram',
  unit: 's',
  description: 'Duration of HTTP client requests.',
  attributes: {
    [HTTP_REQUEST_METHOD]: HTTP_METHODS,
    [SERVER_ADDRESS]: [],
    [SERVER_PORT]: [],
    [HTTP_RESPONSE_STATUS_CODE]: [],
    [ERROR_TYPE]: [],
  },
  // The conventions' advice, and beyond it: an upstream that takes longer than 10 s is what alerts are about.
  bounds: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 15, 30, 60],
}

export const PROCESS_MEMORY_USAGE: MetricDefinition = {
  name: 'process.memory.usage',
  convention: true,
  instrument: 'observable_up_down_counter',
  unit: 'By',
  description: 'Physical memory in use by the process.',
  attributes: {},
}
export const PROCESS_CPU_UTILIZATION: MetricDefinition = {
  name: 'process.cpu.utilization',
  convention: true,
  instrument: 'observable_gauge',
  unit: '1',
  description: 'CPU time used by the process per second since the last collection: 1 is one core.',
  attributes: {},
}
export const PROCESS_UPTIME: MetricDefinition = {
  name: 'process.uptime',
  convention: true,
  instrument: 'observable_gauge',
  unit: 's',
  description: 'How long the process has been running.',
  attributes: {},
}
export const EVENT_LOOP_DELAY: MetricDefinition = {
  name: 'nodejs.eventloop.delay.p99',
  convention: true,
  instrument: 'observable_gauge',
  unit: 's',
  description: 'Event loop delay that 1 % of turns exceeded since the last collection.',
  attributes: {},
}
export const RECORDS_DROPPED: MetricDefinition = {
  name: 'health.records.dropped',
  instrument: 'counter',
  unit: '{record}',
  description:
    'Records that were ignored: a value was not a finite number >= 0, a state was unknown, or an extractor of health.config failed.',
  attributes: {},
}
export const PUBLISH_MESSAGES: MetricDefinition = {
  name: 'health.publish.messages',
  instrument: 'counter',
  unit: '{message}',
  description:
    'Messages for the health Redis: published, failed (refused or not answered by a Redis that is connected; kept and tried again) or dropped (the bound of the outbox was reached).',
  attributes: { [PUBLISH_OUTCOME]: ['published', 'failed', 'dropped'] },
}
export const EXPORT_FAILURES: MetricDefinition = {
  name: 'health.otlp.export.failures',
  instrument: 'counter',
  unit: '{export}',
  description: 'OTLP exports that failed; cumulative values arrive with the next one that succeeds.',
  attributes: {},
}
export const EVALUATION_ERRORS: MetricDefinition = {
  name: 'health.evaluation.errors',
  instrument: 'counter',
  unit: '{error}',
  description: 'Rules, collections and evaluations that threw.',
  attributes: {},
}

/** In the order of docs and dashboards. */
export const CATALOGUE: readonly MetricDefinition[] = [
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
  WORK_ATTEMPTS,
  WORK_UNITS,
  WORK_STREAK,
  WORK_ITEMS_FOUND,
  WORK_EVENTS,
  WORK_ATTEMPT_DURATION,
  WORK_BATCH_DURATION,
  WORK_UPSTREAM_DURATION,
  WORK_UPSTREAM_SLOW,
  WORK_QUEUE_SIZE,
  WORK_QUEUE_OLDEST_DUE_AGE,
  HEALTH_STATUS,
  HEALTH_INSTANCE_STATUS,
  HEALTH_INSTANCE_PHASE,
  HEALTH_CHECK_STATUS,
  HEALTH_ALERT_ACTIVE,
  HEALTH_ALERT_STATUS,
  HEALTH_SERVICE_SILENT,
  HEALTH_HEARTBEAT_TIME,
  HTTP_CLIENT_REQUEST_DURATION,
  PROCESS_MEMORY_USAGE,
  PROCESS_CPU_UTILIZATION,
  PROCESS_UPTIME,
  EVENT_LOOP_DELAY,
  RECORDS_DROPPED,
  PUBLISH_MESSAGES,
  EXPORT_FAILURES,
  EVALUATION_ERRORS,
]
