/** The Grafana panel that a panel as data becomes. */
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import type { DataTransformerConfig, Panel, Threshold, ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import { MappingType, ThresholdsConfigBuilder, ThresholdsMode } from '@grafana/grafana-foundation-sdk/dashboard'
import * as common from '@grafana/grafana-foundation-sdk/common'
import * as heatmap from '@grafana/grafana-foundation-sdk/heatmap'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import * as stat from '@grafana/grafana-foundation-sdk/stat'
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline'
import * as table from '@grafana/grafana-foundation-sdk/table'
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries'

import type { Described, PanelSpec, Query, ShownState, TableColumns } from '../panels/panel-spec.ts'
import type { RuleLimits } from '../types.ts'

/** Every panel, table and variable asks the datasource that the dashboard's variable names. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }

const NO_DATA = 'no data'

/** `minStep`: seconds between two points of the same series, so that a rate is never asked for over less than a few of them. */
export function toPanel(spec: PanelSpec, minStep: number): Builder<Panel> {
  switch (spec.kind) {
    case 'timeseries':
      return toTimeseries(spec, minStep)
    case 'stat':
      return toStat(spec, minStep)
    case 'timeline':
      return toTimeline(spec, minStep)
    case 'heatmap':
      return toHeatmap(spec, minStep)
    case 'table':
      return toTable(spec, minStep)
  }
}

type Kind<K extends PanelSpec['kind']> = Extract<PanelSpec, { kind: K }>

/** What the builders of all panels have. */
interface PanelBuilder {
  title(title: string): this
  description(description: string): this
  unit(unit: string): this
  datasource(datasource: typeof DATASOURCE): this
  span(columns: number): this
  height(rows: number): this
  noValue(text: string): this
}

function described<B extends PanelBuilder>(panel: B, spec: Described, usualHeight: number): B {
  const { title, description, unit, width, height = usualHeight, empty = NO_DATA } = spec
  return panel.title(title).description(description).unit(unit).datasource(DATASOURCE).span(width).height(height).noValue(empty)
}

function legendBelow(): common.VizLegendOptionsBuilder {
  return new common.VizLegendOptionsBuilder()
    .displayMode(common.LegendDisplayMode.List)
    .placement(common.LegendPlacement.Bottom)
    .showLegend(true)
    .calcs([])
}

function toTimeseries({ limits, stacked = false, colours = [], ...spec }: Kind<'timeseries'>, minStep: number): Builder<Panel> {
  const panel = described(new timeseries.PanelBuilder(), spec, 8)
    .targets(spec.queries.map((query, index) => range(query, index, minStep)))
    // A gap is a gap: nobody knows what was in it.
    .spanNulls(false)
    .lineWidth(1)
    .fillOpacity(stacked ? 30 : 8)
    .axisSoftMin(0)
    .showPoints(common.VisibilityMode.Auto)
    .legend(legendBelow())
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi))
    .thresholds(limits ? absolute(lineSteps(limits)) : plain('green'))
    .thresholdsStyle(
      new common.GraphThresholdsStyleConfigBuilder().mode(
        limits ? common.GraphThresholdsStyleMode.Dashed : common.GraphThresholdsStyleMode.Off,
      ),
    )
  // Half an alert is none.
  if (spec.unit === 'none') panel.decimals(0)
  for (const { names, colour } of colours) panel.overrideByRegexp(`/${names}/`, [{ id: 'color', value: lineColour(colour, spec) }])
  // A limit that is far from what is shown stands on no axis; its words do. Of the figures alone, or they would stand at the time as well.
  if (limits) panel.overrideByFieldType('number', [{ id: 'custom.axisLabel', value: limitWords(limits) }])
  // Of a share all is the top, also while little is missing of it.
  if (spec.unit === 'percent' && limits?.breach === 'below') panel.max(100)
  return stacked ? panel.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal).group('A')) : panel
}

