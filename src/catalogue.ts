/**
 * The metrics that every service has, each once: name, instrument, unit, attributes, description. Code, docs and dashboards take them from
 * here. Those of a kind of service are in its folder.
 */

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
  /** Why starting the process again mends nothing that is found in it, as the end of a sentence; left out: it may. */
  readonly restartMendsNothing?: string
}

/** Name of the alert about a service of which nothing is heard: one process at a time watches for it, for all services. */
export const SERVICE_SILENT = 'service_silent'
/** Name of the alert that a process is down or does not react and is not started again: said by what supervises it. */
export const PROCESS_DOWN = 'process_down'

/** Name of the rule about a service whose processes crash and are started again. */
export const RESTART_LOOP = 'restart_loop'
/** Name of the rule about a process that was asked to end and does not. */
export const DRAIN_STUCK = 'drain_stuck'
/** Name of the rule about what a service depends on. */
export const DEPENDENCY_DOWN = 'dependency_down'
/** Which check an alert of it is about: short, for it is among the labels of the alert. */
export const DEPENDENCY = 'check'

/** The instrumentation scope of everything otel-health records. */
export const SCOPE = 'otel-health'

export const ERROR_TYPE = 'error.type'
export const HTTP_REQUEST_METHOD = 'http.request.method'
export const HTTP_RESPONSE_STATUS_CODE = 'http.response.status_code'
export const SERVER_ADDRESS = 'server.address'
export const SERVER_PORT = 'server.port'
export const HEALTH_STATE = 'health.state'
export const HEALTH_RULE = 'health.rule'
export const HEALTH_SEVERITY = 'health.severity'
export const HEALTH_ALERT_STATE = 'health.alert.state'
/** Of an alert of a rule that is split by an attribute: which value of it. */
export const HEALTH_ALERT_OF = 'health.alert.of'
export const HEALTH_PHASE = 'health.phase'
export const HEALTH_CHECK_NAME = 'health.check.name'
export const HEALTH_SERVICE = 'health.service'
export const PUBLISH_OUTCOME = 'health.publish.outcome'

/** Of what others answer, or are. */
export const OUTSIDE = 'it is about what is outside of the process, which stays as it is'

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
  restartMendsNothing: OUTSIDE,
}
export const HEALTH_DEPENDENCY_STATUS: MetricDefinition = {
  name: 'health.dependency.status',
  instrument: 'observable_up_down_counter',
  unit: '1',
  description:
    'What a required check makes of the service: degraded or, if it is critical, unhealthy once it has failed twice in a row, else healthy, also once it is not checked any more. 1 for the current state, 0 for the others.',
  attributes: { [DEPENDENCY]: [], [HEALTH_STATE]: STATUSES },
  restartMendsNothing: OUTSIDE,
}
export const HEALTH_RESTARTS: MetricDefinition = {
  name: 'health.restarts',
  instrument: 'observable_gauge',
  unit: '{restart}',
  description:
    'How often a process of the service took the place of one that had ended unasked, without saying that it stops, in the last 15 minutes, as the health Redis knows it.',
  attributes: {},
  restartMendsNothing: 'it counts restarts, and would only grow',
}
export const HEALTH_DRAINING_TIME: MetricDefinition = {
  name: 'health.draining.time',
  instrument: 'observable_gauge',
  unit: 's',
  description:
    'How long ago the process was asked to end, by a signal or because the service says that it is draining; 0 where it was not.',
  attributes: {},
  restartMendsNothing: 'the process is ending already',
}
export const HEALTH_ALERT_ACTIVE: MetricDefinition = {
  name: 'health.alert.active',
  instrument: 'observable_up_down_counter',
  unit: '{alert}',
  description: 'Open alerts (firing, recovering or unknown).',
  attributes: { [HEALTH_RULE]: [], [HEALTH_ALERT_OF]: [], [HEALTH_SEVERITY]: ['WARNING', 'CRITICAL'] },
}
export const HEALTH_ALERT_STATUS: MetricDefinition = {
  name: 'health.alert.status',
  instrument: 'observable_up_down_counter',
  unit: '1',
  description: 'State of the alert of each rule: 1 for the current one, 0 for the others. A resolved alert is `inactive`.',
  attributes: {
    [HEALTH_RULE]: [],
    [HEALTH_ALERT_OF]: [],
    [HEALTH_ALERT_STATE]: ['inactive', 'pending', 'firing', 'recovering', 'unknown'],
  },
}
export const HEALTH_SERVICE_SILENT: MetricDefinition = {
  name: 'health.service.silent',
  instrument: 'observable_up_down_counter',
  unit: '{service}',
  description:
    'Services that fell silent, as this instance sees them: 1 while the alert about it is open, 0 after. Says nothing of a service that never was.',
  attributes: { [HEALTH_SERVICE]: [] },
  restartMendsNothing: OUTSIDE,
}
export const HEALTH_HEARTBEAT_TIME: MetricDefinition = {
  name: 'health.heartbeat.time',
  instrument: 'observable_gauge',
  unit: 's',
  description: 'Unix time of the last evaluation: old or absent means that nobody is judging this service.',
  attributes: {},
}

