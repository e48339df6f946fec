/** Charts of a service over the last hours, with what happened drawn in. */
import type { InstanceView } from '../../subscribe/health-view.ts'
import type { ShardNames } from '../../wire/names.ts'
import type { RedisClient } from '../../wire/redis-client.ts'
import type { ServiceDetail, ServiceHistory } from '../protocol.ts'
import { chartFigures } from './chart-figures.ts'
import { charts } from './charts.ts'
import { episodesOf, spanOf } from './episodes.ts'
import { readHistory } from './history-minutes.ts'
import { gridUntil } from './minute-grid.ts'
import { limitOf } from './rule-limits.ts'
import { startsOf } from './starts.ts'
import type { Tail } from './transition-tail.ts'

export interface HistoryContext {
  readonly client: RedisClient
  readonly names: ShardNames
  readonly tail: () => Promise<Tail>
  /** Now: epoch milliseconds of the server. */
  readonly at: number
  readonly instances: readonly InstanceView[]
  readonly detail: Pick<ServiceDetail, 'rules' | 'alerts'>
}

/** Alert spans of one answer, the newest. */
const MOST_SPANS = 500

export async function serviceHistory(
  service: string,
  hours: number,
  { client, names, tail, at, instances, detail }: HistoryContext,
): Promise<ServiceHistory> {
  const grid = gridUntil(at, hours * 60)
  const [read, transitions] = await Promise.all([readHistory(client, names.history(service), grid.from, chartFigures), tail()])
  const { minutes, figures, cutAt } = read
  const drawn = charts(minutes, figures, grid, (figure) => limitOf(figure, figures, detail))
  const first = cutAt ?? minutes[0]?.at
  const isWhole = cutAt === undefined && (first === undefined || first <= grid.from + LATE_MS)
  const spans = episodesOf(transitions, service).filter(({ to }) => to === undefined || to >= grid.from)
  return {
    ...{ from: grid.from, to: at, charts: drawn.charts },
    ...(drawn.instancesLeftOut > 0 && { instancesLeftOut: drawn.instancesLeftOut }),
    spans: spans.slice(0, MOST_SPANS).map(spanOf),
    restarts: startsOf(instances, minutes, Math.max(grid.from, first ?? 0)),
    ...(!isWhole && { since: first! }),
  }
}

/** The first minute of a history that reaches back so far ends this late. */
const LATE_MS = 150_000
