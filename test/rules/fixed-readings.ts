import type { LastReading, Readings } from '../../src/types.ts'

export interface FixedReadings {
  /** By metric: its count in any window, or by window. */
  readonly events?: Readonly<Record<string, number | Readonly<Record<number, number>>>>
  readonly levels?: Readonly<Record<string, number | Partial<LastReading<number>>>>
  readonly states?: Readonly<Record<string, string | Partial<LastReading<string>>>>
  readonly above?: { readonly seconds: number; readonly coveredSeconds: number }
  /** How long the process has been watching; default: longer than any window. */
  readonly uptimeSeconds?: number
}

/** Readings as a test states them; what it does not state has never been seen. */
export function fixedReadings({ events = {}, levels = {}, states = {}, above, uptimeSeconds = Infinity }: FixedReadings): Readings {
  return {
    events(selector, windowSeconds) {
      const stated = events[selector.metric] ?? 0
      const count = typeof stated === 'number' ? stated : (stated[windowSeconds] ?? 0)
      return { count, windowSeconds, coveredSeconds: Math.min(windowSeconds, uptimeSeconds) }
    },
    level: (selector) => last(levels[selector.metric], 0),
    state: (selector) => last(states[selector.metric], ''),
    timeAbove: () => above ?? { seconds: 0, coveredSeconds: 0 },
    distribution: unused,
    quantile: unused,
    lastSeenSeconds: unused,
    coveredSeconds: unused,
    groups: () => [],
    within: unused,
  }
}

function last<T extends number | string>(stated: T | Partial<LastReading<T>> | undefined, none: T): LastReading<T> | undefined {
  if (stated === undefined) return undefined
  if (typeof stated === 'object') return { value: none, ageSeconds: 0, stale: false, ...stated }
  return { value: stated, ageSeconds: 0, stale: false }
}

function unused(): never {
  throw new Error('No rule of these tests reads this.')
}
