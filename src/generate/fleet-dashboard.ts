/** All services at a glance: how each stands, and which alerts are open. */
import { HEALTH_SERVICE, HEALTH_SERVICE_SILENT } from '../catalogue.ts'
import type { Kind, KindOverview } from '../kinds/kind.ts'
import type { RuleLimits } from '../types.ts'
import type { DashboardSpec } from './dashboard.ts'
import { openAlerts, SERVICE_LEGEND, STATUS, statusNow } from '../panels/health-panels.ts'
import type { HeartbeatTiming } from '../panels/heartbeat.ts'
import { heartbeatLimit, running, unexcusedAge, whileRunning } from '../panels/heartbeat.ts'
import { SEVERITY_COLOURS } from '../panels/line-colours.ts'
import { increase, max, percent, series, SERVICE_LABELS, sum } from '../panels/promql.ts'
import { healthAnnotations, serviceVariables } from './service-dashboard.ts'

export function fleetDashboard(
  timing: HeartbeatTiming,
  services: readonly { readonly title: string; readonly uid: string }[],
  kinds: readonly Kind[],
): DashboardSpec {
  const limit = heartbeatLimit(timing)
  const status = statusNow(timing)
  const age = unexcusedAge()
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
    annotations: healthAnnotations(timing),
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
            description: 'Attempts of all services, over the last 5 minutes.',
            unit: 'ops',
            width: 4,
            queries: [{ expr: `${attempts(kinds, [])} / 300`, legend: 'attempts' }],
          },
          {
            kind: 'timeline',
            title: 'Status',
            description: 'Status of each service as its status channel said it; a gap is a time nobody judged it.',
            unit: 'none',
            width: 24,
            states: STATUS,
            queries: [{ expr: status, legend: SERVICE_LEGEND }],
          },
          {
            kind: 'table',
            title: 'Services',
            description: 'One row a service, the worst first; success rate and attempts are those of the last 5 minutes.',
            unit: 'none',
            width: 24,
            queries: [
              { expr: `${status} or 0 * (${age} > ${limit}) + ${STATUS.length}`, legend: 'status' },
              { expr: age, legend: 'last heartbeat' },
              { expr: `count by (${SERVICE_LABELS.join(', ')}) (${running(timing)})`, legend: 'instances' },
              { expr: sum(openAlerts(timing), SERVICE_LABELS), legend: 'open alerts' },
              { expr: success(kinds), legend: 'success rate' },
              { expr: `12 * ${attempts(kinds)}`, legend: 'attempts an hour' },
              { expr: due(kinds, timing), legend: 'due' },
            ],
            columns: {
              labels: { deployment_environment_name: 'environment', job: 'service' },
              shown: {
                service: {
                  links: services.map(({ title, uid }) => ({
                    title: `Open in "${title}"`,
                    url: `/d/${uid}?var-service=\${__data.fields.service}&\${environment:queryparam}&\${datasource:queryparam}&\${__url_time_range}`,
                  })),
                },
                status: { states: [...STATUS, { state: 'silent', colour: 'dark-red' }] },
                'last heartbeat': { unit: 's', limits: { breach: 'above', warning: limit / 2, critical: limit } },
                'open alerts': { limits: { breach: 'above', warning: 1 } },
                'success rate': { unit: 'percent' },
                'attempts an hour': { unit: 'short' },
                due: { unit: 'short' },
              },
              sortBy: { column: 'status', descending: true },
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
            width: 14,
            height: 6,
            empty: 'no alert is open',
            queries: [{ expr: `${openAlerts(timing)} == 1`, legend: 'open' }],
            columns: {
              labels: {
                deployment_environment_name: 'environment',
                job: 'service',
                health_rule: 'rule',
                health_alert_of: 'of',
                health_severity: 'severity',
              },
              shown: { severity: { colours: { CRITICAL: 'red', WARNING: 'orange' } } },
              // CRITICAL stands before WARNING in the alphabet.
              sortBy: { column: 'severity', descending: false },
            },
          },
          {
            kind: 'table',
            title: 'Silent services, as their neighbours see them',
            description:
              'Services whose silence is an open alert. They cannot tell of it: instances that watch the same Redis do. Empty if all is well.',
            unit: 'none',
            width: 10,
            height: 6,
            empty: 'no service is silent',
            queries: [{ expr: `${max(whileRunning(series(HEALTH_SERVICE_SILENT), timing), [HEALTH_SERVICE])} == 1`, legend: 'silent' }],
            columns: { labels: { health_service: 'service' }, sortBy: { column: 'service', descending: false } },
          },
          {
            kind: 'timeseries',
            title: 'Open alerts over time',
            description: 'By service and severity; no line where none was open.',
            unit: 'none',
            width: 24,
            empty: 'no alert was open',
            stacked: true,
            colours: SEVERITY_COLOURS,
            queries: [
              {
                expr: `${sum(openAlerts(timing), [...SERVICE_LABELS, 'health_severity'])} > 0`,
                legend: `${SERVICE_LEGEND} {{health_severity}}`,
              },
            ],
          },
        ],
      },
    ],
  }
}

/** Attempts of 5 minutes. */
function attempts(kinds: readonly Kind[], by: readonly string[] = SERVICE_LABELS): string {
  return sum(
    ofAnyKind(kinds, ({ attempts: metric }) => increase(metric, '5m')),
    by,
  )
}

function success(kinds: readonly Kind[]): string {
  const succeeded = ofAnyKind(kinds, ({ attempts: metric, succeeded: where }) => increase(metric, '5m', where))
  const told = ofAnyKind(kinds, ({ attempts: metric, told: where }) => increase(metric, '5m', where))
  return percent(sum(succeeded, SERVICE_LABELS), sum(told, SERVICE_LABELS))
}

function due(kinds: readonly Kind[], timing: HeartbeatTiming): string {
  const items = ofAnyKind(kinds, ({ due: { metric, where, by } }) =>
    max(whileRunning(series(metric, where), timing), [...SERVICE_LABELS, by]),
  )
  return sum(items, SERVICE_LABELS)
}

/** Kinds that record the same are counted once. */
function ofAnyKind(kinds: readonly Kind[], expressionOf: (overview: KindOverview) => string): string {
  return Array.from(new Set(kinds.map(({ overview }) => expressionOf(overview)))).join(' or ')
}
