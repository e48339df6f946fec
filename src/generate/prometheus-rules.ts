/**
 * Alerting rules of Prometheus for what watches the services: whether they are judged at all, and whether their figures arrive. How a
 * service is judged stays in otel-health, which knows evidence and covered time.
 */
import { stringify } from 'yaml'

import { KINDS, metricsOf } from '../kinds/index.ts'
import type { Kind } from '../kinds/kind.ts'
import {
  EVALUATION_ERRORS,
  EXPORT_FAILURES,
  HEALTH_HEARTBEAT_TIME,
  HEALTH_INSTANCE_PHASE,
  HEALTH_PHASE,
  HEALTH_STATUS,
  PROCESS_UPTIME,
  PUBLISH_MESSAGES,
  PUBLISH_OUTCOME,
} from '../catalogue.ts'
import { kindsOf } from './kinds-of.ts'
import type { GenerateOptions } from './options.ts'
import { recordings } from './recordings.ts'
import { COLLECTOR, COLLECTOR_JOB, PROMETHEUS } from './collector-metrics.ts'
import type { HeartbeatTiming } from '../panels/heartbeat.ts'
import { ENDED, heartbeatAge, heartbeatLimit, LOOK_BACK, unexcusedAge } from '../panels/heartbeat.ts'
import { QUEUE_LIMIT_PERCENT } from './pipeline-dashboard.ts'
import { prometheusLabel, prometheusName } from '../export/prometheus-name.ts'
import { INSTANCE_LABELS, max, SERVICE_LABELS, sum } from '../panels/promql.ts'

export interface PrometheusRule {
  readonly alert: string
  readonly expr: string
  readonly for: string
  readonly labels: { readonly severity: 'warning' | 'critical'; readonly origin: 'otel-health' }
  readonly annotations: { readonly summary: string; readonly description: string }
}

const HEARTBEAT = prometheusName(HEALTH_HEARTBEAT_TIME)

const HEAD = '# Made by `otel-health rules <dir>`. Who watches the watcher: the rules about the services themselves are in otel-health.\n'

/** A rule file as text. */
export function prometheusRuleFile(options: GenerateOptions): string {
  const watching = { name: 'otel-health', rules: prometheusRules(options, kindsOf(options)) }
  const own = recordings(options)
  const groups = own.rules.length > 0 ? [watching, { name: 'otel-health own rules', rules: own.rules }] : [watching]
  return HEAD + own.comment + stringify({ groups }, { lineWidth: 0 })
}

