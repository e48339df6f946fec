/** Readings of about every minute, put on minutes that are the same for all lines. What nobody read is `null`, never 0. Pure. */

export const MINUTE_MS = 60_000
/** A minute speaks for the time since the one before, unless that is longer ago: then nobody knows what was in between. */
const LONGEST_MINUTE_MS = 150_000

export interface Reading {
  /** Epoch milliseconds. */
  readonly at: number
  readonly value: number | null
}

export interface Grid {
  /** Where its first minute begins. Epoch milliseconds. */
  readonly from: number
  readonly minutes: number
}

/** The last `minutes` whole minutes before `to`, and the one that is not over. */
export function gridUntil(to: number, minutes: number): Grid {
  return { from: (Math.floor(to / MINUTE_MS) + 1 - minutes) * MINUTE_MS, minutes }
}

/** Of one instance; `readings` in the order of time. An instance writes a little less often than every minute: no minute is left empty by that. */
export function onGrid(readings: readonly Reading[], { from, minutes }: Grid): (number | null)[] {
  const values: (number | null)[] = Array.from({ length: minutes }, () => null)
  let before: number | undefined
  for (const { at, value } of readings) {
    const minute = Math.floor((at - from) / MINUTE_MS)
    const isNext = before !== undefined && at - before <= LONGEST_MINUTE_MS
    const first = isNext ? Math.floor((before! - from) / MINUTE_MS) + 1 : minute
    for (let i = Math.max(Math.min(first, minute), 0); i <= minute && i < minutes; i++) values[i] = value
    before = at
  }
  return values
}

/** Of several instances, minute by minute: the sum of what is known. */
export function summed(lines: readonly (readonly (number | null)[])[]): (number | null)[] {
  return Array.from({ length: lines[0]?.length ?? 0 }, (_, i) => {
    const known = lines.flatMap((line) => line[i] ?? [])
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0)
  })
}

/**
 * At most `most` points, the same times for all lines. The lowest and the highest value of every stretch are kept, in their order, so that
 * no peak is lost; where nothing is known in a stretch both are `null`. `times`: seconds since 1970.
 */
export function thinned(
  lines: readonly (readonly (number | null)[])[],
  { from, minutes }: Grid,
  most: number,
): { readonly times: readonly number[]; readonly lines: readonly (readonly (number | null)[])[] } {
  if (minutes <= most) {
    return { times: Array.from({ length: minutes }, (_, i) => (from + i * MINUTE_MS) / 1000), lines }
  }
  const stretches = Math.floor(most / 2)
  const starts = Array.from({ length: stretches + 1 }, (_, i) => Math.round((i * minutes) / stretches))
  const at = (minute: number) => Math.round((from + minute * MINUTE_MS) / 1000)
  return {
    times: starts.slice(0, -1).flatMap((start, i) => [at(start), at((start + starts[i + 1]!) / 2)]),
    lines: lines.map((line) => starts.slice(0, -1).flatMap((start, i) => extremes(line.slice(start, starts[i + 1])))),
  }
}

/** The lowest and the highest, the one that came first first; of a single value that is known only the half in which it is. */
function extremes(values: readonly (number | null)[]): readonly [number | null, number | null] {
  let [lowest, highest] = [-1, -1]
  for (const [i, value] of values.entries()) {
    if (value === null) continue
    if (lowest < 0 || value < values[lowest]!) lowest = i
    if (highest < 0 || value > values[highest]!) highest = i
  }
  if (lowest < 0) return [null, null]
  if (lowest !== highest) return [values[Math.min(lowest, highest)]!, values[Math.max(lowest, highest)]!]
  const value = values[lowest]!
  if (values.filter((each) => each !== null).length > 1) return [value, value]
  return lowest < values.length / 2 ? [value, null] : [null, value]
}
