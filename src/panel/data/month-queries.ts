/** What a Prometheus is asked for trends: these questions and no others, over the metrics in which all services can be compared. Pure. */
import type { MetricDefinition } from '../../catalogue.ts'
import { prometheusLabel } from '../../export/prometheus-name.ts'
import { alternatives, prometheusSeries } from '../../export/prometheus-series.ts'
import { KINDS } from '../../kinds/index.ts'
import type { KindOverview } from '../../kinds/kind.ts'
import type { Where } from '../../types.ts'

export interface MonthQuery {
  /** As the figure is called in messages. */
  readonly figure: 'rate_per_hour' | 'success_rate_percent' | 'total_queue_size' | 'quota_used_percent'
  readonly expr: string
}

/** The label that names a service: `service.namespace/service.name`, or the name alone. */
const JOB = 'job'
const WINDOW = '3h'

/** Each answers a series for each service, named by its label `job`. `services`: names of services. */
export function monthQueries(services: readonly string[]): readonly MonthQuery[] {
  const selected = [`${JOB}=~${JSON.stringify(`(?:.*/)?(?:${alternatives(services)})`)}`]
  const series = (metric: MetricDefinition, where: Where = {}) => prometheusSeries(metric, where, selected)
  const perSecond = ({ attempts }: KindOverview, where?: Where) => `sum by (${JOB}) (rate(${series(attempts, where)}[${WINDOW}]))`
  return [
    { figure: 'rate_per_hour', expr: ofAnyKind((kind) => `3600 * ${perSecond(kind)}`) },
    { figure: 'success_rate_percent', expr: ofAnyKind((kind) => percent(perSecond(kind, kind.succeeded), perSecond(kind, kind.told))) },
    {
      figure: 'total_queue_size',
      expr: ofAnyKind(
        ({ due: { metric, where, by } }) => `sum by (${JOB}) (${highest(series(metric, where), [JOB, prometheusLabel(by)])})`,
      ),
    },
    {
      figure: 'quota_used_percent',
      expr: ofAnyKind(({ quotaUsage }) => quotaUsage && `100 * ${highest(series(quotaUsage), [JOB])}`),
    },
  ]
}

/** Kinds that record the same are asked about once, and those of which `expressionOf` says nothing are not. */
function ofAnyKind(expressionOf: (overview: KindOverview) => string | undefined): string {
  return [...new Set(KINDS.flatMap(({ overview }) => expressionOf(overview) ?? []))].join(' or ')
}

/** All instances see the same. */
function highest(expression: string, by: readonly string[]): string {
  return `max by (${by.join(', ')}) (${expression})`
}

/** Nothing where nothing was tried. A counter has no series before it first counts: where all failed, nothing succeeded is 0 %. */
function percent(part: string, whole: string): string {
  return `100 * (${part} or 0 * ${whole}) / (${whole} > 0)`
}

/** The service that a value of the label `job` is about. */
export function serviceOfJob(job: string): string {
  return job.slice(job.lastIndexOf('/') + 1)
}