/** The alerts of the watcher. `kinds`: those whose metrics must not go missing. */
export function prometheusRules(timing: HeartbeatTiming, kinds: readonly Kind[] = KINDS): readonly PrometheusRule[] {
  const limit = heartbeatLimit(timing)
  const ended = `${prometheusName(HEALTH_INSTANCE_PHASE)}{${prometheusLabel(HEALTH_PHASE)}=~"${ENDED.join('|')}"}`
  const messages = (outcome: string) => `${prometheusName(PUBLISH_MESSAGES)}{${prometheusLabel(PUBLISH_OUTCOME)}="${outcome}"}`
  return [
    // After an outage of Prometheus the collector brings what was missed within a minute; after one of the collector each service exports
    // once more within its interval. While the collector is down OtelCollectorDown tells of it, once instead of once for each service.
    rule(
      'HealthHeartbeatAbsent',
      'critical',
      '2m',
      `(${unexcusedAge(HEARTBEAT, ended)} unless on () max(${COLLECTOR.up}) == 0) > ${limit}`,
      {
        summary: 'Nobody judges {{ $labels.job }}',
        description:
          'The newest heartbeat of {{ $labels.job }} is {{ $value | humanizeDuration }} old, and its last instance did not say that it stops. ' +
          'It has died, hangs, cannot export, its clock is wrong, or it ended with process.exit before it could say so. Look at its process, ' +
          'then at PrometheusRefusesOtlp. ' +
          `Ends by itself ${LOOK_BACK} after the last heartbeat.`,
      },
    ),
    rule('HealthHeartbeatsAbsent', 'warning', '5m', `absent_over_time(${HEARTBEAT}[${LOOK_BACK}])`, {
      summary: 'No service has a heartbeat',
      description:
        `Prometheus has had no series ${HEARTBEAT} for ${LOOK_BACK}: no service exports, nothing arrives, or Prometheus gives the metrics other ` +
        'names (translation_strategy must be UnderscoreEscapingWithSuffixes).',
    }),
    rule(
      'HealthStatusMissing',
      'warning',
      '5m',
      `${HEARTBEAT} unless on (${INSTANCE_LABELS.join(', ')}) ${prometheusName(HEALTH_STATUS)}`,
      {
        summary: '{{ $labels.job }} has a heartbeat but no status',
        description:
          `Dashboards cannot show the status of {{ $labels.job }} ({{ $labels.instance }}): ${prometheusName(HEALTH_STATUS)} is missing. ` +
          'Something on the way drops it, or renames it.',
      },
    ),
    rule('HealthSeriesMissing', 'warning', '5m', seriesMissing(kinds), {
      summary: 'Dashboards miss a series of {{ $labels.job }}',
      description:
        '{{ $labels.missing }} of {{ $labels.job }} ({{ $labels.instance }}) was there an hour ago and is not any more, although the process ' +
        'is the same. Something on the way drops it.',
    }),
    rule('HealthExportFailing', 'warning', '0s', grew(prometheusName(EXPORT_FAILURES), '15m'), {
      summary: '{{ $labels.job }} could not export',
      description:
        '{{ $value | humanize }} exports of {{ $labels.job }} ({{ $labels.instance }}) failed in 15 minutes. Counters are whole again with the ' +
        'next one that succeeds, levels of that time are lost. Is the collector there, and not refusing?',
    }),
    rule('HealthRedisSilent', 'critical', '3m', redisSilent(messages('published'), limit), {
      summary: 'The health Redis takes nothing from {{ $labels.job }}',
      description:
        '{{ $labels.job }} is judged, but its messages do not reach the health Redis any more, so nobody is told of its status and alerts. ' +
        'Is that Redis there, and not refusing?',
    }),
    rule('HealthMessagesDropped', 'warning', '0s', grew(messages('dropped'), '15m'), {
      summary: '{{ $labels.job }} dropped messages for the health Redis',
      description:
        '{{ $value | humanize }} messages of {{ $labels.job }} ({{ $labels.instance }}) were dropped in 15 minutes: the health Redis was away ' +
        'for so long that the bound of the outbox was reached.',
    }),
    rule('HealthEvaluationErrors', 'warning', '0s', grew(prometheusName(EVALUATION_ERRORS), '15m'), {
      summary: 'Evaluations fail in {{ $labels.job }}',
      description:
        '{{ $value | humanize }} rules, collections or evaluations of {{ $labels.job }} ({{ $labels.instance }}) threw in 15 minutes; its log ' +
        'has the first error.',
    }),
    rule('OtelCollectorDown', 'critical', '2m', `${COLLECTOR.up} == 0 or absent(${COLLECTOR.up})`, {
      summary: 'The collector does not answer',
      description: `Prometheus cannot read the figures of the job ${COLLECTOR_JOB}: services cannot export, and nobody sees whether they do.`,
    }),
    rule(
      'OtelCollectorQueueFilling',
      'warning',
      '1m',
      `100 * ${COLLECTOR.queueSize} / ${COLLECTOR.queueCapacity} > ${QUEUE_LIMIT_PERCENT}`,
      {
        summary: 'The queue of the collector fills up',
        description:
          '{{ $value | humanize }} % of the queue of {{ $labels.exporter }} are used. Prometheus is away or too slow; when the queue is full, ' +
          'data points are refused.',
      },
    ),
    rule(
      'OtelCollectorExportStuck',
      'warning',
      '5m',
      `${COLLECTOR.queueSize} > 0 unless on (job, instance) rate(${COLLECTOR.sent}[5m]) > 0`,
      {
        summary: 'The collector sends nothing',
        description:
          '{{ $value | humanize }} data points wait in the queue of {{ $labels.exporter }} and none was sent for 5 minutes. Is Prometheus there?',
      },
    ),
    rule('OtelCollectorLosesPoints', 'warning', '0s', grew(COLLECTOR.sendFailed, '10m'), {
      summary: 'The collector loses data points',
      description:
        '{{ $value | humanize }} data points were lost in 10 minutes: given up after all retries, or refused by Prometheus for good. Its log ' +
        'says why.',
    }),
    rule('OtelCollectorRefuses', 'warning', '1m', grew(COLLECTOR.refused, '5m'), {
      summary: 'The collector refuses data points',
      description:
        '{{ $value | humanize }} data points were refused in 5 minutes, because the queue or the memory of the collector is full. Services try again.',
    }),
    rule('PrometheusRefusesOtlp', 'warning', '0s', grew(PROMETHEUS.otlpRefused, '10m'), {
      summary: 'Prometheus refuses what the collector sends',
      description:
        '{{ $value | humanize }} OTLP requests were answered {{ $labels.code }} in 10 minutes. 400: samples too old, or twice with different ' +
        'values, which two instances with the same service.instance.id send.',
    }),
  ]
}

