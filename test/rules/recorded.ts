/**
 * The list of everything that was recorded, and what of it is in a window, each time counted anew and without any rounding. Nothing of
 * src/compute is asked. What it takes from the documents:
 *
 * - What was recorded counts as of the collection that saw it. A window is the bucket in progress and the full ones before it, never more
 *   than the window in all, but always one; buckets are of 10 s, of 60 s for windows above 1 h, and begin at whole multiples of that.
 * - Watched is the time between two collections, unless the service was paused, or they are more than 30 s and 3 ticks apart. What happened
 *   in time that was not watched is in no window.
 */
import type { MetricRef, RuleData } from '../../src/rules/rule-data.ts'
import type { OpenAlert, Where } from '../../src/types.ts'
import type { Fraction } from './fraction.ts'
import { compare, fraction, plus, whole, ZERO } from './fraction.ts'
import { instrumentOf } from './history-feeds.ts'
import type { Entry, History } from './random-history.ts'

export interface Seen extends Entry {
  readonly at: number
  /** It was recorded in time that was watched. */
  readonly counts: boolean
}

export interface Asked {
  readonly now: number
  readonly open: OpenAlert | undefined
  /** The attribute that the rule is split by, and its value. */
  readonly of?: readonly [attribute: string, value: string]
}

export class Recorded {
  readonly #history: History
  readonly #byMetric = new Map<string, Seen[]>()

  constructor(history: History) {
    this.#history = history
    for (const [index, { at, entries }] of history.collections.entries()) {
      const counts = isTimeWatched(history, index)
      for (const entry of entries) {
        const ofMetric = this.#byMetric.get(entry.metric) ?? []
        ofMetric.push({ ...entry, at, counts })
        this.#byMetric.set(entry.metric, ofMetric)
      }
    }
  }

  /** What was recorded of it until now, in order. */
  entries(ref: MetricRef, { where }: RuleData, { now, of }: Asked): readonly Seen[] {
    const conditions: Where = { ...ref.where, ...where }
    return (this.#byMetric.get(ref.metric) ?? []).filter(
      ({ at, attributes }) =>
        at <= now &&
        Object.entries(conditions).every(([name, wanted]) => fits(attributes[name] ?? '', wanted)) &&
        (of === undefined || (attributes[of[0]] ?? '') === of[1]),
    )
  }

  values(ref: MetricRef, data: RuleData, asked: Asked, windowSeconds: number): readonly Fraction[] {
    const begin = beginOf(windowSeconds, asked.now)
    return this.entries(ref, data, asked).flatMap(({ at, value, counts }) => (counts && at >= begin ? [fraction(value)] : []))
  }

  count(ref: MetricRef, data: RuleData, asked: Asked, windowSeconds: number): Fraction {
    const values = this.values(ref, data, asked, windowSeconds)
    return instrumentOf(ref.metric) === 'histogram' ? whole(values.length) : sumOf(values)
  }

  coveredMs(windowSeconds: number, now: number): number {
    return this.intervals(windowSeconds, now).reduce((sum, { watchedMs }) => sum + watchedMs, 0)
  }

  /** Between two collections, the later one of which is in the window. */
  intervals(windowSeconds: number, now: number): readonly { readonly from: number; readonly watchedMs: number }[] {
    const { collections, from } = this.#history
    const begin = beginOf(windowSeconds, now)
    return collections.flatMap(({ at }, index) => {
      const before = collections[index - 1]?.at ?? from
      return at >= begin && at <= now ? [{ from: before, watchedMs: isTimeWatched(this.#history, index) ? at - before : 0 }] : []
    })
  }

  lastCollection(now: number): number {
    return Math.max(...this.#history.collections.filter(({ at }) => at <= now).map(({ at }) => at))
  }

  lastAt(ref: MetricRef, data: RuleData, asked: Asked): number | undefined {
    const isCounter = instrumentOf(ref.metric).includes('counter')
    const entries = this.entries(ref, data, asked)
    return entries.findLast(({ value }) => !isCounter || value > 0)?.at
  }

  /** As old as the oldest of its series. Those of up-down counters are given by every collection, gauges by those that observed them. */
  level(ref: MetricRef, data: RuleData, asked: Asked, fold: 'sum' | 'max' | 'min'): { value: Fraction; setAt: number } | undefined {
    const instrument = instrumentOf(ref.metric)
    const series = new Map<string, { value: Fraction; setAt: number }>()
    for (const { attributes, value, at } of this.entries(ref, data, asked)) {
      const key = JSON.stringify(attributes)
      const last = series.get(key)
      const now = fraction(value)
      series.set(key, { value: instrument === 'up_down' && last ? plus(last.value, now) : now, setAt: at })
    }
    if (series.size === 0) return undefined
    const all = [...series.values()]
    const value = all
      .map((each) => each.value)
      .reduce((a, b) => (fold === 'sum' ? plus(a, b) : compare(a, b) > 0 === (fold === 'max') ? a : b))
    const setAt = instrument.includes('up_down') ? this.lastCollection(asked.now) : Math.min(...all.map((each) => each.setAt))
    return { value, setAt }
  }
}

/** Whether the time between a collection and the one before it was watched. */
function isTimeWatched({ collections, from, tickSeconds }: History, index: number): boolean {
  const { at, running } = collections[index]!
  return running && at - (collections[index - 1]?.at ?? from) <= Math.max(30_000, 3000 * tickSeconds)
}

/** The first millisecond that is in the window. */
function beginOf(windowSeconds: number, now: number): number {
  const bucketMs = windowSeconds > 3600 ? 60_000 : 10_000
  const inProgress = Math.floor(now / bucketMs) * bucketMs
  const fullBuckets = Math.max(1, Math.floor((windowSeconds * 1000) / bucketMs) - 1)
  return inProgress - fullBuckets * bucketMs
}

export function isWatched(coveredMs: number, windowSeconds: number, tickSeconds: number): boolean {
  return coveredMs / 1000 >= 3 * tickSeconds && (coveredMs * 10 >= windowSeconds * 1000 || coveredMs >= 30_000)
}

function fits(value: string, wanted: Where[string]): boolean {
  if (typeof wanted === 'string') return value === wanted
  if ('not' in wanted) return !(typeof wanted.not === 'string' ? [wanted.not] : wanted.not).includes(value)
  return wanted.includes(value)
}

export function sumOf(values: readonly Fraction[]): Fraction {
  return values.reduce(plus, ZERO)
}

export function seconds(time: number | string): number {
  if (typeof time === 'number') return time
  const [, number, unit] = /^(\d+)(s|m|h)$/.exec(time)!
  return Number(number) * { s: 1, m: 60, h: 3600 }[unit as 's' | 'm' | 'h']
}
