/** A line without axes, as the path of an SVG. Pure. */

/** `M` and `L` in a box of `width` by `height`, with a gap where nothing is known; the highest value is at the top, 0 or the lowest at the bottom. */
export function sparkPath(values: readonly (number | null)[], width: number, height: number): string {
  const known = values.filter((value): value is number => value !== null)
  if (known.length === 0) return ''
  const low = Math.min(0, ...known)
  const span = Math.max(...known) - low || 1
  const x = (i: number) => round((i / Math.max(1, values.length - 1)) * width)
  let path = ''
  let isDrawn = false
  for (const [i, value] of values.entries()) {
    if (value === null) {
      isDrawn = false
      continue
    }
    path += `${isDrawn ? 'L' : 'M'}${x(i)} ${round(height - ((value - low) / span) * height)}`
    // One alone is a dot.
    if (!isDrawn && (values[i + 1] ?? null) === null) path += 'h.01'
    isDrawn = true
  }
  return path
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
