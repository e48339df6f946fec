/** Panels that every service has: how it stands, its process, and what otel-health says of itself. */
import type { MetricDefinition } from '../catalogue.ts'
import {
  EVALUATION_ERRORS,
  EVENT_LOOP_DELAY,
  EXPORT_FAILURES,
  HEALTH_ALERT_ACTIVE,
  HEALTH_ALERT_OF,
  HEALTH_ALERT_STATE,
  HEALTH_ALERT_STATUS,
  HEALTH_CHECK_NAME,
  HEALTH_CHECK_STATUS,
  HEALTH_INSTANCE_PHASE,
  HEALTH_PHASE,
  HEALTH_DRAINING_TIME,
  HEALTH_RESTARTS,
  HEALTH_RULE,
  HEALTH_SEVERITY,
  HEALTH_STATE,
  HEALTH_STATUS,
  HEALTH_WORK_INTERRUPTED,
  HTTP_CLIENT_REQUEST_DURATION,
  HTTP_RESPONSE_STATUS_CODE,
  PROCESS_CPU_UTILIZATION,
  PROCESS_MEMORY_USAGE,
  PROCESS_UPTIME,
  PUBLISH_MESSAGES,
  PUBLISH_OUTCOME,
  RECORDS_DROPPED,
  SERVER_ADDRESS,
} from '../catalogue.ts'
import type { HeartbeatTiming } from './heartbeat.ts'
import { beating, heartbeatLimit, running, unexcusedAge, whileRunning } from './heartbeat.ts'
import { prometheusLabel } from '../export/prometheus-name.ts'
import type { Where } from '../types.ts'
import { ANSWER_COLOURS, byLastWord } from './line-colours.ts'
import type { PanelRow, PanelSpec, Query, ShownState } from './panel-spec.ts'
import { increase, INSTANCE_LABELS, max, quantile, rate, series, SERVICE_LABELS, stateNumber, sum } from './promql.ts'

/** Without an environment the name alone. */
export const SERVICE_LEGEND = '{{job}} {{deployment_environment_name}}'

/** From best to worst. */
export const STATUS: readonly ShownState[] = [
  { state: 'healthy', colour: 'green' },
  { state: 'degraded', colour: 'orange' },
  { state: 'unhealthy', colour: 'red' },
]
const PHASE: readonly ShownState[] = [
  { state: 'running', colour: 'green' },
  { state: 'starting', colour: 'blue' },
  { state: 'paused', colour: 'yellow' },
  { state: 'draining', colour: 'purple' },
  { state: 'stopped', colour: 'text' },
]
/** Of an alert. */
const ALERT: readonly ShownState[] = [
  { state: 'inactive', colour: 'green' },
  { state: 'pending', colour: 'yellow' },
  { state: 'recovering', colour: 'blue' },
  { state: 'firing', colour: 'red' },
  { state: 'unknown', colour: 'purple' },
]

/** The state that a metric is in now, by the given labels, of instances that run; of several the worst. */
export function stateNow(
  metric: MetricDefinition,
  attribute: string,
  states: readonly ShownState[],
  timing: HeartbeatTiming,
  by: readonly string[],
  where?: Where,
): string {
  return max(whileRunning(numberOf(metric, attribute, states, where), timing), by)
}

function numberOf(metric: MetricDefinition, attribute: string, states: readonly ShownState[], where?: Where): string {
  return stateNumber(
    metric,
    attribute,
    states.map(({ state }) => state),
    where,
  )
}

export function statusNow(timing: HeartbeatTiming): string {
  return stateNow(HEALTH_STATUS, HEALTH_STATE, STATUS, timing, SERVICE_LABELS)
}

/** What names an alert among those of one service: the second is empty of a rule that is not split. */
const ALERT_LABELS: readonly string[] = [HEALTH_RULE, HEALTH_ALERT_OF]
/** The same for people. */
export const ALERT_LEGEND = '{{health_rule}} {{health_alert_of}}'

/** The state of each alert, of the given rule or of all. */
export function alertStates(
  timing: HeartbeatTiming,
  rule?: string,
): { readonly states: readonly ShownState[]; readonly queries: readonly Query[] } {
  const expr = stateNow(
    HEALTH_ALERT_STATUS,
    HEALTH_ALERT_STATE,
    ALERT,
    timing,
    ALERT_LABELS,
    rule === undefined ? {} : { [HEALTH_RULE]: rule },
  )
  return { states: ALERT, queries: [{ expr, legend: ALERT_LEGEND }] }
}

/** Open alerts of each service, each counted once however many instances see it. */
export function openAlerts(timing: HeartbeatTiming): string {
  return max(whileRunning(series(HEALTH_ALERT_ACTIVE), timing), [...SERVICE_LABELS, ...ALERT_LABELS, HEALTH_SEVERITY])
}

