/** Variables of the environment that look like ours but are read by nobody: a typing error that no program reports. */
import { lettersApart } from '../config/nearest.ts'
import type { Environment } from '../config/options.ts'
import { SETTINGS } from '../config/settings.ts'
import { ok, warn, type Finding } from './finding.ts'

/** What otel-health and the exporter read. */
const KNOWN: readonly string[] = [
  ...Object.values(SETTINGS).map(({ env }) => env),
  ...['HEALTH_SERVICE_NAME', 'HEALTH_PROMETHEUS_URL'],
  ...['OTEL_SERVICE_NAME', 'OTEL_RESOURCE_ATTRIBUTES', 'OTEL_SDK_DISABLED', 'OTEL_LOG_LEVEL', 'OTEL_METRICS_EXPORTER'],
  ...['OTEL_METRIC_EXPORT_INTERVAL', 'OTEL_METRIC_EXPORT_TIMEOUT'],
  ...['ENDPOINT', 'HEADERS', 'TIMEOUT', 'PROTOCOL', 'COMPRESSION', 'CERTIFICATE', 'CLIENT_CERTIFICATE', 'CLIENT_KEY'].flatMap((what) => [
    `OTEL_EXPORTER_OTLP_${what}`,
    `OTEL_EXPORTER_OTLP_METRICS_${what}`,
  ]),
  ...['TEMPORALITY_PREFERENCE', 'DEFAULT_HISTOGRAM_AGGREGATION'].map((what) => `OTEL_EXPORTER_OTLP_METRICS_${what}`),
]

/** What nobody else would call a variable. */
const OURS = [
  'HEALTH_REDIS_',
  'HEALTH_PUBLISHING_',
  'HEALTH_METRICS_',
  'HEALTH_RETENTION_',
  'HEALTH_EVALUATION_',
  'HEALTH_HMAC_',
  'HEALTH_HTTP_',
  'HEALTH_SERVICE_NAME_',
]

/** What Kubernetes sets for a Service called health-redis. */
const SERVICE_LINK = /^HEALTH_REDIS_(SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_(TCP|UDP)(_\w+)?)$/

/** Letters that a typing error gets wrong. */
const MOST_EDITS = 2

export function checkVariables(env: Environment): Finding {
  const wrong = Object.keys(env)
    .filter((name) => !KNOWN.includes(name) && !SERVICE_LINK.test(name))
    .map((name) => ({ name, meant: closest(name) }))
    .filter(({ name, meant }) => meant !== undefined || OURS.some((prefix) => name.startsWith(prefix)))
  if (wrong.length === 0) return ok('variables', 'every variable that looks like ours is read')
  const [sure, unsure] = [wrong.filter(({ meant }) => meant !== undefined), wrong.filter(({ meant }) => meant === undefined)]
  return warn(
    'variables',
    `${list(wrong.map(({ name }) => name))} ${wrong.length === 1 ? 'is' : 'are'} read by nobody`,
    [
      ...sure.map(({ name, meant }) => `rename ${name} to ${meant}`),
      ...(unsure.length > 0 ? [`remove ${list(unsure.map(({ name }) => name))}, or see docs/reference.md for what there is`] : []),
    ]
      .join('; ')
      .replace(/^./, (first) => first.toUpperCase())
      .concat('.'),
  )
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

function closest(name: string): string | undefined {
  const near = KNOWN.map((known) => ({ known, count: lettersApart(name, known) })).filter(({ known, count }) => count <= mostEdits(known))
  return near.toSorted((a, b) => a.count - b.count)[0]?.known
}

/** Of the last word half may be wrong: _DB is another word than _CA. */
function mostEdits(known: string): number {
  return Math.min(MOST_EDITS, Math.floor(known.split('_').at(-1)!.length / 2))
}