function rule(
  alert: string,
  severity: 'warning' | 'critical',
  holds: string,
  expr: string,
  annotations: PrometheusRule['annotations'],
): PrometheusRule {
  return { alert, expr, for: holds, labels: { severity, origin: 'otel-health' }, annotations }
}

/** Seconds. */
const HOUR = 3600
/** Seconds for which Prometheus takes the last value of a series for its present one. */
const LOOKBACK_DELTA = 300

/**
 * A metric that our dashboards chart and that an instance exported an hour ago, but no more. A process exports each of its series until it
 * ends; one that starts has no counters before they count, so it is not compared with the one before it.
 */
function seriesMissing(kinds: readonly Kind[]): string {
  const names = metricsOf(kinds)
    .filter(({ convention }) => !convention)
    .map((metric) => prometheusName(metric) + (metric.instrument === 'histogram' ? '_count' : ''))
  const all = `{__name__=~"${Array.from(new Set(names)).join('|')}"}`
  const by = `__name__, ${INSTANCE_LABELS.join(', ')}`
  const gone = `group by (${by}) (${all} offset ${HOUR}s) unless on (${by}) group by (${by}) (${all})`
  // An alert has a name of its own, so that of the series must move.
  return `label_replace(${gone}, "missing", "$1", "__name__", "(.+)") and on (${INSTANCE_LABELS.join(', ')}) ${prometheusName(PROCESS_UPTIME)} > ${HOUR + LOOKBACK_DELTA}`
}

/** Services that beat, and of which the health Redis once took messages, but none lately. Each publishes at least three times in the window. */
function redisSilent(published: string, limit: number): string {
  const by = SERVICE_LABELS.join(', ')
  const once = sum(`last_over_time(${published}[${LOOK_BACK}])`, SERVICE_LABELS)
  const lately = sum(`increase(${published}[${2 * limit}s])`, SERVICE_LABELS)
  const beating = max(`${heartbeatAge(HEARTBEAT)} < ${limit}`, SERVICE_LABELS)
  return `${once} unless on (${by}) ${lately} > 0 and on (${by}) ${beating}`
}

/**
 * Also of a counter that has no series before it first counts: `increase` does not see how it came into being. It is looked for over a day,
 * so that what was counted before an outage of Prometheus is not new after it.
 */
function grew(counter: string, window: string): string {
  return `increase(${counter}[${window}]) > 0 or (${counter} unless last_over_time(${counter}[1d] offset ${window})) > 0`
}