export function standingRow(timing: HeartbeatTiming): PanelRow {
  const limit = heartbeatLimit(timing)
  // One that stopped a moment ago says so here.
  const phase = `${numberOf(HEALTH_INSTANCE_PHASE, HEALTH_PHASE, PHASE)} and on (${INSTANCE_LABELS.join(', ')}) (${beating(timing)})`
  return {
    title: 'Health',
    panels: [
      {
        kind: 'stat',
        title: 'Status',
        description: 'Status of the service as its status channel says it; of several instances the worst.',
        unit: 'none',
        width: 4,
        states: STATUS,
        queries: [{ expr: statusNow(timing), legend: SERVICE_LEGEND }],
      },
      {
        kind: 'stat',
        title: 'Phase',
        description: 'Phase and version of each instance; one that stopped gracefully stays in sight for a moment.',
        unit: 'none',
        width: 4,
        states: PHASE,
        queries: [{ expr: max(phase, ['instance', 'service_version']), legend: '{{instance}} {{service_version}}' }],
      },
      {
        kind: 'stat',
        title: 'Open alerts',
        description: HEALTH_ALERT_ACTIVE.description,
        unit: 'none',
        width: 4,
        limits: { breach: 'above', warning: 1 },
        queries: [{ expr: sum(openAlerts(timing)), legend: 'open alerts' }],
      },
      {
        kind: 'stat',
        title: 'Last heartbeat',
        description: `Age of the newest evaluation that was exported, unless the service stopped gracefully. Above ${limit} s nobody judges it.`,
        unit: 's',
        width: 4,
        limits: { breach: 'above', warning: limit / 2, critical: limit },
        queries: [{ expr: unexcusedAge(), legend: SERVICE_LEGEND }],
      },
      {
        kind: 'stat',
        title: 'Instances',
        description: 'Instances whose heartbeat is not too old, and that did not stop.',
        unit: 'none',
        width: 4,
        queries: [{ expr: `count(${running(timing)})`, legend: 'instances' }],
      },
      {
        kind: 'stat',
        title: 'Up for',
        description: 'How long the youngest instance has been running.',
        unit: 's',
        width: 4,
        queries: [{ expr: `min(${whileRunning(series(PROCESS_UPTIME), timing)})`, legend: 'youngest' }],
      },
      {
        kind: 'timeline',
        title: 'Alerts by rule',
        description: HEALTH_ALERT_STATUS.description,
        unit: 'none',
        width: 14,
        ...alertStates(timing),
      },
      {
        kind: 'timeline',
        title: 'Dependencies',
        description: 'What the checks of the servers that the service needs found last; of several instances the worst.',
        unit: 'none',
        width: 10,
        states: STATUS,
        queries: [
          { expr: stateNow(HEALTH_CHECK_STATUS, HEALTH_STATE, STATUS, timing, [HEALTH_CHECK_NAME]), legend: '{{health_check_name}}' },
        ],
      },
    ],
  }
}

const RESTARTS: PanelSpec = {
  kind: 'timeseries',
  title: 'Restarts after a crash, 15 min',
  description: `${HEALTH_RESTARTS.description} ${HEALTH_WORK_INTERRUPTED.description}`,
  unit: 'none',
  width: 6,
  queries: [
    { expr: series(HEALTH_RESTARTS), legend: '{{instance}}' },
    { expr: increase(HEALTH_WORK_INTERRUPTED, '15m'), legend: '{{instance}} {{health_work_name}} interrupted' },
  ],
}

export const PROCESS_ROW: PanelRow = {
  title: 'Process',
  panels: [
    perInstance('Memory', PROCESS_MEMORY_USAGE, 'bytes'),
    perInstance('CPU', PROCESS_CPU_UTILIZATION, 'percentunit'),
    perInstance('Event loop delay, p99', EVENT_LOOP_DELAY, 's'),
    RESTARTS,
    { ...perInstance('Asked to end', HEALTH_DRAINING_TIME, 's'), width: 8 },
    {
      kind: 'timeseries',
      title: 'HTTP requests by host, p95',
      description: HTTP_CLIENT_REQUEST_DURATION.description,
      unit: 's',
      width: 8,
      queries: [{ expr: quantile(0.95, HTTP_CLIENT_REQUEST_DURATION, {}, [SERVER_ADDRESS]), legend: '{{server_address}}' }],
    },
    {
      kind: 'timeseries',
      title: 'HTTP requests by answer',
      description: 'Outgoing requests a second by host and status; without a status there was no answer.',
      unit: 'reqps',
      width: 8,
      colours: ANSWER_COLOURS,
      queries: [
        {
          expr: sum(rate(HTTP_CLIENT_REQUEST_DURATION, {}, '_count'), [SERVER_ADDRESS, HTTP_RESPONSE_STATUS_CODE]),
          legend: '{{server_address}} {{http_response_status_code}}',
        },
      ],
    },
  ],
}

function perInstance(title: string, metric: MetricDefinition, unit: string): PanelSpec {
  return {
    kind: 'timeseries',
    title,
    description: metric.description,
    unit,
    width: 6,
    queries: [{ expr: series(metric), legend: '{{instance}}' }],
  }
}

/** What otel-health says of itself. Silence here is good news. */
export const OWN_ROW: PanelRow = {
  title: 'otel-health itself',
  panels: [
    {
      kind: 'timeseries',
      title: 'Messages for the health Redis',
      description: PUBLISH_MESSAGES.description,
      unit: 'cps',
      width: 14,
      colours: byLastWord({ published: 'green', failed: 'orange', dropped: 'red' }),
      queries: [{ expr: sum(rate(PUBLISH_MESSAGES), ['job', PUBLISH_OUTCOME]), legend: `{{job}} {{${prometheusLabel(PUBLISH_OUTCOME)}}}` }],
    },
    {
      kind: 'timeseries',
      title: 'What went wrong in otel-health',
      description: `${EXPORT_FAILURES.description} ${EVALUATION_ERRORS.description} ${RECORDS_DROPPED.description}`,
      unit: 'cps',
      width: 10,
      empty: 'nothing of the kind was counted',
      colours: byLastWord({ 'exports failed': 'orange', 'evaluation errors': 'red', 'records dropped': 'purple' }),
      queries: [
        { expr: sum(rate(EXPORT_FAILURES), ['job']), legend: '{{job}} exports failed' },
        { expr: sum(rate(EVALUATION_ERRORS), ['job']), legend: '{{job}} evaluation errors' },
        { expr: sum(rate(RECORDS_DROPPED), ['job']), legend: '{{job}} records dropped' },
      ],
    },
  ],
}
