/** Whether it is too quiet, against nothing but its own past. Pure: time is an argument. */

/** Fewer spells than these say nothing of how long they are. Many events of one report are the end of one spell. */
const LEAST_SPELLS = 20

export interface QuietSpellOptions {
  /** Milliseconds after which the past is long enough to be held against: a day has its night. */
  readonly learningMs: number
  /** On the monotonic clock. */
  readonly startedAt: number
}

/**
 * Counts the reports between two events. Measured in reports, not in time: where nobody reports, nothing could have been seen. The longest
 * spell so far is the measure; after a restart it has to be learned again, and until then nothing is known.
 */
export class QuietSpell {
  readonly #options: QuietSpellOptions
  #reports = 0
  #longest = 0
  /** That have ended; the first one began before anybody looked, and is none. */
  #spells = -1

  constructor(options: QuietSpellOptions) {
    this.#options = options
  }

  /** One report that was evaluated, and how many events it made. */
  report(events: number): void {
    this.#reports++
    if (!(events > 0)) return
    if (++this.#spells > 0) this.#longest = Math.max(this.#longest, this.#reports)
    this.#reports = 0
  }

  /** Share of the longest spell so far, 2 being twice as long; `undefined` while the past is not known. */
  share(now: number): number | undefined {
    const { learningMs, startedAt } = this.#options
    if (now - startedAt < learningMs || this.#spells < LEAST_SPELLS) return undefined
    return this.#reports / this.#longest
  }
}
