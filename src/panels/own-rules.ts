/** What the rules look at that a service brings itself: a panel for each, with its limits. */
import type { Rule, RuleLimits } from '../types.ts'
import { DEFAULTS } from '../rules/rule-data.ts'
import { secondsOf } from '../rules/time-text.ts'
import { unitOf } from '../rules/unit.ts'
import { alertStates } from './health-panels.ts'
import type { HeartbeatTiming } from './heartbeat.ts'
import type { PanelRow, PanelSpec, ShownState } from './panel-spec.ts'
import { prometheusLabel } from '../export/prometheus-name.ts'
import type { ReadingPromql, RuleSource } from './reading-promql.ts'
import { readingPromql } from './reading-promql.ts'

/** A rule as it is judged, and as it was said. */
export interface OwnRule extends Pick<RuleSource, 'data' | 'metricOf'> {
  readonly rule: Pick<Rule, 'name' | 'summary' | 'limits' | 'runbook'>
}

export function ownRulesRow(rules: readonly OwnRule[], timing: HeartbeatTiming): PanelRow {
  return { title: 'Own rules', panels: rules.map((each) => ownRulePanel(each, timing)) }
}

function ownRulePanel(own: OwnRule, timing: HeartbeatTiming): PanelSpec {
  const { rule, data } = own
  const promql = readingPromql({ ...own, timing })
  const said = {
    title: titleOf(rule.name),
    description: describe(own, promql),
    width: 8,
  }
  switch (promql.kind) {
    case 'figure':
      return {
        ...said,
        kind: 'timeseries',
        unit: GRAFANA_UNITS[promql.unit] ?? 'short',
        limits: limitsOf(own, promql.unit),
        queries: [{ expr: promql.expr, legend: legendOf(own) }],
      }
    case 'state':
      return promql.asNumber === undefined
        ? {
            ...said,
            kind: 'timeseries',
            unit: 'none',
            queries: [{ expr: promql.expr, legend: `${legendOf(own)} {{${prometheusLabel(attributeOf(own))}}}` }],
          }
        : {
            ...said,
            kind: 'timeline',
            unit: 'none',
            states: promql.states.map((state) => shownState(state, own)),
            queries: [{ expr: promql.asNumber, legend: legendOf(own) }],
          }
    case 'unsaid':
      return { ...said, kind: 'timeline', unit: 'none', ...alertStates(timing, data.name) }
  }
}

/** As people write it: "Low hit rate". */
function titleOf(rule: string): string {
  const words = rule.replaceAll('_', ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function legendOf({ data: { by, scope } }: OwnRule): string {
  const labels = [...(scope === 'shared' ? ['job'] : ['instance']), ...(by === undefined ? [] : [prometheusLabel(by)])]
  return labels.map((label) => `{{${label}}}`).join(' ')
}

function describe({ rule: { name, summary, runbook }, data: { says } }: OwnRule, promql: ReadingPromql): string {
  const note =
    promql.kind === 'figure' ? promql.note : promql.kind === 'unsaid' ? `${promql.because} Shown is the state of the alert.` : undefined
  return [
    summary,
    ...(note === undefined ? [] : [note]),
    ...(says === undefined ? [] : [`People are told "${says}".`]),
    ...(runbook === undefined ? [] : [`What to do stands in the [runbook](${runbook}).`]),
    `Judged by the rule ${name}.`,
  ].join(' ')
}

/** In the unit of the figure. */
function limitsOf({ rule: { limits }, data: { name, when, severity = 'WARNING' } }: OwnRule, unit: string): RuleLimits | undefined {
  if (when.reading === 'slow_calls') return { breach: 'above', warning: 5 }
  if (when.reading === 'absent') {
    const seconds = secondsOf(when.over ?? DEFAULTS.over, `The window of the rule ${name}`)
    return { breach: 'above', warning: seconds, ...(severity === 'CRITICAL' && { critical: seconds }) }
  }
  if (!limits) return undefined
  const factor = unitOf(limits.unit === 'percent' ? '%' : (limits.unit ?? unit), unit)?.factor ?? 1
  const { breach, warning, critical } = limits
  return { breach, warning: warning * factor, ...(critical !== undefined && { critical: critical * factor }) }
}

function attributeOf({ data: { when } }: OwnRule): string {
  return when.reading === 'state' ? when.attribute : ''
}

function shownState(state: string, { data: { isNot, severity = 'CRITICAL' } }: OwnRule): ShownState {
  if (state === isNot) return { state, colour: 'green' }
  if (state === 'unknown') return { state, colour: 'purple' }
  return { state, colour: severity === 'CRITICAL' ? 'red' : 'orange' }
}

/** Grafana's ids of units; what is counted has none. */
const GRAFANA_UNITS: Readonly<Record<string, string>> = {
  s: 's',
  ms: 'ms',
  us: 'µs',
  ns: 'ns',
  min: 'm',
  h: 'h',
  d: 'd',
  By: 'bytes',
  kBy: 'deckbytes',
  MBy: 'decmbytes',
  GBy: 'decgbytes',
  KiBy: 'kbytes',
  MiBy: 'mbytes',
  GiBy: 'gbytes',
  '%': 'percent',
  '/s': 'cps',
  Cel: 'celsius',
  Hz: 'hertz',
}
