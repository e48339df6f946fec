/**
 * Makes docs/reference.md of the catalogue, the settings and the profile: `node scripts/reference.ts` writes it,
 * test/reference.test.ts compares it.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import type { InstrumentKind, MetricDefinition } from '../src/catalogue.ts'
import { CATALOGUE } from '../src/kinds/index.ts'
import { SERVICE_SILENT } from '../src/catalogue.ts'
import { SETTINGS } from '../src/config/settings.ts'
import { resolveOptions } from '../src/config/options.ts'
import { prometheusRules } from '../src/generate/prometheus-rules.ts'
import { prometheusName } from '../src/export/prometheus-name.ts'
import type { Rule } from '../src/types.ts'
import type { ServiceKind } from '../src/kinds/kind.ts'
import { trackerFetcher } from '../src/kinds/tracker-fetcher/figures.ts'
import { worker } from '../src/kinds/worker/figures.ts'

export const REFERENCE: string = fileURLToPath(new URL('../docs/reference.md', import.meta.url))

const INSTRUMENTS: Record<InstrumentKind, string> = {
  counter: 'Counter',
  histogram: 'Histogram',
  observable_up_down_counter: 'ObservableUpDownCounter',
  observable_gauge: 'ObservableGauge',
}

const TRACKER_FETCHER_RULES: Readonly<Record<string, string>> = {
  apple_account_unauthenticated: 'No Apple account can fetch: logged out, two-factor code wanted, or blocked.',
  anisette_unreachable: 'The anisette server does not answer twice in a row, or answers without usable headers.',
  large_queue: 'Due trackers above LARGE_QUEUE_THRESHOLD (WARNING) or VERY_LARGE_QUEUE_THRESHOLD (CRITICAL).',
  low_success_rate:
    'Success rate of fetches below MIN_SUCCESS_RATE_HEALTHY (WARNING) or MIN_SUCCESS_RATE_DEGRADED (CRITICAL), honest about small numbers.',
  low_fetch_rate: 'Fewer attempts in the last hour than MIN_FETCH_RATE makes likely, while trackers were due.',
  slow_apple_api: 'More than 5 % of the calls to Apple in 5 minutes took longer than MAX_API_RESPONSE_TIME or timed out.',
}

const WORKER_RULES: Readonly<Record<string, string>> = {
  large_queue: 'Due items of all queues above LARGE_QUEUE_THRESHOLD (WARNING) or VERY_LARGE_QUEUE_THRESHOLD (CRITICAL).',
  low_success_rate:
    'Success rate below MIN_SUCCESS_RATE_HEALTHY (WARNING) or MIN_SUCCESS_RATE_DEGRADED (CRITICAL), honest about small numbers.',
  low_work_rate: 'Fewer attempts in the last hour than MIN_FETCH_RATE makes likely, while items were due.',
  slow_upstream: 'More than 5 % of the calls to upstreams in 5 minutes took longer than MAX_API_RESPONSE_TIME or timed out.',
}

const EVERY_SERVICE_RULES: Readonly<Record<string, string>> = {
  [SERVICE_SILENT]:
    'No instance has been heard of for three publishing intervals and none said that it stops; judged by every instance about every service.',
}

const TRACKER_FETCHER_METRICS = 'tracker_fetcher.'
const WORKER_METRICS = 'work.'

export function reference(): string {
  return `# Reference

Made by \`npm run generate\` of src/catalogue.ts, src/config/settings.ts, src/services and src/generate; a test compares it.

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

## Rules of every service

${rulesTable([{ name: SERVICE_SILENT, forSeconds: 0, keepFiringSeconds: 0 }], EVERY_SERVICE_RULES)}

## Rules of a worker

For any fetcher, job processor or queue consumer. A rule about what a service has not (queues, upstreams) says nothing.

${rulesTable(rulesOf(worker), WORKER_RULES)}

## Rules of the tracker fetcher

${rulesTable(rulesOf(trackerFetcher), TRACKER_FETCHER_RULES)}

## Metrics of every service

All metrics have the scope \`otel-health\`. An attribute without values is open; what a service makes up itself is bounded, and what is beyond the bound is \`_OTHER\`.

${metricsTable((name) => !name.startsWith(WORKER_METRICS) && !name.startsWith(TRACKER_FETCHER_METRICS))}

## Metrics of a worker

${metricsTable((name) => name.startsWith(WORKER_METRICS))}

## Metrics of the tracker fetcher

${metricsTable((name) => name.startsWith(TRACKER_FETCHER_METRICS))}

## Rules for Prometheus

They watch the watchers, as \`otel-health rules\` writes them; how a service is judged stays in otel-health.

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

type NamedTiming = Pick<Rule, 'name' | 'forSeconds' | 'keepFiringSeconds'>

function rulesOf(kind: ServiceKind): readonly NamedTiming[] {
  const { settings } = resolveOptions({ env: {} })
  return kind.profile({ ...settings, maxApiResponseTimeMs: settings.maxApiResponseTime }, {}).rules
}

function rulesTable(rules: readonly NamedTiming[], descriptions: Readonly<Record<string, string>>): string {
  return table(
    ['rule', 'fires when this has held for', 'resolves when fine for', 'condition'],
    rules.map(({ name, forSeconds, keepFiringSeconds }) => [
      `\`${name}\``,
      `${forSeconds} s`,
      `${keepFiringSeconds} s`,
      describe(name, descriptions),
    ]),
  )
}

function metricsTable(isShown: (name: string) => boolean): string {
  return table(
    ['metric', 'in Prometheus', 'instrument, unit', 'attributes', 'meaning'],
    CATALOGUE.filter(({ name }) => isShown(name)).map(metricRow),
  )
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

function describe(rule: string, descriptions: Readonly<Record<string, string>>): string {
  const text = descriptions[rule]
  if (text === undefined) throw new Error(`The rule ${rule} has no description: add one to scripts/reference.ts.`)
  return text
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(REFERENCE, reference())
