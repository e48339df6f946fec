import { Ring } from './ring.ts'

/** A ring of many columns, such as the buckets of a fine histogram, most of which stay 0: only the others take room. */
export class SparseRing {
  readonly #ring: Ring
  /** By place, the column in the ring of what was ever counted. */
  readonly #columns: (number | undefined)[] = []
  /** The totals as the ring has them. */
  readonly #row: number[] = []

  /** `now` in milliseconds on the monotonic clock: before it, every total is 0. */
  constructor(now: number) {
    this.#ring = new Ring(0, now)
  }

  /** Sets the totals of all places as of `now`. */
  push(totals: readonly number[], now: number): void {
    const width = this.#row.length
    for (let place = 0; place < totals.length; place++) {
      const total = totals[place]!
      if (total === 0 && this.#columns[place] === undefined) continue
      this.#row[(this.#columns[place] ??= this.#row.length)] = total
    }
    if (this.#row.length > width) this.#ring.widen(this.#row.length - width)
    this.#ring.push(this.#row, now)
  }

  /** What the total of `place` was: see `Ring`. */
  startTotal(place: number, windowSeconds: number, now: number): number {
    const column = this.#columns[place]
    return column === undefined ? 0 : this.#ring.startTotal(column, windowSeconds, now)
  }

  get until(): number {
    return this.#ring.until
  }

  /** What the total of `place` grew by: see `Ring`. */
  growth(place: number, windowSeconds: number, now: number): number {
    const column = this.#columns[place]
    return column === undefined ? 0 : this.#ring.growth(column, windowSeconds, now)
  }
}
