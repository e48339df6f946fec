/** Trends of one service, or of those that need a look most. */
import type { ShardNames } from '../../wire/names.ts'
import type { RedisClient } from '../../wire/redis-client.ts'
import type { ServiceDetail, ServiceRow, Trends } from '../protocol.ts'
import { dayTrend } from './day-trends.ts'
import { monthTrends } from './month-trends.ts'
import type { Prometheus } from './prometheus.ts'
import type { Turns } from '../turns.ts'

export interface TrendsContext {
  readonly client: RedisClient
  readonly turns: Turns
  readonly namesOf: (service: string) => ShardNames
  readonly prometheus: Prometheus | undefined
  /** Now: epoch milliseconds of the server. */
  readonly at: number
  readonly rows: readonly ServiceRow[]
  readonly detailOf: (service: string) => ServiceDetail | undefined
}

/** Services of one answer where none is named: what is read of each is a day. */
const MOST_SERVICES = 20
const BADNESS: readonly ServiceRow['status'][] = ['unhealthy', 'degraded', 'unknown', 'healthy', 'paused', 'draining', 'stopped']

/** `service` left out: the worst twenty, of those that are as bad the one with most due first. One that nobody knows has no row. */
export async function trends(range: '24h' | '30d', service: string | undefined, context: TrendsContext): Promise<Trends> {
  const { rows, prometheus, at, detailOf } = context
  const wanted = service === undefined ? worstFirst(rows) : rows.filter((row) => row.service === service)
  const services = wanted.slice(0, MOST_SERVICES).map((row) => row.service)
  const leftOut = wanted.length - services.length
  const left = leftOut > 0 ? { servicesLeftOut: leftOut } : {}
  if (range === '24h') return { range, source: 'redis', rows: await ofTheDay(services, context), ...left }
  if (!prometheus) return { range, source: 'prometheus', rows: [], trouble: 'No Prometheus is configured: set HEALTH_PROMETHEUS_URL.' }
  try {
    return { range, source: 'prometheus', rows: await monthTrends(services, { prometheus, at, detailOf }), ...left }
  } catch (error) {
    return { range, source: 'prometheus', rows: [], trouble: error instanceof Error ? error.message : String(error) }
  }
}

async function ofTheDay(services: readonly string[], { client, turns, namesOf, at, detailOf }: TrendsContext): Promise<Trends['rows']> {
  const found = services.map((name) =>
    turns.take(() => dayTrend(name, { client, at, names: namesOf(name), detail: detailOf(name) ?? { alerts: [] } })),
  )
  return (await Promise.all(found)).filter(({ charts }) => charts.length > 0)
}

function worstFirst(rows: readonly ServiceRow[]): readonly ServiceRow[] {
  return rows.toSorted(
    (a, b) => BADNESS.indexOf(a.status) - BADNESS.indexOf(b.status) || (b.due ?? 0) - (a.due ?? 0) || (a.service < b.service ? -1 : 1),
  )
}
