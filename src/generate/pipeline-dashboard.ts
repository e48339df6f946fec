/** The way of the figures: services, collector, Prometheus. Where one of them fails, the other dashboards fall silent or lie. */
import { COLLECTOR, PROMETHEUS } from './collector-metrics.ts'
import type { DashboardSpec } from './dashboard.ts'
import { OWN_ROW } from '../panels/health-panels.ts'
import type { HeartbeatTiming } from '../panels/heartbeat.ts'
import { heartbeatAge, heartbeatLimit } from '../panels/heartbeat.ts'
import { ANSWER_COLOURS, byLastWord } from '../panels/line-colours.ts'
import type { PanelSpec, ShownState } from '../panels/panel-spec.ts'
import { HEALTH_CLOCK_SKEW, HEALTH_HEARTBEAT_TIME, HEALTH_WORK_SOURCES } from '../catalogue.ts'
import { series } from '../panels/promql.ts'
import { serviceVariables } from './service-dashboard.ts'

const UP: readonly ShownState[] = [
  { state: 'down', colour: 'red' },
  { state: 'up', colour: 'green' },
]

/** Of the collector's queue, as the rule OtelCollectorQueueFilling has it. */
export const QUEUE_LIMIT_PERCENT = 80
const QUEUE_LIMITS = { breach: 'above', warning: QUEUE_LIMIT_PERCENT, critical: 100 } as const
const QUEUE = `100 * ${COLLECTOR.queueSize} / ${COLLECTOR.queueCapacity}`

