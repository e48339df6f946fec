/** The rules that otel-health judges services by, as alerting rules of Prometheus: for whoever wants to be told by Prometheus as well. */
import { Document, type Pair, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml'

import { prometheusLabel } from '../export/prometheus-name.ts'
import { promqlTime } from '../panels/promql.ts'
import { alertPromql } from './alert-promql.ts'
import type { AlertConditions, Recorded } from './alert-words.ts'
import type { JudgedKind, JudgedRule } from './judged-rules.ts'
import { judgedKinds } from './judged-rules.ts'
import type { GenerateOptions } from './options.ts'

export interface ServiceAlert {
  readonly alert: string
  readonly expr: string
  readonly for: string
  readonly keep_firing_for: string
  readonly labels: { readonly severity: 'warning' | 'critical'; readonly kind: string; readonly origin: 'otel-health' }
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url?: string }
}

export interface ServiceRuleGroup {
  readonly name: string
  /** Recorded counts stand before the alerts that read them. */
  readonly rules: readonly (Recorded | ServiceAlert)[]
  /** Above the first rule of this place in `rules`. */
  readonly comments: ReadonlyMap<number, string>
  /** Of rules that are not here, each with the reason. */
  readonly missing: readonly string[]
}

const HEAD = `Made by \`otel-health rules <dir>\`: the rules by which otel-health judges services, for Prometheus. Whoever is told by otel-health and
loads this file is told twice: load it where Prometheus is to tell, or as a second opinion in case otel-health itself is broken.

What PromQL cannot say in any of them:
- What is not known neither fires nor resolves in otel-health. Here it is as if it were well.
- otel-health counts in the process, every second. Here it is known one export later, and windows end with the last export.
- An alert of otel-health has one severity. Here WARNING and CRITICAL are two alerts, and CRITICAL ends when it has not been that bad for
  keep_firing_for, though otel-health may say CRITICAL until all is well. Inhibit warning by critical in Alertmanager.
- What silences the alerts of otel-health (acknowledged, silenced, a dependency that is down) silences nothing here.
- That a service is silent is told by HealthHeartbeatAbsent in otel-health.yml.

Recorded counts are to the last event: a step counts from the value before it, from 0 where a counter begins or began anew, and not at all
where its series was away. \`increase\` would guess at the edges of the window and miss the events with which a series begins.`

/** A rule file as text. Throws one sentence if a rule cannot be judged. */
export function serviceRuleFile(options: GenerateOptions): string {
  const groups = serviceRules(options)
  const document = new Document({ groups: groups.map(({ name, rules }) => ({ name, rules })) })
  document.commentBefore = indented(HEAD)
  const list = (document.contents as unknown as YAMLMap<Scalar, YAMLSeq<YAMLMap>>).items[0]!.value!
  for (const [place, { comments, missing }] of groups.entries()) {
    const group = list.items[place]!
    if (missing.length > 0) group.commentBefore = indented(missing.join('\n'))
    const rules = (group.items as Pair<Scalar, YAMLSeq<YAMLMap>>[]).find(({ key }) => key.value === 'rules')!.value!
    for (const [at, comment] of comments) rules.items[at]!.commentBefore = indented(comment)
  }
  return document.toString({ lineWidth: 0 })
}

/** A group for each kind of service that has a rule of its own, and one for the rules of every service. */
export function serviceRules(options: GenerateOptions): readonly ServiceRuleGroup[] {
  return judgedKinds(options)
    .filter(({ rules }) => rules.length > 0)
    .map((judged) => groupOf(judged, options.exportInterval))
}

function groupOf({ whose, kind, rules: judged }: JudgedKind, exportInterval: number): ServiceRuleGroup {
  const rules: (Recorded | ServiceAlert)[] = []
  const comments = new Map<number, string>()
  const missing: string[] = []
  for (const each of judged) {
    const { data, rule, metrics } = each
    const metricOf = (ref: { readonly metric: string; readonly definition?: unknown }) =>
      (ref.definition as ReturnType<typeof metrics.get>) ?? metrics.get(ref.metric)!
    const promql = alertPromql({ data, scope: rule.scope, kind, metricOf, exportInterval })
    if (promql.kind === 'unsaid') {
      missing.push(`Not here: ${data.name}. ${promql.because}`)
      continue
    }
    comments.set(rules.length, [rule.summary, ...promql.notes].join('\n'))
    rules.push(...promql.records, ...alertsOf(each, kind, promql))
  }
  return { name: `otel-health judges ${whose}`, rules, comments, missing }
}

function alertsOf({ data, rule }: JudgedRule, kind: string, promql: AlertConditions): readonly ServiceAlert[] {
  const { warning, critical, shows, plainOver } = promql
  const alert = (severity: 'warning' | 'critical', expr: string): ServiceAlert => ({
    alert: rule.name,
    expr,
    for: promqlTime(rule.forSeconds),
    keep_firing_for: promqlTime(rule.keepFiringSeconds),
    labels: { severity, kind, origin: 'otel-health' },
    annotations: {
      summary: `${rule.name} of {{ $labels.job }}${rule.scope === 'any' ? ' ({{ $labels.instance }})' : ''}${data.by === undefined ? '' : ` {{ $labels.${prometheusLabel(data.by)} }}`}`,
      description: [
        literal(rule.summary),
        ...(plainOver === undefined ? [] : [`Plain form over ${promqlTime(plainOver)}.`]),
        ...(shows === undefined ? [] : [`Now {{ $value | humanize }}${wordOf(shows)}.`]),
      ].join(' '),
      ...(rule.runbook !== undefined && { runbook_url: literal(rule.runbook) }),
    },
  })
  return [...(warning === undefined ? [] : [alert('warning', warning)]), ...(critical === undefined ? [] : [alert('critical', critical)])]
}

/** Braces of a user's own text are no template. */
function literal(text: string): string {
  return text.replaceAll('{{', '{{ "{{" }}')
}

/** ` s`; `{item}` is counted and stands in the summary. */
function wordOf(unit: string): string {
  if (unit === 'percent') return ' %'
  return unit === '1' || unit.startsWith('{') ? '' : ` ${unit}`
}

/** yaml writes a `#` before each line as it is. */
function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? line : ` ${line}`))
    .join('\n')
}
