/** What happened, by how long ago: what of it is in windows that end now. */
import type { Share } from '../../src/judge/share-window.ts'

const DAY = 86_400

/** `n` events at one instant, `bad` of them as they should not be. */
export interface Happened {
  readonly agoSeconds: number
  readonly n: number
  readonly bad: number
}

export interface Stretch {
  /** Seconds ago, where it begins and ends: from the older one, which is left out, to the newer one. */
  readonly from: number
  readonly to?: number
  /** Seconds between two events. */
  readonly every: number
  /** Events at each of these instants. Default 1. */
  readonly n?: number
  /** How many of them are bad. Default 0. */
  readonly bad?: number
}

/** Events at even distances. */
export function evenly({ from, to = 0, every, n = 1, bad = 0 }: Stretch): readonly Happened[] {
  const number = Math.ceil((from - to) / every)
  return Array.from({ length: number }, (_, i) => ({ agoSeconds: to + i * every, n, bad }))
}

/** The same, so many seconds later. */
export function later(happened: readonly Happened[], seconds: number): readonly Happened[] {
  return happened.map((each) => ({ ...each, agoSeconds: each.agoSeconds + seconds })).filter(({ agoSeconds }) => agoSeconds >= 0)
}

/** How many there were in a window of so many seconds. */
export function counter(happened: readonly Happened[], of: (each: Happened) => number): (seconds: number) => number {
  const sorted = happened.toSorted((a, b) => a.agoSeconds - b.agoSeconds)
  const ago = sorted.map(({ agoSeconds }) => agoSeconds)
  const sums = [0]
  for (const each of sorted) sums.push(sums.at(-1)! + of(each))
  return (seconds) => {
    let [from, to] = [0, ago.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if (ago[middle]! < seconds) from = middle + 1
      else to = middle
    }
    return sums[from]!
  }
}

/** As `testShare` is asked. */
export function shareIn(happened: readonly Happened[], reachSeconds: number = DAY): Share {
  const known = happened.filter(({ agoSeconds }) => agoSeconds < reachSeconds)
  return { all: counter(known, ({ n }) => n), bad: counter(known, ({ bad }) => bad), reachSeconds }
}
