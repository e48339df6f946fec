/** Dashboards that people trust: complete, judged by the limits that are in force, and asking for nothing that does not exist. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { describe, expect, test } from 'vitest'

import type { MetricDefinition } from '../../src/catalogue.ts'
import { defineKind } from '../../src/kinds/define-kind.ts'
import { CATALOGUE } from '../../src/kinds/index.ts'
import { COLLECTOR, PROMETHEUS } from '../../src/generate/collector-metrics.ts'
import { dashboards } from '../../src/generate/dashboards.ts'
import type { GenerateOptions } from '../../src/generate/options.ts'
import { prometheusLabel, prometheusName } from '../../src/export/prometheus-name.ts'
import { generateOptions } from './generate-options.ts'
import { parsePromql } from './promql.ts'

const FOLDER = fileURLToPath(new URL('../../grafana/dashboards/', import.meta.url))

interface Step {
  readonly value: number | null
  readonly color: string
}
interface Panel {
  readonly type: string
  readonly id: number
  readonly title: string
  readonly description: string
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly datasource: unknown
  readonly targets: readonly { readonly refId: string; readonly expr: string; readonly legendFormat: string; readonly interval: string }[]
  readonly options: Readonly<Record<string, unknown>>
  readonly fieldConfig: {
    readonly defaults: {
      readonly unit: string
      readonly noValue: string
      readonly mappings?: readonly { readonly options: Readonly<Record<string, { readonly text: string; readonly color: string }>> }[]
      readonly thresholds: { readonly steps: readonly Step[] }
      readonly custom?: { readonly spanNulls?: boolean; readonly thresholdsStyle?: { readonly mode: string } }
    }
    readonly overrides?: readonly {
      readonly matcher: { readonly id: string; readonly options: string }
      readonly properties: readonly { readonly id: string; readonly value: unknown }[]
    }[]
  }
}
interface Shown {
  readonly uid: string
  readonly title: string
  readonly editable: boolean
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: unknown; readonly type: string }[] }
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] }
  readonly links: readonly { readonly type: string; readonly url: string; readonly keepTime: boolean }[]
}

/** As Grafana gets it. */
async function shown(options: GenerateOptions = generateOptions()): Promise<Shown[]> {
  return JSON.parse(JSON.stringify(Object.values(await dashboards(options)))) as Shown[]
}

const ALL = await shown()
const PANELS = ALL.flatMap(({ title: dashboard, panels }) =>
  panels.filter(({ type }) => type !== 'row').map((panel) => ({ dashboard, panel })),
)

test('the files in grafana/dashboards are what the code says: npm run generate', async () => {
  const made = Object.fromEntries(
    Object.entries(await dashboards(generateOptions())).map(([name, each]) => [name, `${JSON.stringify(each, null, 2)}\n`]),
  )
  expect(readdirSync(FOLDER).toSorted()).toEqual(Object.keys(made).toSorted())
  for (const [name, text] of Object.entries(made)) expect(readFileSync(`${FOLDER}${name}`, 'utf8')).toBe(text)
})

describe.for(PANELS)('$dashboard: $panel.title', ({ panel }) => {
  test('says what it is, in which unit, and what no data is', () => {
    const { title, description, datasource, fieldConfig, targets } = panel
    expect(title).toMatch(/^[A-Z]/)
    expect(description).toMatch(/^[A-Z0-9].{15,}\.$/s)
    expect(fieldConfig.defaults.unit).toMatch(/^[a-z]+$/)
    expect(fieldConfig.defaults.noValue).toMatch(/^(no|nothing) .+$/)
    expect(fieldConfig.defaults.custom?.spanNulls ?? false).toBe(false)
    expect(datasource).toEqual({ type: 'prometheus', uid: '${datasource}' })
    expect(targets.length).toBeGreaterThan(0)
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length)
    for (const { legendFormat, interval } of targets) expect([legendFormat.length > 0, interval]).toEqual([true, '60s'])
  })

  test('is valid PromQL over metrics that exist, of the services that were chosen, with counters only as rates', () => {
    expect(panel.targets.flatMap(({ expr }) => unsound(expr))).toEqual([])
  })

  test('stands in its row without overlapping another', () => {
    const { x, w } = panel.gridPos
    expect(x + w).toBeLessThanOrEqual(24)
  })
})

