/** Some events among others, as whoever reads their share has them. */
import { isCovered } from '../judge/covered.ts'
import type { Readings, Selector } from '../types.ts'
import type { Context } from './judged-reading.ts'
import type { MetricRef } from './rule-data.ts'

export interface Share {
  readonly needs: readonly Selector[]
  /** In the last `windowSeconds`: all of them, and those that are meant, never more than all. */
  look(readings: Readings, windowSeconds: number): { readonly n: number; readonly count: number; readonly isKnown: boolean }
}

/** Throws one sentence if the two count different things. */
export function shareOf(of: MetricRef, whole: MetricRef, context: Context): Share {
  const [part, all] = [context.metric(of), context.metric(whole)]
  if (part.unit !== all.unit) {
    throw new Error(
      `The ${context.whose} takes the ratio of ${part.name}, which counts ${part.unit}, to ${all.name}, which counts ${all.unit}: use two metrics with one unit.`,
    )
  }
  const selectors = { of: context.events(of), in: context.events(whole) }
  return {
    needs: [selectors.of, selectors.in],
    look(readings, windowSeconds) {
      const reading = readings.events(selectors.in, windowSeconds)
      // Two counters are not read at the same instant by whoever records them.
      const count = Math.min(reading.count, readings.events(selectors.of, windowSeconds).count)
      return { n: reading.count, count, isKnown: isCovered(reading, context.tickSeconds) }
    },
  }
}
