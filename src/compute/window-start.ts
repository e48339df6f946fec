/** Where windows of a ring began that are asked for at each evaluation: the same until a bucket of time begins, and at hand without the ring. */
import type { Ring } from './ring.ts'
import type { SparseRing } from './sparse-ring.ts'

/** Of the one column of a ring. Two windows are kept, for some ask for a long and a short one. */
export class WindowStart {
  readonly #isLast: boolean
  #seconds = 0
  #until = -Infinity
  #total = 0
  #other: WindowStart | undefined

  constructor(isLast: boolean = false) {
    this.#isLast = isLast
  }

  /** The total as it was where the window began that ends at `now`. */
  of(ring: Ring, windowSeconds: number, now: number): number {
    if (now < this.#until) {
      if (windowSeconds === this.#seconds) return this.#total
      if (!this.#isLast) return (this.#other ??= new WindowStart(true)).of(ring, windowSeconds, now)
    }
    this.#total = ring.startTotal(0, windowSeconds, now)
    this.#seconds = windowSeconds
    this.#until = ring.until
    return this.#total
  }
}

/** Of all places of a sparse ring, for one window. */
export class WindowStarts {
  #seconds = 0
  #until = -Infinity
  #totals: readonly number[] = []

  /** The totals of so many places as they were where the window began that ends at `now`. */
  of(ring: SparseRing, places: number, windowSeconds: number, now: number): readonly number[] {
    if (now < this.#until && windowSeconds === this.#seconds) return this.#totals
    this.#totals = Array.from({ length: places }, (_, place) => ring.startTotal(place, windowSeconds, now))
    this.#seconds = windowSeconds
    this.#until = ring.until
    return this.#totals
  }
}
