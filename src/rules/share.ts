/** Some events among others, as whoever reads their share has them. */
import { isCovered } from '../judge/covered.ts'
import type { EventsSelector, Readings, Selector } from '../types.ts'
import type { Context } from './judged-reading.ts'
import type { MetricRef } from './rule-data.ts'

export interface Share {
  readonly needs: readonly Selector[]
  readonly all: EventsSelector
  readonly some: EventsSelector
  /** In the last `windowSeconds`: all of them, and those that are meant, never more than all. */
  look(readings: Readings, windowSeconds: number): { readonly n: number; readonly count: number; readonly isKnown: boolean }
}

/** Throws one sentence if the two count different things. */
export function shareOf(of: MetricRef, whole: MetricRef, context: Context): Share {
  const [part, entire] = [context.metric(of), context.metric(whole)]
  if (part.unit !== entire.unit) {
    throw new Error(
      `The ${context.whose} takes the ratio of ${part.name}, which counts ${part.unit}, to ${entire.name}, which counts ${entire.unit}: use two metrics with one unit.`,
    )
  }
  const [some, all] = [context.events(of), context.events(whole)]
  return {
    needs: [some, all],
    some,
    all,
    look(readings, windowSeconds) {
      const reading = readings.events(all, windowSeconds)
      // Two counters are not read at the same instant by whoever records them.
      const count = Math.min(reading.count, readings.events(some, windowSeconds).count)
      return { n: reading.count, count, isKnown: isCovered(reading, context.tickSeconds) }
    },
  }
}
