/** What a Prometheus is asked for trends: these questions and no others, over the metrics that the dashboards show. Pure. */
import type { MetricDefinition } from '../../catalogue.ts'
import { prometheusLabel } from '../../export/prometheus-name.ts'
import { QUOTA_USAGE } from '../../kinds/geocoding/metrics.ts'
import * as fetcher from '../../kinds/tracker-fetcher/metrics.ts'
import * as worker from '../../kinds/worker/metrics.ts'
import { max, percent, series, sum } from '../../panels/promql.ts'
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
  const selected = [`${JOB}=~${JSON.stringify(`(?:.*/)?(?:${services.map((name) => name.replaceAll('.', String.raw`\.`)).join('|')})`)}`]
  const of = (metric: MetricDefinition, where?: Where) => series(metric, where, '', selected)
  const perSecond = (metric: MetricDefinition, where?: Where) => sum(`rate(${of(metric, where)}[${WINDOW}])`, [JOB])
  const due = (size: MetricDefinition, state: string, queue: string) =>
    sum(max(of(size, { [state]: 'due' }), [JOB, prometheusLabel(queue)]), [JOB])
  const told = { not: 'unknown' }
  return [
    {
      figure: 'rate_per_hour',
      expr: `3600 * (${perSecond(worker.WORK_ATTEMPTS)} or ${perSecond(fetcher.FETCH_ATTEMPTS)})`,
    },
    {
      figure: 'success_rate_percent',
      expr: [
        percent(
          perSecond(worker.WORK_ATTEMPTS, { [worker.WORK_OUTCOME]: 'ok' }),
          perSecond(worker.WORK_ATTEMPTS, { [worker.WORK_OUTCOME]: told }),
        ),
        percent(
          perSecond(fetcher.FETCH_ATTEMPTS, { [fetcher.OUTCOME]: ['reports', 'empty'] }),
          perSecond(fetcher.FETCH_ATTEMPTS, { [fetcher.OUTCOME]: told }),
        ),
      ]
        .map((each) => `(${each})`)
        .join(' or '),
    },
    {
      figure: 'total_queue_size',
      expr: `${due(worker.WORK_QUEUE_SIZE, worker.WORK_QUEUE_STATE, worker.WORK_QUEUE_NAME)} or ${due(fetcher.QUEUE_SIZE, fetcher.QUEUE_STATE, fetcher.TIER)}`,
    },
    { figure: 'quota_used_percent', expr: `100 * ${max(of(QUOTA_USAGE), [JOB])}` },
  ]
}

/** The service that a value of the label `job` is about. */
export function serviceOfJob(job: string): string {
  return job.slice(job.lastIndexOf('/') + 1)
}