/** Lines of several names may have it, in shades by which they are told apart. */
function lineColour(colour: string, { queries }: Described): { readonly mode: 'fixed' | 'shades'; readonly fixedColor: string } {
  const isOfOne = queries.every(({ legend }) => (legend.match(/\{\{/g) ?? []).length <= 1)
  return { mode: isOfOne ? 'fixed' : 'shades', fixedColor: colour }
}

/** `warning < 80, critical < 50`: no longer than an axis is. */
function limitWords({ breach, warning, critical }: RuleLimits): string {
  const words = (severity: string, limit: number) => `${severity} ${breach === 'above' ? '>' : '<'} ${shortNumber(limit)}`
  return [
    ...(warning === critical ? [] : [words('warning', warning)]),
    ...(critical === undefined ? [] : [words('critical', critical)]),
  ].join(', ')
}

/** 10K, as axes have it, where that is the number itself. */
function shortNumber(number: number): string {
  const isRound = Math.abs(number) >= 10_000 && number % 100 === 0
  return number.toLocaleString('en', isRound ? { notation: 'compact', maximumFractionDigits: 1 } : { maximumSignificantDigits: 6 })
}

function toStat({ limits, states, ...spec }: Kind<'stat'>, minStep: number): Builder<Panel> {
  return (
    described(new stat.PanelBuilder(), spec, 4)
      .targets(spec.queries.map((query, index) => instant(query, index, minStep)))
      .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false))
      .colorMode(limits || states ? common.BigValueColorMode.Background : common.BigValueColorMode.None)
      .graphMode(common.BigValueGraphMode.None)
      // A name that is made of labels says which one it is, also where there is only one.
      .textMode(
        spec.queries.some(({ legend }) => legend.includes('{{')) ? common.BigValueTextMode.ValueAndName : common.BigValueTextMode.Auto,
      )
      .mappings(states ? [mapping(states)] : [])
      .thresholds(states ? plain('text') : thresholds(limits))
  )
}

function toTimeline({ states, ...spec }: Kind<'timeline'>, minStep: number): Builder<Panel> {
  return described(new statetimeline.PanelBuilder(), spec, 8)
    .targets(spec.queries.map((query, index) => range(query, index, minStep)))
    .spanNulls(false)
    .mergeValues(true)
    .showValue(common.VisibilityMode.Never)
    .lineWidth(0)
    .mappings([mapping(states)])
    .thresholds(plain('text'))
    .legend(legendBelow())
}

function toHeatmap(spec: Kind<'heatmap'>, minStep: number): Builder<Panel> {
  return (
    described(new heatmap.PanelBuilder(), spec, 8)
      .targets(spec.queries.map((query, index) => range(query, index, minStep).format(PromQueryFormat.Heatmap)))
      .calculate(false)
      // The unit of the panel is that of the buckets.
      .cellValues(new heatmap.CellValuesBuilder().unit('cps'))
      .yAxis(new heatmap.YAxisConfigBuilder().unit(spec.unit).axisPlacement(common.AxisPlacement.Left))
      .color(new heatmap.HeatmapColorOptionsBuilder().mode(heatmap.HeatmapColorMode.Scheme).scheme('Oranges').steps(64))
      .tooltip(new heatmap.HeatmapTooltipBuilder().mode(common.TooltipDisplayMode.Single).yHistogram(false).showColorScale(true))
  )
}

function toTable({ columns, ...spec }: Kind<'table'>, minStep: number): Builder<Panel> {
  const panel = described(new table.PanelBuilder(), spec, 8)
    .targets(spec.queries.map((query, index) => instant(query, index, minStep).format(PromQueryFormat.Table)))
    .transformations(oneRowEach(columns, spec.queries))
    .sortBy([new common.TableSortByFieldStateBuilder().displayName(columns.sortBy.column).desc(columns.sortBy.descending)])
    .thresholds(plain('text'))
  // What is left of a row without a label is no missing figure.
  for (const column of Object.values(columns.labels)) panel.overrideByName(column, [{ id: 'noValue', value: '–' }])
  for (const [column, { unit, states, colours, limits, links }] of Object.entries(columns.shown ?? {})) {
    panel.overrideByName(column, [
      ...(unit ? [{ id: 'unit', value: unit }] : []),
      ...(states ? [{ id: 'mappings', value: [mapping(states)] }] : []),
      ...(colours ? [{ id: 'mappings', value: [textMapping(colours)] }] : []),
      ...(limits ? [{ id: 'thresholds', value: { mode: ThresholdsMode.Absolute, steps: steps(limits) } }] : []),
      ...(states || colours || limits ? [{ id: 'custom.cellOptions', value: { type: 'color-background', mode: 'basic' } }] : []),
      ...(links ? [{ id: 'links', value: links.map((link) => ({ ...link, targetBlank: false })) }] : []),
    ])
  }
  return panel
}

