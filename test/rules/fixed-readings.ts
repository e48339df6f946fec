import type { EventsSelector, LastReading, Readings, TimeAboveSelector } from '../../src/types.ts'

/** A count in any window, by window, or as a function of the seconds of a window. */
type Count = number | Readonly<Record<number, number>> | ((windowSeconds: number) => number)

export interface FixedReadings {
  /** By metric, or by metric and the values it is selected by: `calls failed`. */
  readonly events?: Readonly<Record<string, Count>>
  readonly levels?: Readonly<Record<string, number | Partial<LastReading<number>>>>
  readonly states?: Readonly<Record<string, string | Partial<LastReading<string>>>>
  /** How long a level was above its bound: in any window, or as a function of the seconds of a window. */
  readonly above?: { readonly seconds: number; readonly coveredSeconds: number } | ((windowSeconds: number) => number)
  /** How often what is left fell, in any window. */
  readonly falls?: { readonly times: number; readonly amount: number }
  /** How long the process has been watching; default: longer than any window. */
  readonly uptimeSeconds?: number
  /** How far back counts are known, whatever the process has seen itself. Default: a day, or since the process began. */
  readonly reachSeconds?: number
}

const DAY = 86_400

/** Readings as a test states them; what it does not state has never been seen. */
export function fixedReadings(stated: FixedReadings): Readings {
  const { events = {}, levels = {}, states = {}, above, uptimeSeconds = Infinity } = stated
  const { reachSeconds = Math.min(DAY, uptimeSeconds) } = stated
  const count = (selector: EventsSelector, windowSeconds: number) => inWindow(events[nameOf(selector)] ?? 0, windowSeconds)
  const timeAbove = (windowSeconds: number) =>
    typeof above === 'function'
      ? { seconds: above(windowSeconds), coveredSeconds: Math.min(windowSeconds, uptimeSeconds) }
      : (above ?? { seconds: 0, coveredSeconds: 0 })
  const grew = (selector: EventsSelector | TimeAboveSelector, seconds: number) =>
    selector.kind === 'events' ? count(selector, seconds) : 1000 * timeAbove(seconds).seconds
  return {
    events: (selector, windowSeconds) => ({
      count: count(selector, windowSeconds),
      windowSeconds,
      coveredSeconds: Math.min(windowSeconds, uptimeSeconds),
    }),
    level: (selector) => last(levels[selector.metric], 0),
    state: (selector) => last(states[selector.metric], ''),
    timeAbove: (_selector, windowSeconds) => timeAbove(windowSeconds),
    falls: () => stated.falls ?? { times: 0, amount: 0 },
    counts: ({ of }) => ({
      grew: (place, seconds) => (seconds > 0 ? grew(of[place]!, Math.min(seconds, reachSeconds)) : 0),
      reachSeconds: reachSeconds > 3600 ? reachSeconds - (reachSeconds % 60) : reachSeconds - (reachSeconds % 10),
    }),
    coveredSeconds: (windowSeconds) => Math.min(windowSeconds, uptimeSeconds),
    distribution: unused,
    quantile: unused,
    lastSeenSeconds: unused,
    groups: () => [],
    within: unused,
  }
}

function nameOf({ metric, where = {} }: EventsSelector): string {
  return [metric, ...Object.values(where).map(String)].join(' ')
}

function inWindow(stated: Count, windowSeconds: number): number {
  if (typeof stated === 'number') return stated
  return typeof stated === 'function' ? stated(windowSeconds) : (stated[windowSeconds] ?? 0)
}

function last<T extends number | string>(stated: T | Partial<LastReading<T>> | undefined, none: T): LastReading<T> | undefined {
  if (stated === undefined) return undefined
  if (typeof stated === 'object') return { value: none, ageSeconds: 0, stale: false, ...stated }
  return { value: stated, ageSeconds: 0, stale: false }
}

function unused(): never {
  throw new Error('No rule of these tests reads this.')
}
