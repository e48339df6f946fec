/** What lies over a chart besides its lines, in the places of a canvas. Pure. */
import type { Severity } from '../../../types.ts'
import type { Span } from '../../protocol.ts'

export interface Band {
  readonly severity: Severity
  /** Pixels, within the plot. */
  readonly left: number
  readonly width: number
}

/** Of alerts that lie in the time shown; a short one is still seen. `x`: from epoch milliseconds to pixels. */
export function bandsOf(spans: readonly Span[], from: number, to: number, x: (at: number) => number): readonly Band[] {
  return spans.flatMap(({ severity, from: began, to: ended = to }) => {
    if (ended < from || began > to) return []
    const left = x(Math.max(from, began))
    return [{ severity, left, width: Math.max(2, x(Math.min(to, ended)) - left) }]
  })
}

/** The lowest, the highest and the last of a line; `undefined`: nothing is known. */
export function extentOf(
  values: readonly (number | null)[],
): { readonly low: number; readonly high: number; readonly last: number } | undefined {
  const known = values.filter((value): value is number => value !== null)
  if (known.length === 0) return undefined
  let [low, high] = [known[0]!, known[0]!]
  for (const value of known) {
    if (value < low) low = value
    if (value > high) high = value
  }
  return { low, high, last: known.at(-1)! }
}

/** At most so many rows of a table, evenly over the time, the last among them: places in `times`. */
export function rowsOf(times: readonly number[], most: number): readonly number[] {
  if (times.length <= most) return [...times.keys()]
  const step = (times.length - 1) / (most - 1)
  return Array.from({ length: most }, (_, i) => Math.round(i * step))
}