export function pipelineDashboard(timing: HeartbeatTiming): DashboardSpec {
  return {
    uid: 'otel-health-pipeline',
    title: 'otel-health: pipeline',
    description: 'The way of the figures: services export, the collector queues and sends, Prometheus stores.',
    variables: serviceVariables({ multi: true }),
    annotations: [
      {
        name: 'Rules',
        expr: 'ALERTS{alertstate="firing",origin="otel-health"}',
        title: '{{alertname}}',
        text: '{{severity}} {{job}}',
        colour: 'red',
      },
    ],
    exportInterval: timing.exportInterval,
    rows: [
      {
        title: 'Services',
        panels: [
          {
            kind: 'timeseries',
            title: 'Age of heartbeats',
            description: 'How long ago each instance was judged, as of what arrived here: it rises with every export that is late.',
            unit: 's',
            width: 8,
            limits: { breach: 'above', warning: heartbeatLimit(timing) },
            queries: [{ expr: heartbeatAge(series(HEALTH_HEARTBEAT_TIME)), legend: '{{job}} {{instance}}' }],
          },
          {
            kind: 'timeseries',
            title: 'Clocks',
            description: `${HEALTH_CLOCK_SKEW.description} Alerts do not go by it; times that people read do.`,
            unit: 's',
            width: 8,
            queries: [{ expr: series(HEALTH_CLOCK_SKEW), legend: '{{job}} {{instance}}' }],
          },
          {
            kind: 'timeseries',
            title: 'Sources of work',
            description: HEALTH_WORK_SOURCES.description,
            unit: 'none',
            width: 8,
            queries: [{ expr: series(HEALTH_WORK_SOURCES), legend: '{{job}} {{instance}}' }],
          },
        ],
      },
      OWN_ROW,
      {
        title: 'Collector',
        panels: [
          up('Collector', COLLECTOR.up),
          {
            kind: 'stat',
            title: 'Queue',
            description: 'Data points that wait for Prometheus, as part of what the queue on disk holds. Full means lost.',
            unit: 'percent',
            width: 6,
            limits: QUEUE_LIMITS,
            queries: [{ expr: QUEUE, legend: 'queue' }],
          },
          {
            kind: 'stat',
            title: 'Up for',
            description: 'How long the collector has been running.',
            unit: 's',
            width: 6,
            queries: [{ expr: COLLECTOR.uptime, legend: '{{instance}}' }],
          },
          {
            kind: 'stat',
            title: 'Memory',
            description: 'Resident memory of the collector.',
            unit: 'bytes',
            width: 6,
            queries: [{ expr: COLLECTOR.memory, legend: '{{instance}}' }],
          },
          {
            kind: 'timeseries',
            title: 'Points in and out',
            description: 'Data points a second that services sent and Prometheus took. Out far below in fills the queue.',
            unit: 'cps',
            width: 8,
            colours: byLastWord({ accepted: 'blue', sent: 'green' }),
            queries: [
              { expr: aSecond(COLLECTOR.accepted), legend: 'accepted' },
              { expr: aSecond(COLLECTOR.sent), legend: 'sent' },
            ],
          },
          {
            kind: 'timeseries',
            title: 'Points refused or lost',
            description:
              'Refused: the queue or the memory was full, and the service tries again. Lost: given up after all retries, or refused by Prometheus for good.',
            unit: 'cps',
            width: 8,
            colours: byLastWord({ refused: 'orange', lost: 'red' }),
            queries: [
              { expr: aSecond(COLLECTOR.refused), legend: 'refused' },
              { expr: aSecond(COLLECTOR.sendFailed), legend: 'lost' },
            ],
          },
          {
            kind: 'timeseries',
            title: 'Queue over time',
            description: 'Data points that wait for Prometheus, as part of what the queue on disk holds.',
            unit: 'percent',
            width: 8,
            limits: QUEUE_LIMITS,
            queries: [{ expr: QUEUE, legend: 'waiting' }],
          },
        ],
      },
      {
        title: 'Prometheus',
        panels: [
          up('Prometheus', PROMETHEUS.up),
          {
            kind: 'stat',
            title: 'Series',
            description: 'Series that Prometheus holds in memory.',
            unit: 'short',
            width: 6,
            queries: [{ expr: PROMETHEUS.series, legend: 'series' }],
          },
          {
            kind: 'stat',
            title: 'Rule failures, 1 h',
            description: 'Evaluations of rules that failed in the last hour.',
            unit: 'short',
            width: 6,
            limits: { breach: 'above', warning: 1 },
            queries: [{ expr: `sum(increase(${PROMETHEUS.ruleFailures}[1h]))`, legend: 'failures' }],
          },
          {
            kind: 'stat',
            title: 'Samples too old, 1 h',
            description: 'Samples that came after the out-of-order window and were refused.',
            unit: 'short',
            width: 6,
            limits: { breach: 'above', warning: 1 },
            queries: [{ expr: `sum(increase(${PROMETHEUS.tooOld}[1h]))`, legend: 'too old' }],
          },
          {
            kind: 'timeseries',
            title: 'OTLP requests by answer',
            description: 'Requests of the collector a second. 200 is taken; 400 is refused for good, and lost.',
            unit: 'reqps',
            width: 12,
            colours: ANSWER_COLOURS,
            queries: [{ expr: `sum by (code) (rate(${PROMETHEUS.otlpRequests}[$__rate_interval]))`, legend: '{{code}}' }],
          },
          {
            kind: 'timeseries',
            title: 'Samples stored',
            description: 'Samples a second; late ones came after newer ones, as after an outage.',
            unit: 'cps',
            width: 12,
            colours: byLastWord({ all: 'green', late: 'orange' }),
            queries: [
              { expr: aSecond(PROMETHEUS.appended), legend: 'all' },
              { expr: aSecond(PROMETHEUS.late), legend: 'late' },
            ],
          },
        ],
      },
    ],
  }
}

function up(what: string, expr: string): PanelSpec {
  return {
    kind: 'stat',
    title: what,
    description: `Whether Prometheus can read ${what === 'Prometheus' ? 'its own' : "the collector's"} figures.`,
    unit: 'none',
    width: 6,
    states: UP,
    queries: [{ expr, legend: '{{instance}}' }],
  }
}

function aSecond(counter: string): string {
  return `sum(rate(${counter}[$__rate_interval]))`
}
