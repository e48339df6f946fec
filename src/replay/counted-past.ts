/** Counts of minutes, one after the other: what they came to in any window. Nobody knows when in its minute something was counted: it is spread evenly. */

const MINUTE_MS = 60_000
/** What a minute counted is written with the minute, and may have a time that is a little later. Milliseconds. */
const WRITTEN_WITHIN = 1000

export interface CountedBlock {
  /** Epoch milliseconds of its end. */
  readonly at: number
  readonly amounts: readonly number[]
}

export class CountedPast {
  readonly #blocks: readonly CountedBlock[]
  /** By place: the sum of all blocks before each. */
  readonly #sums: number[][] = []

  constructor(blocks: readonly CountedBlock[]) {
    this.#blocks = blocks.toSorted((a, b) => a.at - b.at)
    const places = Math.max(0, ...blocks.map(({ amounts }) => amounts.length))
    for (let place = 0; place < places; place++) {
      const sums = [0]
      for (const { amounts } of this.#blocks) sums.push(sums.at(-1)! + (amounts[place] ?? 0))
      this.#sums.push(sums)
    }
  }

  /** Since when something is known, in epoch milliseconds; `undefined` if nothing is. */
  get since(): number | undefined {
    const [first] = this.#blocks
    return first && first.at - MINUTE_MS
  }

  /** What was counted in the last `seconds` before `now`, the end of a minute. Whole numbers, so that all bad ones stay as many as all. */
  grew(place: number, seconds: number, now: number): number {
    return seconds <= 0 ? 0 : this.#until(place, now + WRITTEN_WITHIN) - this.#until(place, now - 1000 * seconds)
  }

  #until(place: number, time: number): number {
    const sums = this.#sums[place]
    if (!sums) return 0
    const ended = this.#endedBy(time)
    let sum = sums[ended]!
    for (let i = ended; i < this.#blocks.length; i++) {
      const { at, amounts } = this.#blocks[i]!
      if (at - MINUTE_MS >= time) break
      sum += Math.round(((amounts[place] ?? 0) * (time - at + MINUTE_MS)) / MINUTE_MS)
    }
    return sum
  }

  #endedBy(time: number): number {
    let [from, to] = [0, this.#blocks.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if (this.#blocks[middle]!.at <= time) from = middle + 1
      else to = middle
    }
    return from
  }
}
