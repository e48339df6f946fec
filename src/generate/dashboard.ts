/** What all dashboards have in common: variables, links to one another, alerts as annotations. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import {
  AnnotationQueryBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'

import type { PanelRow } from '../panels/panel-spec.ts'
import { DATASOURCE, toPanel } from './panel.ts'

const TAG = 'otel-health'

export interface Variable {
  readonly name: string
  readonly label: string
  /** As Grafana has it for Prometheus: label_values(series, label). */
  readonly query: string
  /** Several at a time, all of them at first. Else one. */
  readonly multi: boolean
}

export interface Annotation {
  readonly name: string
  readonly expr: string
  readonly title: string
  readonly text: string
  readonly colour: string
}

export interface DashboardSpec {
  /** Stable: links and bookmarks name it. */
  readonly uid: string
  readonly title: string
  readonly description: string
  readonly variables: readonly Variable[]
  readonly annotations: readonly Annotation[]
  readonly rows: readonly PanelRow[]
  /** Seconds between two exports of a service. */
  readonly exportInterval: number
}

type Named = Pick<DashboardSpec, 'title' | 'uid'>

/** `others` are a click away. */
export function toDashboard(spec: DashboardSpec, others: readonly Named[]): Dashboard {
  const dashboard = new DashboardBuilder(spec.title)
    .uid(spec.uid)
    .description(spec.description)
    .tags([TAG])
    .readonly()
    .refresh('30s')
    .time({ from: 'now-1h', to: 'now' })
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .variables([datasourceVariable(), ...spec.variables.map(queryVariable)])
    .annotations(spec.annotations.map(annotation))
    .links(others.map(link))
  for (const { title, panels } of spec.rows) {
    dashboard.withRow(new RowBuilder(title))
    for (const panel of panels) dashboard.withPanel(toPanel(panel, spec.exportInterval))
  }
  return finished(dashboard.build())
}

function datasourceVariable(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus')
}

/** `All` is `.*`, not a list of what is there: a label that nobody has set matches it as well. */
function queryVariable({ name, label, query, multi }: Variable): QueryVariableBuilder {
  const variable = new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ query, refId: name })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    // oxlint-disable-next-line unicorn/no-array-sort -- it is no array
    .sort(VariableSort.AlphabeticalAsc)
    .multi(multi)
    .includeAll(multi)
  return multi ? variable.allValue('.*').current({ text: 'All', value: '$__all', selected: true }) : variable
}

/** The environment goes along, the service does not: all services would be one to the dashboard of one, and one be all of the fleet. */
function link({ title, uid }: Named): DashboardLinkBuilder {
  return new DashboardLinkBuilder(title)
    .type(DashboardLinkType.Link)
    .url(`/d/${uid}?\${environment:queryparam}&\${datasource:queryparam}`)
    .icon('dashboard')
    .keepTime(true)
}

function annotation({ name, expr, title, text, colour }: Annotation): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor(colour)
    .expr(expr)
    .step('30s')
    .titleFormat(title)
    .textFormat(text)
    .target(new DataqueryBuilder().expr(expr).refId(name).range())
}

/** A panel is found by its number, in links and in alerts. Links and annotations stand in sight: the SDK would put them into a menu. */
function finished(dashboard: Dashboard): Dashboard {
  const panels = (dashboard.panels ?? []).map((panel, index) => ({ ...panel, id: index + 1 }))
  for (const each of [...(dashboard.links ?? []), ...(dashboard.annotations.list ?? [])]) delete each.placement
  return { ...dashboard, panels }
}
