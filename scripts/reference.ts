/**
 * Makes docs/reference.md of the catalogue, the settings and the kinds of service: `node scripts/reference.ts` writes it,
 * test/reference.test.ts compares it.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import type { InstrumentKind, MetricDefinition } from '../src/catalogue.ts'
import { EVERY_SERVICE, SERVICE_SILENT } from '../src/catalogue.ts'
import { panelVariableRows } from '../src/cli/panel-variables.ts'
import { limitsOf } from '../src/config/limits.ts'
import { defaultSettings, SETTINGS } from '../src/config/settings.ts'
import { prometheusName } from '../src/export/prometheus-name.ts'
import { prometheusRules } from '../src/generate/prometheus-rules.ts'
import { KINDS } from '../src/kinds/index.ts'
import type { Kind } from '../src/kinds/kind.ts'
import { EVERY_SERVICE_RULE_NAMES } from '../src/rules/every-service.ts'
import { profileOf } from '../src/rules/service-kind.ts'
import { anyService } from '../src/service/any-service.ts'
import type { Rule } from '../src/types.ts'

export const REFERENCE: string = fileURLToPath(new URL('../docs/reference.md', import.meta.url))

const INSTRUMENTS: Record<InstrumentKind, string> = {
  counter: 'Counter',
  histogram: 'Histogram',
  observable_up_down_counter: 'ObservableUpDownCounter',
  observable_gauge: 'ObservableGauge',
}

const RULES_OF_EVERY_SERVICE: readonly NamedRule[] = [
  {
    name: SERVICE_SILENT,
    forSeconds: 0,
    keepFiringSeconds: 0,
    summary:
      'No instance is alive, and the last that did not say that it stops has not been heard of for three publishing intervals; noticed by whichever instance of any service is watching, one at a time. It can be switched off, not changed.',
  },
  ...profileOf(anyService, limitsOf(defaultSettings())).rules,
]

export function reference(): string {
  return `# Reference

Made by \`npm run generate\` of src/catalogue.ts, src/config/settings.ts, src/cli/panel-variables.ts, src/kinds and src/generate; a test compares it.

## Settings

In code by name, in the environment by variable, in health.config by name; code wins over environment, environment over health.config.

${table(
  ['name', 'variable', 'default', 'meaning'],
  Object.entries(SETTINGS).map(([name, { env, default: value, description }]) => [
    name,
    `\`${env}\``,
    value === undefined ? 'unset' : String(value),
    description,
  ]),
)}

## Variables of the panel

Read by \`otel-health panel\` alone, besides those of the health Redis above. [panel.md](panel.md) says how people log in.

${table(
  ['variable', 'meaning'],
  panelVariableRows().map(([name, says]) => [`\`${name}\``, says!]),
)}

## Rules of every service

${rulesTable(RULES_OF_EVERY_SERVICE)}

${KINDS.map(rulesSection).join('\n\n')}

## Metrics of every service

All metrics have the scope \`otel-health\`. An attribute without values is open; what a service makes up itself is bounded, and what is beyond the bound is \`_OTHER\`.

${metricsTable(EVERY_SERVICE)}

${KINDS.map(metricsSection).join('\n\n')}

## Rules for Prometheus

They watch the watchers, as \`otel-health rules\` writes them; how a service is judged stays in otel-health. What own rules of health.config read is recorded beside them, as \`health:<rule>\`.

${table(
  ['alert', 'severity', 'fires when this has held for', 'tells'],
  prometheusRules({ publishingInterval: 30, exportInterval: 60 }).map(({ alert, for: holds, labels, annotations }) => [
    `\`${alert}\``,
    labels.severity,
    holds,
    annotations.summary.replaceAll(/\{\{ \$labels\.job \}\}/g, 'a service'),
  ]),
)}
`
}

type NamedRule = Pick<Rule, 'name' | 'forSeconds' | 'keepFiringSeconds' | 'summary'>

function rulesSection(kind: Kind): string {
  return [`## Rules of a ${kind.title}\n\n${kind.about}\n\n${rulesTable(rulesOf(kind))}`, ...recordsOf(kind), ...figuresOf(kind)].join(
    '\n\n',
  )
}

function rulesOf(kind: Kind): readonly NamedRule[] {
  const { rules } = profileOf(kind, limitsOf(defaultSettings()))
  return rules.filter(({ name }) => !EVERY_SERVICE_RULE_NAMES.includes(name))
}

/** What `records` of health.config and `record` of a monitor may say, by field. */
function recordsOf({ title, records = {} }: Kind): readonly string[] {
  const rows = Object.entries(records).flatMap(([name, { is, tallies }]) => [
    ...(is === undefined ? [] : [[`\`${name}\``, is === 'attempt' ? FIELDS_OF_ATTEMPT : `\`${is.batchOf}\`, ${FIELDS_OF_BATCH}`, IS]]),
    ...tallies.map(({ into, of, in: unit, each, by = {} }) => {
      const fields = [
        ...(of === undefined ? [] : [`\`${of}\`${unit === undefined ? '' : ` in ${unit}`}`]),
        ...Object.values(by).map((field) => `\`${field}\``),
      ]
      const ref = typeof into === 'string' ? { metric: into } : into
      const always = Object.entries(ref.where ?? {}).map(([attribute, value]) => ` with \`${attribute}\` = ${JSON.stringify(value)}`)
      return [
        `\`${name}\``,
        `${each === undefined ? '' : `each of \`${each}\`: `}${fields.join(', ')}`,
        `\`${ref.metric}\`${always.join('')}`,
      ]
    }),
  ])
  if (rows.length === 0) return []
  const abouts = Object.entries(records).flatMap(([name, { about }]) => (about === undefined ? [] : [`- \`${name}\`: ${about}`]))
  return [
    `What a method or channel of a ${title} \`records\` besides, and \`monitor.record(name, fields)\` in code:\n\n${abouts.join('\n')}\n\n${table(['record', 'fields', 'adds to'], rows)}`,
  ]
}

