/** All services at a glance: how each stands, and which alerts are open. */
import {
  FETCH_ATTEMPTS,
  HEALTH_HEARTBEAT_TIME,
  HEALTH_INSTANCE_PHASE,
  HEALTH_PHASE,
  HEALTH_SERVICE,
  HEALTH_SERVICE_SILENT,
  OUTCOME,
  QUEUE_SIZE,
  QUEUE_STATE,
  TIER,
  WORK_ATTEMPTS,
  WORK_OUTCOME,
  WORK_QUEUE_NAME,
  WORK_QUEUE_SIZE,
  WORK_QUEUE_STATE,
} from '../catalogue.ts'
import type { RuleLimits } from '../types.ts'
import type { DashboardSpec } from './dashboard.ts'
import { newestHeartbeat, openAlerts, STATUS, statusNow } from './health-panels.ts'
import type { HeartbeatTiming } from './heartbeat.ts'
import { heartbeatAge, heartbeatLimit, unexcusedAge } from './heartbeat.ts'
import { increase, max, percent, rate, series, SERVICE_LABELS, sum } from './promql.ts'
import { healthAnnotations, serviceVariables } from './service-dashboard.ts'

export function fleetDashboard(
  timing: HeartbeatTiming,
  services: readonly { readonly title: string; readonly uid: string }[],
): DashboardSpec {
  const limit = heartbeatLimit(timing)
  const status = statusNow(timing)
  const age = unexcusedAge(series(HEALTH_HEARTBEAT_TIME), series(HEALTH_INSTANCE_PHASE, { [HEALTH_PHASE]: 'stopped' }))
  const count = (title: string, place: number, limits?: RuleLimits) => ({
    kind: 'stat' as const,
    title,
    description: `Services that are ${title.toLowerCase()} now, as their status channels say it.`,
    unit: 'none',
    width: 4,
    limits,
    queries: [{ expr: `sum(${status} == bool ${place})`, legend: title.toLowerCase() }],
  })
  return {
    uid: 'otel-health-fleet',
    title: 'otel-health: fleet',
    description: 'How all services stand, and which alerts are open.',
    variables: serviceVariables({ multi: true }),
    annotations: healthAnnotations(),
    exportInterval: timing.exportInterval,
    rows: [
      {
        title: 'Now',
        panels: [
          count('Healthy', 0),
          count('Degraded', 1, { breach: 'above', warning: 1 }),
          count('Unhealthy', 2, { breach: 'above', warning: 1, critical: 1 }),
          {
            kind: 'stat',
            title: 'Silent',
            description: `Services whose newest heartbeat is older than ${limit} s although they did not say that they stop.`,
            unit: 'none',
            width: 4,
            limits: { breach: 'above', warning: 1, critical: 1 },
            queries: [{ expr: `sum(${age} > bool ${limit})`, legend: 'silent' }],
          },
          {
            kind: 'stat',
            title: 'Open alerts',
            description: 'Alerts that are firing, recovering or unknown, each counted once however many instances see it.',
            unit: 'none',
            width: 4,
            limits: { breach: 'above', warning: 1 },
            queries: [{ expr: sum(openAlerts(timing)), legend: 'open alerts' }],
          },
          {
            kind: 'stat',
            title: 'Work a second',
            description: 'Attempts of all services.',
            unit: 'ops',
            width: 4,
            queries: [{ expr: sum(`${rate(FETCH_ATTEMPTS)} or ${rate(WORK_ATTEMPTS)}`), legend: 'attempts' }],
          },
          {
            kind: 'timeline',
            title: 'Status',
            description: 'Status of each service as its status channel said it; a gap is a time nobody judged it.',
            unit: 'none',
            width: 24,
            states: STATUS,
            queries: [{ expr: status, legend: '{{job}}' }],
          },
          {
            kind: 'table',
            title: 'Services',
            description: 'One row a service; success rate and attempts are those of the last 5 minutes.',
            unit: 'none',
            width: 24,
            queries: [
              { expr: status, legend: 'status' },
              { expr: heartbeatAge(newestHeartbeat()), legend: 'last heartbeat' },
              {
                expr: `count by (${SERVICE_LABELS.join(', ')}) (${heartbeatAge(series(HEALTH_HEARTBEAT_TIME))} < ${limit})`,
                legend: 'instances',
              },
              { expr: sum(openAlerts(timing), SERVICE_LABELS), legend: 'open alerts' },
              { expr: success(), legend: 'success rate' },
              { expr: `12 * ${attempts()}`, legend: 'attempts an hour' },
              { expr: due(), legend: 'due' },
            ],
            columns: {
              labels: { deployment_environment_name: 'environment', job: 'service' },
              shown: {
                status: { states: STATUS },
                'last heartbeat': { unit: 's', limits: { breach: 'above', warning: limit / 2, critical: limit } },
                'open alerts': { limits: { breach: 'above', warning: 1 } },
                'success rate': { unit: 'percent' },
                'attempts an hour': { unit: 'short' },
                due: { unit: 'short' },
              },
              links: services.map(({ title, uid }) => ({
                title: `Open in "${title}"`,
                url: `/d/${uid}?var-service=\${__data.fields.service}&\${datasource:queryparam}&\${__url_time_range}`,
              })),
            },
          },
        ],
      },
      {
        title: 'Alerts',
        panels: [
          {
            kind: 'table',
            title: 'Open alerts',
            description: 'What is open now, as the channel health:system:alerts told it. Empty if all is well.',
            unit: 'none',
            width: 12,
            queries: [{ expr: `${openAlerts(timing)} == 1`, legend: 'open' }],
            columns: {
              labels: { deployment_environment_name: 'environment', job: 'service', health_rule: 'rule', health_severity: 'severity' },
            },
          },
          {
            kind: 'table',
            title: 'Silent services, as their neighbours see them',
            description: HEALTH_SERVICE_SILENT.description,
            unit: 'none',
            width: 12,
            queries: [{ expr: max(series(HEALTH_SERVICE_SILENT), [HEALTH_SERVICE]), legend: 'silent' }],
            columns: { labels: { health_service: 'service' } },
          },
          {
            kind: 'timeseries',
            title: 'Open alerts over time',
            description: 'By service and severity.',
            unit: 'none',
            width: 24,
            stacked: true,
            queries: [{ expr: sum(openAlerts(timing), ['job', 'health_severity']), legend: '{{job}} {{health_severity}}' }],
          },
        ],
      },
    ],
  }
}

/** Attempts of 5 minutes, by service. */
function attempts(): string {
  return sum(`${increase(FETCH_ATTEMPTS, '5m')} or ${increase(WORK_ATTEMPTS, '5m')}`, SERVICE_LABELS)
}

function success(): string {
  const succeeded = `${increase(FETCH_ATTEMPTS, '5m', { [OUTCOME]: { not: 'failed' } })} or ${increase(WORK_ATTEMPTS, '5m', { [WORK_OUTCOME]: 'ok' })}`
  return percent(sum(succeeded, SERVICE_LABELS), attempts())
}

function due(): string {
  const trackers = max(series(QUEUE_SIZE, { [QUEUE_STATE]: 'due' }), [...SERVICE_LABELS, TIER])
  const items = max(series(WORK_QUEUE_SIZE, { [WORK_QUEUE_STATE]: 'due' }), [...SERVICE_LABELS, WORK_QUEUE_NAME])
  return sum(`${trackers} or ${items}`, SERVICE_LABELS)
}
