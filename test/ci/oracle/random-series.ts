/** What one imaginary service records and exports, tick by tick, as plain data: the same for whoever judges it here and for Prometheus. */
import type { Random } from '../../rules/random-history.ts'

/** What a series has at a tick: `missed`: nothing arrived, `gone`: it is not there any more. */
export type Point = number | 'missed' | 'gone'

export interface RandomSeries {
  readonly metric: string
  readonly attributes: Readonly<Record<string, string>>
  /** Since it began, as the service itself knows it; `undefined` before and while it is gone. Of a histogram the values of each bucket, then their sum. */
  readonly recorded: readonly (readonly number[] | undefined)[]
  /** What leaves the process, which is started anew now and then. */
  readonly exported: readonly (readonly number[] | 'missed' | 'gone' | undefined)[]
}

/** Upper bounds of the histogram. */
export const BOUNDS = [1, 2, 4, 8]
export const STATES = ['up', 'degraded', 'down', 'unknown']

/** Ticks before which nothing happens: otel-health judges nothing of a process that has just started. */
const QUIET_START = 4

interface Course {
  readonly ticks: number
  /** Ticks in a row for which nothing of a series may arrive: Prometheus still has the last value. */
  readonly most: number
  /** Ticks at which nothing arrives. */
  readonly missed: ReadonlySet<number>
  /** Ticks at which the process was started anew. */
  readonly restarts: ReadonlySet<number>
  /** Series are there from the first tick on and in every process. Otherwise some begin later, and again after a restart. */
  readonly isWhole: boolean
}

export function randomCourse(random: Random, { ticks, most, isWhole }: { ticks: number; most: number; isWhole: boolean }): Course {
  const missed = new Set<number>()
  const restarts = new Set<number>()
  if (random.chance(0.4)) return { ticks, most, missed, restarts, isWhole }
  for (let tick = QUIET_START; tick < ticks; tick++) {
    const isMissed = random.chance(0.02)
    if (isMissed) for (let more = random.whole(1, most); more > 0 && tick < ticks - 1; more--) missed.add(tick++)
    else if (random.chance(0.02)) restarts.add(tick)
  }
  return { ticks, most, missed, restarts, isWhole }
}

/** A counter, or a histogram whose buckets and sum are counters. */
export function randomCounters(
  random: Random,
  course: Course,
  metric: string,
  attributes: readonly Readonly<Record<string, string>>[],
  width: number,
): RandomSeries[] {
  const scales = random.of([
    [0, 1],
    [0, 0, 1, 3],
    [0, 2, 10, 40],
  ])
  const phases = randomPhases(random, course.ticks, scales)
  return attributes.map((each) => {
    const begins = beginning(random, course)
    const grown = Array.from({ length: course.ticks }, (_, tick) =>
      tick < Math.max(begins, QUIET_START) || course.missed.has(tick) || course.restarts.has(tick)
        ? []
        : growth(random, phases[tick]!, width),
    )
    const recorded = cumulated(grown, width, begins)
    return { metric, attributes: each, recorded, exported: exportedOf(random, course, grown, width, begins) }
  })
}

/** Half of the series are there as soon as something may happen. */
function beginning(random: Random, { ticks, missed, isWhole }: Course): number {
  if (isWhole) return 0
  let begins = random.chance(0.5) ? QUIET_START : random.whole(QUIET_START, ticks / 2)
  while (missed.has(begins)) begins++
  return begins
}

function growth(random: Random, scale: number, width: number): number[] {
  if (width === 1) return [random.whole(0, scale)]
  const values = Array.from({ length: random.whole(0, Math.min(scale, 12)) }, () => random.whole(0, 2 ** random.whole(0, 4) * 16) / 16)
  const counts = [...BOUNDS, Infinity].map(
    (bound, index, bounds) => values.filter((value) => value <= bound && value > (bounds[index - 1] ?? -1)).length,
  )
  return [...counts, values.reduce((sum, value) => sum + value, 0)]
}