/** 0 where a service is watched and nothing of its work is seen; not there where the service tells of its work itself. */
export const HEALTH_WORK_SOURCES: MetricDefinition = {
  name: 'health.work.sources',
  instrument: 'observable_up_down_counter',
  unit: '{source}',
  description:
    'Sources of work that are watched from outside the service: workers of queue libraries, and what health.config says is an attempt; without queues whose workers the service itself has paused. At 0 nobody sees the work, so that its rate is not known; not exported where the service records its work itself.',
  attributes: {},
}

export const HEALTH_WORK_NAME = 'health.work.name'
export const HEALTH_WORK_INTERRUPTED: MetricDefinition = {
  name: 'health.work.interrupted',
  instrument: 'counter',
  unit: '{piece}',
  description:
    'Pieces of work that were in hand when an earlier process of the same `otel-health run` was killed or crashed, by queue or kind of work. BullMQ fails a job to which that happens twice.',
  attributes: { [HEALTH_WORK_NAME]: [] },
}

export const HEALTH_CLOCK_SKEW: MetricDefinition = {
  name: 'health.clock.skew',
  instrument: 'observable_gauge',
  unit: 's',
  description: 'The clock of this instance less that of the health Redis, to within a round trip: above 0 it is ahead.',
  attributes: {},
  restartMendsNothing: OUTSIDE,
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
  restartMendsNothing: OUTSIDE,
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
  restartMendsNothing: OUTSIDE,
}
export const EXPORT_FAILURES: MetricDefinition = {
  name: 'health.otlp.export.failures',
  instrument: 'counter',
  unit: '{export}',
  description: 'OTLP exports that failed; cumulative values arrive with the next one that succeeds.',
  attributes: {},
  restartMendsNothing: OUTSIDE,
}
export const EVALUATION_ERRORS: MetricDefinition = {
  name: 'health.evaluation.errors',
  instrument: 'counter',
  unit: '{error}',
  description: 'Rules, collections and evaluations that threw.',
  attributes: {},
}

/** What every service has, in the order of docs. Kinds of service have more: src/kinds. */
export const EVERY_SERVICE: readonly MetricDefinition[] = [
  HEALTH_STATUS,
  HEALTH_INSTANCE_STATUS,
  HEALTH_INSTANCE_PHASE,
  HEALTH_CHECK_STATUS,
  HEALTH_DEPENDENCY_STATUS,
  HEALTH_RESTARTS,
  HEALTH_DRAINING_TIME,
  HEALTH_ALERT_ACTIVE,
  HEALTH_ALERT_STATUS,
  HEALTH_SERVICE_SILENT,
  HEALTH_HEARTBEAT_TIME,
  HEALTH_WORK_SOURCES,
  HEALTH_WORK_INTERRUPTED,
  HEALTH_CLOCK_SKEW,
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
