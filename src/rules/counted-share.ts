/** Some events among others, with the memory of a day: what a share is judged by. */
import type { CountsReading, CountsSelector, EventsSelector, Readings } from '../types.ts'
import type { Noted } from '../judge/share-notes.ts'
import type { Share } from '../judge/share-window.ts'

export function countsOf(all: EventsSelector, some: EventsSelector): CountsSelector {
  return { kind: 'counts', of: [all, some] }
}

/** `badAre`: the events that are meant, or the others. */
export function shareIn(counts: CountsReading, badAre: 'those' | 'others'): Share & Noted {
  return new CountedShare(counts, badAre === 'those')
}

class CountedShare implements Share, Noted {
  readonly #counts: CountsReading
  readonly #areThose: boolean
  // Of most windows both are asked for.
  #seconds = 0
  #all = 0
  #bad = 0

  constructor(counts: CountsReading, areThose: boolean) {
    this.#counts = counts
    this.#areThose = areThose
  }

  all(seconds: number): number {
    if (seconds !== this.#seconds) this.#look(seconds)
    return this.#all
  }

  bad(seconds: number): number {
    if (seconds !== this.#seconds) this.#look(seconds)
    return this.#bad
  }

  get reachSeconds(): number {
    return this.#counts.reachSeconds
  }

  /** Without the least of both: that hides what comes to the other one. */
  get came(): { readonly bad: number; readonly all: number } | undefined {
    const { notes } = this.#counts
    if (!notes) return undefined
    const [all, those] = [notes.total(0), notes.total(1)]
    return { all, bad: this.#areThose ? those : all - those }
  }

  get notes(): { of: unknown } | undefined {
    return this.#counts.notes
  }

  #look(seconds: number): void {
    const all = this.#counts.grew(0, seconds)
    // Two counters are not read at the same instant by whoever records them.
    const those = Math.min(all, this.#counts.grew(1, seconds))
    this.#seconds = seconds
    this.#all = all
    this.#bad = this.#areThose ? those : all - those
  }
}

/** Seconds of the window by which it is known whether anybody has watched at all, and so many intervals between evaluations at least. */
const RECENT = 60
const RECENT_TICKS = 6
/** Windows of counts are kept in steps of so many seconds. */
const STEP = 10

/** Whether the last minute was watched for long enough; not so at the start of a process, whatever earlier ones have counted. */
export function isWatching(readings: Readings, tickSeconds: number): boolean {
  const recent = Math.max(RECENT, STEP * Math.ceil((RECENT_TICKS * tickSeconds) / STEP))
  return readings.coveredSeconds(recent) >= Math.max(3 * tickSeconds, RECENT / 10)
}
