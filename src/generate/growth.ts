/**
 * How much a counter grew in a window, to the last event. `increase` of PromQL guesses what happened between the edges of the window and the
 * nearest samples, and does not see the events with which a series begins; limits of a few events need both.
 */
import { promqlTime } from '../panels/promql.ts'

/** Seconds. The window is a whole number of steps. */
export interface Span {
  readonly window: number
  readonly step: number
}

/** A series that was there within this time is no new one: what it counted while nothing arrived is not of this window. */
const BEGINNING_LOOK_BACK = '1d'
/** A window is looked at in no more steps than these. */
const MOST_STEPS = 360

/**
 * A window of whole seconds, in the largest steps that are no longer than the time between two exports, unless they are too many. A window
 * that is shorter than that time becomes as long.
 */
export function spanOf(window: number, exportInterval: number): Span {
  const least = Math.max(1, Math.ceil(exportInterval))
  if (window < least) return { window: least, step: least }
  let step = Math.min(window, Math.max(1, Math.floor(exportInterval)))
  while (window % step !== 0) step--
  if (window / step <= MOST_STEPS) return { window, step }
  step = Math.ceil(window / MOST_STEPS)
  while (window % step !== 0) step++
  return { window, step }
}

/**
 * Of each series of `counter`, a selector. A step counts from the value before it; from 0 where the counter begins or began anew; not at all
 * where it was away and goes on, for then nobody knows when it grew.
 */
export function grew(counter: string, { window, step }: Span): string {
  const offset = `offset ${promqlTime(step)}`
  const from = `${counter} ${offset} <= ${counter} or 0 * (${counter} unless last_over_time(${counter}[${BEGINNING_LOOK_BACK}] ${offset}) <= ${counter})`
  return `sum_over_time((${counter} - (${from}))[${promqlTime(window)}:${promqlTime(step)}])`
}
