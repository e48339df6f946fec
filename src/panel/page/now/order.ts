/** In what order things stand, and how an order is held still while somebody is about to press something. Pure. */
import type { AlertRow, ServiceRow, ShownStatus } from '../../protocol.ts'

/** The worst first. What nobody speaks for may be anything: it comes before what is known to be well. */
export const WORST_FIRST: readonly ShownStatus[] = ['unhealthy', 'degraded', 'unknown', 'stopped', 'draining', 'paused', 'healthy']

const rank = new Map(WORST_FIRST.map((status, i) => [status, i]))

export function worseService(a: ServiceRow, b: ServiceRow): number {
  return rank.get(a.status)! - rank.get(b.status)! || b.alerts - a.alerts || (a.service < b.service ? -1 : 1)
}

/** CRITICAL first, then the oldest. */
export function worseAlert(a: AlertRow, b: AlertRow): number {
  if (a.severity !== b.severity) return a.severity === 'CRITICAL' ? -1 : 1
  return a.since - b.since || (a.id < b.id ? -1 : 1)
}

export function worstOf(statuses: Iterable<ShownStatus>): ShownStatus | undefined {
  let worst: ShownStatus | undefined
  for (const status of statuses) if (worst === undefined || rank.get(status)! < rank.get(worst)!) worst = status
  return worst
}

export interface HeldOrder<T> {
  readonly items: readonly T[]
  /** So many would have to move for the order to be the one that is wanted. */
  readonly moved: number
}

/** What is gone is gone, what is new comes last, the rest stays where it was. */
export function holdOrder<T>(held: readonly string[], wanted: readonly T[], keyOf: (item: T) => string): HeldOrder<T> {
  const byKey = new Map(wanted.map((item) => [keyOf(item), item]))
  const items: T[] = []
  for (const key of held) {
    const item = byKey.get(key)
    if (item === undefined) continue
    items.push(item)
    byKey.delete(key)
  }
  items.push(...byKey.values())
  const place = new Map(wanted.map((item, i) => [item, i]))
  return { items, moved: items.length - longestRise(items.map((item) => place.get(item)!)) }
}

/** How many of the numbers, at most, rise from the first to the last: those need not move. */
function longestRise(numbers: readonly number[]): number {
  /** The lowest that a rise of each length may end with. */
  const ends: number[] = []
  for (const number of numbers) {
    let [low, high] = [0, ends.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (ends[middle]! < number) low = middle + 1
      else high = middle
    }
    ends[low] = number
  }
  return ends.length
}
