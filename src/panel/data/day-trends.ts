/** Trends of the last day, from the history in Redis. */
import type { ShardNames } from '../../wire/names.ts'
import type { RedisClient } from '../../wire/redis-client.ts'
import type { Forecast, ServiceDetail, TrendRow } from '../protocol.ts'
import { figureNames, isShared, unitOf } from './chart-figures.ts'
import { charts, sharedLine, sumLine } from './charts.ts'
import { forecast, type Point } from './forecast.ts'
import { readHistory, type Minute } from './history-minutes.ts'
import { gridUntil, MINUTE_MS, type Grid } from './minute-grid.ts'
import { ceilingOf, limitOf } from './rule-limits.ts'

export interface DayContext {
  readonly client: RedisClient
  readonly names: ShardNames
  /** Now: epoch milliseconds of the server. */
  readonly at: number
  readonly detail: Pick<ServiceDetail, 'rules' | 'alerts'>
}

const DAY_MINUTES = 1440
/** A quarter of an hour each, twice: the lowest and the highest. */
const POINTS = 192
const LEAST_HOURS = 6
const USED_UP = /_used_percent(?:\.|$)/
const MOST_USED_UP = 4

export async function dayTrend(service: string, { client, names, at, detail }: DayContext): Promise<TrendRow> {
  const grid = gridUntil(at, DAY_MINUTES)
  const { minutes, figures } = await readHistory(client, names.history(service), grid.from, trendFigures)
  const limits = (figure: string) => limitOf(figure, figures, detail)
  const forecasts = figures.flatMap((figure): readonly Forecast[] => {
    const limit = ceilingOf(figure, figures, detail)
    if (limit === undefined) return []
    return [forecast({ figure, unit: unitOf(figure), limit, points: pointsOf(minutes, figure, grid), leastHours: LEAST_HOURS })]
  })
  return { service, charts: charts(minutes, figures, grid, limits, POINTS).charts, forecasts }
}

/** Rate, success, what is due, and what is used up. */
function trendFigures(names: readonly string[]): readonly string[] {
  const key = (['rate', 'success', 'due'] as const).flatMap((figure) => figureNames(figure, names).slice(0, 1))
  return [...key, ...names.filter((name) => USED_UP.test(name)).slice(0, MOST_USED_UP)]
}

/** The minutes of which it is known. */
function pointsOf(minutes: readonly Minute[], figure: string, grid: Grid): readonly Point[] {
  const { values } = isShared(figure) || USED_UP.test(figure) ? sharedLine(minutes, figure, grid) : sumLine(minutes, figure, grid)
  return values.flatMap((value, i) => (value === null ? [] : [{ at: grid.from + i * MINUTE_MS, value }]))
}
