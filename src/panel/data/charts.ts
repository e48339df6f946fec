/** Charts of a service, from minutes of its instances. Pure. */
import { cleanText } from '../../wire/clean-text.ts'
import type { Chart, Line } from '../protocol.ts'
import { isAddedUp, isShared, unitOf } from './chart-figures.ts'
import type { Minute } from './history-minutes.ts'
import { onGrid, summed, thinned, type Grid, type Reading } from './minute-grid.ts'

/** Lines of single instances in a chart; `all` counts everybody. */
const MOST_INSTANCES = 10
/** Points of a line. */
const MOST_POINTS = 360

export interface Drawn {
  readonly charts: readonly Chart[]
  /** Instances that have no line of their own. */
  readonly instancesLeftOut: number
}

export type Limits = (figure: string) => Chart['limits']

/** `figures` in the order of the charts. Those of which nothing is known in this time have none. */
export function charts(
  minutes: readonly Minute[],
  figures: readonly string[],
  grid: Grid,
  limits: Limits = () => [],
  most = MOST_POINTS,
): Drawn {
  const byInstance = Map.groupBy(minutes, ({ instance }) => instance)
  const newestFirst = [...byInstance].toSorted(([a, one], [b, other]) => other.at(-1)!.at - one.at(-1)!.at || (a < b ? -1 : 1))
  const shown = newestFirst.slice(0, MOST_INSTANCES).map(([instance]) => instance)
  const drawn = figures.flatMap((figure) => {
    const lines = isShared(figure) ? [sharedLine(minutes, figure, grid)] : linesOf(byInstance, shown, figure, grid)
    if (lines.every(({ values }) => values.every((value) => value === null))) return []
    const thin = thinned(
      lines.map(({ values }) => values),
      grid,
      most,
    )
    return [
      {
        ...{ figure: cleanText(figure), unit: unitOf(figure), times: thin.times },
        lines: lines.map(({ name }, i) => ({ name: cleanText(name), values: thin.lines[i]! })),
        limits: limits(figure),
      },
    ]
  })
  return { charts: drawn, instancesLeftOut: Math.max(byInstance.size - MOST_INSTANCES, 0) }
}

/** What all see alike, as whoever said it last in a minute says it. */
export function sharedLine(minutes: readonly Minute[], figure: string, grid: Grid): Line {
  return {
    name: 'all',
    values: onGrid(
      minutes.flatMap((minute) => known(minute, figure)),
      grid,
    ),
  }
}

/** What is added up, over all instances. */
export function sumLine(minutes: readonly Minute[], figure: string, grid: Grid): Line {
  const byInstance = Map.groupBy(minutes, ({ instance }) => instance)
  return { name: 'all', values: summed(Array.from(byInstance.values(), (own) => onGrid(readings(own, figure), grid))) }
}

function linesOf(
  byInstance: ReadonlyMap<string, readonly Minute[]>,
  shown: readonly string[],
  figure: string,
  grid: Grid,
): readonly Line[] {
  const own = Array.from(byInstance, ([name, minutes]) => ({ name, values: onGrid(readings(minutes, figure), grid) }))
  const lines = shown.map((name) => own.find((line) => line.name === name)!)
  const some = lines.filter(({ values }) => values.some((value) => value !== null))
  if (own.length < 2 || !isAddedUp(figure)) return some
  return [{ name: 'all', values: summed(own.map(({ values }) => values)) }, ...some]
}

function readings(minutes: readonly Minute[], figure: string): readonly Reading[] {
  return minutes.map(({ at, values }) => ({ at, value: values.get(figure) ?? null }))
}

/** Of one that does not know it nothing is said: another may. */
function known({ at, values }: Minute, figure: string): readonly Reading[] {
  const value = values.get(figure)
  return value === undefined || value === null ? [] : [{ at, value }]
}
