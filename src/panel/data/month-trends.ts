/** Trends of thirty days, from a Prometheus. */
import type { Chart, Forecast, ServiceDetail, TrendRow } from '../protocol.ts'
import { unitOf } from './chart-figures.ts'
import { forecast } from './forecast.ts'
import { monthQueries, serviceOfJob, type MonthQuery } from './month-queries.ts'
import type { Prometheus, Series } from './prometheus.ts'
import { ceilingOf, limitOf } from './rule-limits.ts'

export interface MonthContext {
  readonly prometheus: Pick<Prometheus, 'range'>
  /** Now, epoch milliseconds. */
  readonly at: number
  readonly detailOf: (service: string) => Pick<ServiceDetail, 'rules' | 'alerts'> | undefined
}

const DAYS = 30
const STEP_SECONDS = 10_800
const LEAST_HOURS = 72

/** Rejects with one sentence if Prometheus does not answer. Services of which it knows nothing have no row. */
export async function monthTrends(services: readonly string[], { prometheus, at, detailOf }: MonthContext): Promise<readonly TrendRow[]> {
  if (services.length === 0) return []
  const to = Math.floor(at / 1000 / STEP_SECONDS) * STEP_SECONDS * 1000
  const range = { from: to - DAYS * 86_400_000, to, stepSeconds: STEP_SECONDS }
  const steps = Math.round((range.to - range.from) / (STEP_SECONDS * 1000)) + 1
  const times = Array.from({ length: steps }, (_, i) => range.from / 1000 + i * STEP_SECONDS)
  const answers = await Promise.all(
    monthQueries(services).map(async ({ figure, expr }) => ({ figure, byService: byService(await prometheus.range(expr, range)) })),
  )
  return services.flatMap((service) => {
    const known = answers.flatMap(({ figure, byService: all }) => {
      const found = all.get(service)
      return found ? [{ figure, values: times.map((time) => found.get(time) ?? null) }] : []
    })
    if (known.length === 0) return []
    const detail = detailOf(service) ?? { alerts: [] }
    const figures = known.map(({ figure }) => figure)
    return [
      {
        service,
        charts: known.map(({ figure, values }): Chart => ({
          ...{ figure, unit: unitOf(figure), times, lines: [{ name: 'all', values }], limits: limitOf(figure, figures, detail) },
        })),
        forecasts: known.flatMap(({ figure, values }) => forecastOf(figure, times, values, ceilingOf(figure, figures, detail))),
      },
    ]
  })
}

function forecastOf(
  figure: MonthQuery['figure'],
  times: readonly number[],
  values: readonly (number | null)[],
  limit: number | undefined,
): readonly Forecast[] {
  if (limit === undefined) return []
  const points = values.flatMap((value, i) => (value === null ? [] : [{ at: times[i]! * 1000, value }]))
  return [forecast({ figure, unit: unitOf(figure), limit, points, leastHours: LEAST_HOURS })]
}

/** By service the values by second; of a service in several namespaces one of them. */
function byService(found: readonly Series[]): ReadonlyMap<string, ReadonlyMap<number, number | null>> {
  return new Map(
    found.map(({ labels, points }) => [
      serviceOfJob(labels['job'] ?? ''),
      new Map(points.map(([at, value]) => [Math.round(at / 1000), value] as const)),
    ]),
  )
}