const FIELDS_OF_ATTEMPT = '`success`, `durationMs`, `errorType`; of a method they are known without being said'
const FIELDS_OF_BATCH = '`success`, `durationMs`, `errorType`'
const IS = 'the attempts of a worker'

/** Beside those of a worker. */
function figuresOf({ title, shown = {} }: Kind): readonly string[] {
  const rows = Object.entries(shown).map(([name, { of, in: unit, by }]) => {
    const { reading, over } = of as { readonly reading: string; readonly over?: string }
    return [
      `\`${name}\``,
      `${reading.replaceAll('_', ' ')}${over === undefined ? '' : ` over ${over}`}`,
      unit ?? '',
      by === undefined ? '' : `\`${by}\``,
    ]
  })
  if (rows.length === 0) return []
  return [
    `Figures in status and metrics of a ${title}, beside those of a worker:\n\n${table(['figure', 'reading', 'in', 'for each'], rows)}`,
  ]
}

/** What a kind has of the one that it is besides stands there. */
function metricsSection({ name, title, metrics }: Kind): string {
  const base = KINDS.find((kind) => kind.name !== name && kind.metrics.every((metric) => metrics.includes(metric)))
  const own = base ? metrics.filter((metric) => !base.metrics.includes(metric)) : metrics
  return `## Metrics of a ${title}\n\n${base ? `All metrics of a ${base.title}, and:\n\n` : ''}${metricsTable(own)}`
}

function rulesTable(rules: readonly NamedRule[]): string {
  return table(
    ['rule', 'fires when this has held for', 'resolves when fine for', 'condition'],
    rules.map(({ name, forSeconds, keepFiringSeconds, summary }) => [`\`${name}\``, `${forSeconds} s`, `${keepFiringSeconds} s`, summary]),
  )
}

function metricsTable(metrics: readonly MetricDefinition[]): string {
  return table(['metric', 'in Prometheus', 'instrument, unit', 'attributes', 'meaning'], metrics.map(metricRow))
}

function metricRow(metric: MetricDefinition): string[] {
  const { name, instrument, unit, attributes, bounds, description } = metric
  const listed = Object.entries(attributes).map(
    ([attribute, values]) => `\`${attribute}\`${values.length > 0 ? ` = ${values.join(', ')}` : ''}`,
  )
  const buckets = bounds ? ` Buckets ${bounds.join(' ')}.` : ''
  return [
    `\`${name}\``,
    `\`${prometheusName(metric)}\``,
    `${INSTRUMENTS[instrument]} \`${unit}\``,
    listed.join('; '),
    `${description}${buckets}`,
  ]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(REFERENCE, reference())
