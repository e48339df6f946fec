/** The last day of a service as a bar: neighbouring quarters of an hour that are the same are one piece. Pure. */
import type { ShownStatus } from '../../protocol.ts'

export interface Piece {
  readonly status: ShownStatus | null
  readonly from: number
  readonly length: number
}

export function piecesOf(quarters: readonly (ShownStatus | null)[]): readonly Piece[] {
  const pieces: Piece[] = []
  for (const [i, status] of quarters.entries()) {
    const last = pieces.at(-1)
    if (last && last.status === status) pieces[pieces.length - 1] = { ...last, length: last.length + 1 }
    else pieces.push({ status, from: i, length: 1 })
  }
  return pieces
}

/** Hours in each state, of those that are known; the most first. */
export function hoursIn(
  quarters: readonly (ShownStatus | null)[],
): readonly { readonly status: ShownStatus | null; readonly hours: number }[] {
  const counts = new Map<ShownStatus | null, number>()
  for (const status of quarters) counts.set(status, (counts.get(status) ?? 0) + 1)
  return Array.from(counts, ([status, count]) => ({ status, hours: count / 4 })).toSorted((a, b) => b.hours - a.hours)
}