/** By name in Prometheus, each with the suffixes it can have. */
const OURS = new Map<string, MetricDefinition>(
  CATALOGUE.flatMap((metric) =>
    metric.instrument === 'histogram'
      ? ['_bucket', '_sum', '_count'].map((suffix) => [prometheusName(metric) + suffix, metric] as const)
      : [[prometheusName(metric), metric] as const],
  ),
)
const THEIRS = new Set(
  ['ALERTS', ...Object.values(COLLECTOR), ...Object.values(PROMETHEUS)].map((selector) => selector.replace(/\{.*/, '')),
)

const CHOSEN = ['deployment_environment_name=~"$environment"', 'job=~"$service"', 'instance=~"$instance"']

/** What is wrong with an expression. */
function unsound(expr: string): string[] {
  const { errors, selectors } = parsePromql(expr)
  if (errors.length > 0 || selectors.length === 0) return [`${expr} is no PromQL at ${errors.join(' and ')}`]
  return selectors.flatMap(({ metric, matchers, functions }) => {
    const ours = OURS.get(metric)
    if (!ours && !THEIRS.has(metric)) return [`${expr} asks for ${metric}, which nobody exports`]
    if (ours && !CHOSEN.every((matcher) => matchers.includes(matcher)))
      return [`${expr} asks for ${metric} of services that were not chosen`]
    const counts = ours
      ? ours.instrument === 'counter' || ours.instrument === 'histogram'
      : metric.endsWith('_total') && !metric.includes('uptime')
    const isRate = ['rate', 'increase'].includes(functions[0] ?? '')
    return counts === isRate ? [] : [`${expr} shows ${metric} ${counts ? 'as a total' : 'as a rate'}`]
  })
}

test.for([
  { why: 'a mistake in the grammar', expr: 'sum by (job (up)' },
  { why: 'a metric that does not exist', expr: 'health_stat{job=~"$service"}' },
  { why: 'a metric of all services, chosen or not', expr: 'health_status{job=~"$service"}' },
  {
    why: 'a counter as it is',
    expr: 'tracker_fetcher_fetch_retries_total{deployment_environment_name=~"$environment",job=~"$service",instance=~"$instance"}',
  },
  {
    why: 'a level as a rate',
    expr: 'rate(health_status{deployment_environment_name=~"$environment",job=~"$service",instance=~"$instance"}[5m])',
  },
])('this test finds $why', ({ expr }) => {
  expect(unsound(expr)).toHaveLength(1)
})

test('panels do not cover one another', () => {
  for (const { panels } of ALL) {
    const taken = new Set<string>()
    for (const { gridPos: at } of panels) {
      for (let x = at.x; x < at.x + at.w; x++) {
        for (let y = at.y; y < at.y + at.h; y++) {
          expect(taken).not.toContain(`${x} ${y}`)
          taken.add(`${x} ${y}`)
        }
      }
    }
  }
})

test('under each heading panels leave no hole', () => {
  for (const { title, panels } of ALL) {
    const sections = panels.reduce<Panel[][]>((found, panel) => {
      if (panel.type === 'row') return [...found, []]
      found.at(-1)!.push(panel)
      return found
    }, [])
    for (const section of sections) {
      const ends = section.map(({ gridPos: { y, h } }) => y + h)
      const rows = Math.max(...ends) - Math.min(...section.map(({ gridPos: { y } }) => y))
      const area = section.reduce((sum, { gridPos: { w, h } }) => sum + w * h, 0)
      expect([title, section[0]!.title, area]).toEqual([title, section[0]!.title, 24 * rows])
    }
  }
})

test('every dashboard has the variables its panels use, links to the others, and alerts as annotations', () => {
  for (const { uid, editable, panels, templating, annotations, links } of ALL) {
    const names = templating.list.map(({ name }) => name)
    expect(names.slice(0, 4)).toEqual(['datasource', 'environment', 'service', 'instance'])
    const used = JSON.stringify([panels, annotations, templating, links]).match(/\$\{?[a-z]\w*/g) ?? []
    expect(used.map((name) => name.replaceAll(/[${]/g, '')).filter((name) => !names.includes(name))).toEqual([])
    expect(annotations.list.length).toBeGreaterThan(0)
    expect(annotations.list.flatMap(({ expr }) => unsound(expr))).toEqual([])
    expect(links.map(({ type, url, keepTime }) => ({ type, url, keepTime }))).toEqual(
      ALL.filter((other) => other.uid !== uid).map((other) => ({
        type: 'link',
        url: `/d/${other.uid}?\${environment:queryparam}&\${datasource:queryparam}`,
        keepTime: true,
      })),
    )
    expect([uid.startsWith('otel-health-'), editable]).toEqual([true, false])
    expect(panels.map(({ id }) => id)).toEqual(panels.map((_, index) => index + 1))
  }
})

/** A heading asks nothing. */
function targetsOf(panels: readonly Panel[]): Panel['targets'] {
  return panels.filter(({ type }) => type !== 'row').flatMap(({ targets }) => targets)
}

test('wherever alerts are told apart by rule, those of one that is split are too', () => {
  const texts = ALL.flatMap(({ panels, annotations }) => [
    ...targetsOf(panels).flatMap(({ expr, legendFormat }) => [expr, legendFormat]),
    ...annotations.list.map((each) => JSON.stringify(each)),
  ]).filter((text) => /by \([^)]*health_rule|\{\{health_rule/.test(text))
  expect(texts.length).toBeGreaterThan(5)
  expect(texts.filter((text) => !text.includes('health_alert_of'))).toEqual([])
})

test('a kind that somebody makes of another adds a dashboard, and nothing to what all services do', async () => {
  const own = await shown(generateOptions({ profile: defineKind({ name: 'mailer' }) }))
  expect(own.map(({ uid }) => uid)).toEqual([...ALL.slice(0, -1).map(({ uid }) => uid), 'otel-health-mailer', 'otel-health-pipeline'])
  const asked = ([fleet]: readonly Shown[]) => targetsOf(fleet!.panels).map(({ expr }) => expr)
  expect(asked(own)).toEqual(asked(ALL))
})

test('every metric of the catalogue can be looked at somewhere', () => {
  const charted = new Set(
    PANELS.flatMap(({ panel }) =>
      panel.targets.flatMap(({ expr }) => parsePromql(expr).selectors.map(({ metric }) => OURS.get(metric)?.name)),
    ),
  )
  // The evidence behind a verdict, which charts of attempts show better; whether a queue is paused, which its items by state show; an instance's own status, which the service's contains; what checks
  // make of the service, which the alerts about them show.
  const onPurpose = ['work.units', 'work.queue.paused', 'tracker_fetcher.fetch.units', 'health.instance.status', 'health.dependency.status']
  expect(CATALOGUE.map(({ name }) => name).filter((name) => !charted.has(name))).toEqual(onPurpose)
})

/** The colour that Grafana gives to a line of that name; `undefined`: one of its palette. Of several overrides the last counts. */
function colourOf({ fieldConfig: { overrides = [] } }: Panel, line: string): string | undefined {
  const fitting = overrides.filter(({ matcher: { id, options } }) => id === 'byRegexp' && new RegExp(options.slice(1, -1)).test(line))
  const colours = fitting.flatMap(({ properties }) => properties.filter(({ id }) => id === 'color'))
  return (colours.at(-1)?.value as { readonly fixedColor: string } | undefined)?.fixedColor
}

describe('what is good is green and what is bad is not', () => {
  test.for([
    { panel: 'Attempts an hour, by outcome', line: 'reports', colour: 'green', dashboard: 'tracker-fetcher' },
    { panel: 'Attempts an hour, by outcome', line: 'failed', colour: 'red', dashboard: 'tracker-fetcher' },
    { panel: 'Attempts an hour, by outcome', line: 'send mail ok', colour: 'green', dashboard: 'worker' },
    { panel: 'Attempts an hour, by outcome', line: 'send mail failed', colour: 'red', dashboard: 'worker' },
    { panel: 'Failures an hour, by reason', line: 'send mail timeout', colour: 'red', dashboard: 'worker' },
    { panel: 'Calls a second, by answer', line: 'nominatim ', colour: 'green', dashboard: 'worker' },
    { panel: 'Calls a second, by answer', line: 'nominatim 429', colour: 'red', dashboard: 'worker' },
    { panel: 'HTTP requests by answer', line: 'api.example.org 200', colour: 'green', dashboard: 'worker' },
    { panel: 'HTTP requests by answer', line: 'api.example.org 404', colour: 'orange', dashboard: 'worker' },
    { panel: 'HTTP requests by answer', line: 'api.example.org 503', colour: 'red', dashboard: 'worker' },
    { panel: 'HTTP requests by answer', line: 'api.example.org ', colour: 'red', dashboard: 'worker' },
    { panel: 'Messages for the health Redis', line: 'mailer published', colour: 'green', dashboard: 'worker' },
    { panel: 'Messages for the health Redis', line: 'mailer dropped', colour: 'red', dashboard: 'worker' },
    { panel: 'What went wrong in otel-health', line: 'mailer evaluation errors', colour: 'red', dashboard: 'pipeline' },
    { panel: 'Open alerts over time', line: 'mailer production CRITICAL', colour: 'red', dashboard: 'fleet' },
    { panel: 'Open alerts over time', line: 'mailer production WARNING', colour: 'orange', dashboard: 'fleet' },
    { panel: 'OTLP requests by answer', line: '200', colour: 'green', dashboard: 'pipeline' },
    { panel: 'OTLP requests by answer', line: '400', colour: 'orange', dashboard: 'pipeline' },
    { panel: 'Points refused or lost', line: 'lost', colour: 'red', dashboard: 'pipeline' },
    { panel: 'Deliveries an hour', line: 'mail bounced', colour: 'orange', dashboard: 'notification' },
    { panel: 'Reports an hour, by timing', line: 'in_order', colour: 'green', dashboard: 'realtime-geofence' },
    { panel: 'Lookups a second, by result', line: 'hit', colour: 'green', dashboard: 'geocoding' },
    // What is neither good nor bad is told apart, and no more.
    { panel: 'Events an hour', line: 'enter', colour: undefined, dashboard: 'realtime-geofence' },
  ])('$dashboard, $panel: $line is $colour', ({ dashboard, panel, line, colour }) => {
    const found = ALL.find(({ uid }) => uid === `otel-health-${dashboard}`)!.panels.find(({ title }) => title === panel)!
    expect(colourOf(found, line)).toBe(colour)
  })

  test('wherever lines are told apart by an outcome, a result or a severity, each of its values has a colour', () => {
    const values = new Map(
      CATALOGUE.flatMap(({ attributes }) => Object.entries(attributes))
        .filter(([attribute, known]) => /outcome$|result$|timing$|severity$/.test(attribute) && known.length > 0)
        .map(([attribute, known]) => [prometheusLabel(attribute), known]),
    )
    const told = PANELS.filter(({ panel }) => panel.type === 'timeseries').flatMap(({ dashboard, panel }) =>
      panel.targets.flatMap(({ legendFormat }) => {
        const label = /\{\{(\w+)\}\}$/.exec(legendFormat)?.[1] ?? ''
        return (values.get(label) ?? []).map((value) => ({
          where: `${dashboard}: ${panel.title}: ${value}`,
          colour: colourOf(panel, `a ${value}`),
        }))
      }),
    )
    expect(told.length).toBeGreaterThan(20)
    expect(told.filter(({ colour }) => colour === undefined)).toEqual([])
  })
})

test('a limit is said in words at the axis of the figures, for it may be far from what is shown; without a limit nothing is', () => {
  const charts = PANELS.filter(({ panel }) => panel.type === 'timeseries').map(({ panel }) => panel)
  const wordsOf = ({ fieldConfig: { overrides = [] } }: Panel): readonly unknown[] =>
    overrides
      .filter(({ matcher }) => matcher.id === 'byType' && matcher.options === 'number')
      .flatMap(({ properties }) => properties.filter(({ id }) => id === 'custom.axisLabel').map(({ value }) => value))
  const said = Object.fromEntries(charts.filter((panel) => wordsOf(panel).length > 0).map((panel) => [panel.title, wordsOf(panel)[0]]))
  expect(said).toMatchObject({
    'Success rate': 'warning < 80, critical < 50',
    'Attempts an hour, by outcome': 'warning < 10',
    'Trackers due, by tier': 'warning > 10K, critical > 50K',
    'Duration of calls to Apple': 'warning > 10',
  })
  for (const panel of charts) {
    const { custom } = panel.fieldConfig.defaults
    expect([panel.title, wordsOf(panel).length]).toEqual([panel.title, custom?.thresholdsStyle?.mode === 'dashed' ? 1 : 0])
  }
})

describe('thresholds are the rules’', async () => {
  const chosen = await shown(
    generateOptions({
      env: {
        LARGE_QUEUE_THRESHOLD: '111',
        VERY_LARGE_QUEUE_THRESHOLD: '222',
        MIN_SUCCESS_RATE_HEALTHY: '91',
        MIN_SUCCESS_RATE_DEGRADED: '61',
        MIN_FETCH_RATE: '33',
        MAX_API_RESPONSE_TIME: '4000',
      },
      rules: { large_queue: { critical: 333 } },
    }),
  )
  const above = (warning: number, critical?: number): Step[] => [
    { value: null, color: 'green' },
    { value: warning, color: 'orange' },
    ...(critical === undefined ? [] : [{ value: critical, color: 'red' }]),
  ]
  const below = (warning: number, critical: number): Step[] => [
    { value: null, color: 'red' },
    { value: critical, color: 'orange' },
    { value: warning, color: 'green' },
  ]
  /** As lines of a chart. */
  const linesBelow = (warning: number, critical: number): Step[] => [
    { value: null, color: 'transparent' },
    { value: critical, color: 'red' },
    { value: warning, color: 'orange' },
  ]
  const enough: Step[] = [
    { value: null, color: 'orange' },
    { value: 33, color: 'green' },
  ]
  test.for([
    { dashboard: 'otel-health-tracker-fetcher', panel: 'Success rate, 5 min', steps: below(91, 61) },
    { dashboard: 'otel-health-tracker-fetcher', panel: 'Success rate', steps: linesBelow(91, 61) },
    { dashboard: 'otel-health-tracker-fetcher', panel: 'Trackers due', steps: above(111, 333) },
    { dashboard: 'otel-health-tracker-fetcher', panel: 'Trackers due, by tier', steps: above(111, 333) },
    { dashboard: 'otel-health-tracker-fetcher', panel: 'Attempts, last hour', steps: enough },
    { dashboard: 'otel-health-tracker-fetcher', panel: 'Apple, p95, 5 min', steps: above(4) },
    { dashboard: 'otel-health-tracker-fetcher', panel: 'Duration of calls to Apple', steps: above(4) },
    { dashboard: 'otel-health-worker', panel: 'Success rate', steps: linesBelow(91, 61) },
    { dashboard: 'otel-health-worker', panel: 'Items due', steps: above(111, 333) },
    { dashboard: 'otel-health-worker', panel: 'Attempts, last hour', steps: enough },
    { dashboard: 'otel-health-worker', panel: 'Duration of calls, p95', steps: above(4) },
  ])('$dashboard: $panel', ({ dashboard, panel, steps }) => {
    const found = chosen.find(({ uid }) => uid === dashboard)!.panels.find(({ title }) => title === panel)!
    expect(found.fieldConfig.defaults.thresholds.steps).toEqual(steps)
  })
})