function cumulated(grown: readonly (readonly number[])[], width: number, begins: number): (number[] | undefined)[] {
  const total = new Array<number>(width).fill(0)
  return grown.map((each, tick) => {
    for (const [index, value] of each.entries()) total[index]! += value
    return tick < begins ? undefined : [...total]
  })
}

/** Of a process that was started anew a series is 0, or not there until something happens, for as long as that goes unnoticed. */
function exportedOf(
  random: Random,
  { most, missed, restarts, isWhole }: Course,
  grown: readonly (readonly number[])[],
  width: number,
  begins: number,
): RandomSeries['exported'] {
  const total = new Array<number>(width).fill(0)
  let hidden = false
  let away = 0
  return grown.map((each, tick) => {
    if (restarts.has(tick)) {
      // What a counter has reached again before anybody looks is no new beginning to Prometheus.
      const next = grown.slice(tick + 1).find((more) => more.some((value) => value > 0)) ?? []
      hidden =
        !isWhole && random.chance(0.5) && seriesOf(total).every((value, index) => (seriesOf(next)[index] ?? 0) < Math.max(value, 1e-9))
      total.fill(0)
    }
    for (const [index, value] of each.entries()) total[index]! += value
    if (each.some((value) => value > 0) || away >= most || missed.has(tick + 1)) hidden = false
    if (tick < begins) return undefined
    away = missed.has(tick) || hidden ? away + 1 : 0
    return away > 0 ? 'missed' : [...total]
  })
}

/** As Prometheus has a histogram: buckets that hold all below them, the count and the sum. */
export function seriesOf(parts: readonly number[]): readonly number[] {
  if (parts.length < 2) return parts
  const buckets: number[] = []
  for (const count of parts.slice(0, -1)) buckets.push((buckets.at(-1) ?? 0) + count)
  return [...buckets, parts.at(-1)!]
}

/** Levels that are set, and series that end and come back. */
export function randomLevels(
  random: Random,
  course: Course,
  metric: string,
  attributes: readonly Readonly<Record<string, string>>[],
): RandomSeries[] {
  const phases = randomPhases(random, course.ticks, [5, 20, 60])
  return attributes.map((each) => {
    const begins = beginning(random, course)
    let value = 0
    let isGone = false
    const points = Array.from({ length: course.ticks }, (_, tick): Point => {
      if (course.missed.has(tick)) return 'missed'
      if (random.chance(isGone ? 0.3 : 0.02)) isGone = !isGone
      if (random.chance(0.4)) value = random.whole(0, 4 * phases[tick]!) / 4
      return isGone ? 'gone' : value
    })
    return levelSeries(metric, each, points, begins)
  })
}

/** A series for each state, of which one is 1. */
export function randomStates(random: Random, course: Course, metric: string): RandomSeries[] {
  let state = random.of(STATES)
  const states = Array.from({ length: course.ticks }, (_, tick) => {
    if (!course.missed.has(tick) && random.chance(0.1)) state = random.chance(0.1) ? 'unknown' : random.of(STATES.slice(0, 3))
    return state
  })
  return STATES.map((each) =>
    levelSeries(
      metric,
      { state: each },
      states.map((now, tick): Point => (course.missed.has(tick) ? 'missed' : Number(now === each))),
      QUIET_START,
    ),
  )
}

function levelSeries(metric: string, attributes: RandomSeries['attributes'], points: readonly Point[], begins: number): RandomSeries {
  let last: number[] | undefined
  return {
    metric,
    attributes,
    recorded: points.map((point, tick) => {
      if (tick < begins) return undefined
      if (point !== 'missed') last = point === 'gone' ? undefined : [point]
      return last
    }),
    exported: points.map((point, tick) => (tick < begins ? undefined : typeof point === 'number' ? [point] : point)),
  }
}

/** How much happens, in stretches of a few ticks. */
function randomPhases(random: Random, ticks: number, scales: readonly number[]): number[] {
  const phases: number[] = []
  while (phases.length < ticks) {
    const scale = random.of(scales)
    for (let left = random.whole(3, 25); left > 0; left--) phases.push(scale)
  }
  return phases
}
