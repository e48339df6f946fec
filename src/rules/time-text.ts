/** How long, as people write it in a rule. */
import { shownValue } from './shown-value.ts'
import type { TimeText } from './rule-data.ts'

const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, min: 60, h: 3600, d: 86_400 }

/** Seconds. Throws if it is none: `what` names it. */
export function secondsOf(time: TimeText, what: string): number {
  if (typeof time === 'number' && time >= 0 && time < Infinity) return time
  const [, number, unit] = (typeof time === 'string' && /^\s*(\d+(?:\.\d+)?)\s*(ms|s|m|min|h|d)\s*$/.exec(time)) || []
  const factor = unit === undefined ? undefined : SECONDS[unit]
  if (number !== undefined && factor !== undefined) return Number(number) * factor
  throw new Error(`${what} is ${shownValue(time)}, expected seconds or a text such as "30s", "5m" or "2h".`)
}
