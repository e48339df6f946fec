/** One service of one kind: how it stands, what it does, what it needs. */
import { HEALTH_ALERT_ACTIVE, HEALTH_ALERT_STATUS, HEALTH_HEARTBEAT_TIME, HEALTH_RULE, PROCESS_UPTIME } from '../catalogue.ts'
import type { PanelRow } from '../panels/panel-spec.ts'
import type { Annotation, DashboardSpec, Variable } from './dashboard.ts'
import { ALERT_LEGEND, OWN_ROW, PROCESS_ROW, standingRow } from '../panels/health-panels.ts'
import type { HeartbeatTiming } from '../panels/heartbeat.ts'
import { prometheusLabel, prometheusName } from '../export/prometheus-name.ts'
import { series } from '../panels/promql.ts'

export interface ServiceDashboard {
  readonly uid: string
  readonly title: string
  readonly description: string
  /** A rule that only services of this kind have: they are the ones to choose from. */
  readonly rule: string
  readonly rows: readonly PanelRow[]
}

export function serviceDashboard({ uid, title, description, rule, rows }: ServiceDashboard, timing: HeartbeatTiming): DashboardSpec {
  return {
    uid,
    title,
    description,
    variables: serviceVariables({ multi: false, rule }),
    annotations: healthAnnotations(timing),
    rows: [standingRow(timing), ...rows, PROCESS_ROW, OWN_ROW],
    exportInterval: timing.exportInterval,
  }
}

/** What every expression of ./promql.ts selects by. `rule`: only services that have it. */
export function serviceVariables({ multi, rule }: { readonly multi: boolean; readonly rule?: string }): readonly Variable[] {
  const name = prometheusName(rule ? HEALTH_ALERT_STATUS : HEALTH_HEARTBEAT_TIME)
  const kind = rule ? [`${prometheusLabel(HEALTH_RULE)}=${JSON.stringify(rule)}`] : []
  const values = (label: string, ...matchers: string[]) => `label_values(${name}{${[...kind, ...matchers].join(',')}}, ${label})`
  const environment = 'deployment_environment_name=~"$environment"'
  return [
    { name: 'environment', label: 'Environment', query: values('deployment_environment_name'), multi: true },
    { name: 'service', label: 'Service', query: values('job', environment), multi },
    { name: 'instance', label: 'Instance', query: values('instance', environment, 'job=~"$service"'), multi: true },
  ]
}

export function healthAnnotations({ exportInterval }: HeartbeatTiming): readonly Annotation[] {
  return [
    {
      name: 'Alerts',
      expr: `${series(HEALTH_ALERT_ACTIVE)} == 1`,
      title: ALERT_LEGEND,
      text: '{{health_severity}}, {{job}}',
      colour: 'red',
    },
    {
      name: 'Starts',
      // The first export of an instance comes when it has been up for one interval.
      expr: `${series(PROCESS_UPTIME)} < ${2 * exportInterval}`,
      title: 'Start of {{job}}',
      text: '{{instance}}',
      colour: 'blue',
    },
  ]
}