/**
 * Instant queries as one table: a row for each value of the labels, a column for each query. The value of a single query says no more than
 * the row does, which is there.
 */
function oneRowEach({ labels }: TableColumns, queries: readonly Query[]): DataTransformerConfig[] {
  const single = queries.length === 1
  const values = single ? [] : queries.map(({ legend }, index) => [`Value #${refId(index)}`, legend] as const)
  const order = [...Object.keys(labels), ...values.map(([value]) => value)]
  return [
    { id: 'merge', options: {} },
    {
      id: 'organize',
      options: {
        excludeByName: { Time: true, ...(single && { Value: true }) },
        indexByName: Object.fromEntries(order.map((name, index) => [name, index])),
        renameByName: { ...labels, ...Object.fromEntries(values) },
      },
    },
  ]
}

function asked({ expr, legend }: Query, index: number, minStep: number): DataqueryBuilder {
  return new DataqueryBuilder().refId(refId(index)).expr(expr).legendFormat(legend).interval(`${minStep}s`)
}

function range(each: Query, index: number, minStep: number): DataqueryBuilder & Builder<Dataquery> {
  return asked(each, index, minStep).range()
}

function instant(each: Query, index: number, minStep: number): DataqueryBuilder & Builder<Dataquery> {
  return asked(each, index, minStep).instant()
}

function refId(index: number): string {
  return String.fromCodePoint(65 + index)
}

function mapping(states: readonly ShownState[]): ValueMapping {
  const options = Object.fromEntries(states.map(({ state, colour }, index) => [String(index), { text: state, color: colour, index }]))
  return { type: MappingType.ValueToText, options }
}

function textMapping(colours: Readonly<Record<string, string>>): ValueMapping {
  const options = Object.fromEntries(Object.entries(colours).map(([text, color], index) => [text, { text, color, index }]))
  return { type: MappingType.ValueToText, options }
}

function plain(colour: string): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([{ value: null, color: colour }])
}

function thresholds(limits: RuleLimits | undefined): ThresholdsConfigBuilder {
  return limits ? absolute(steps(limits)) : plain('green')
}

function absolute(of: Threshold[]): ThresholdsConfigBuilder {
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(of)
}

/** Of lines, which have the colour of what begins there: below a limit it is what is beyond that. */
function lineSteps(limits: RuleLimits): Threshold[] {
  const { breach, warning, critical } = limits
  if (breach === 'above') return steps(limits)
  return [
    { value: null, color: 'transparent' },
    ...(critical === undefined ? [] : [{ value: critical, color: 'red' }]),
    ...(warning === critical ? [] : [{ value: warning, color: 'orange' }]),
  ]
}

function steps({ breach, warning, critical }: RuleLimits): Threshold[] {
  if (breach === 'above') {
    return [
      { value: null, color: 'green' },
      ...(warning === critical ? [] : [{ value: warning, color: 'orange' }]),
      ...(critical === undefined ? [] : [{ value: critical, color: 'red' }]),
    ]
  }
  return critical === undefined
    ? [
        { value: null, color: 'orange' },
        { value: warning, color: 'green' },
      ]
    : [
        { value: null, color: 'red' },
        { value: critical, color: 'orange' },
        { value: warning, color: 'green' },
      ]
}
