/**
 * Cumulative totals as they were at the start of each past 10 s (one hour) and each past minute (six hours), so that
 * the events of any window are one subtraction and recording costs nothing.
 *
 * A window of w seconds is the bucket in progress and the full buckets before it, never more than w: what happened is
 * forgotten at most w seconds later, and up to one bucket earlier. Only the window of one bucket has a full one besides:
 * without it, it would be empty whenever a bucket begins.
 */

const FINE_MS = 10_000
const COARSE_MS = 60_000
const SLOTS = 360
/** The bucket in progress and a full one. */
const LEAST_BUCKETS = 2
const NOW = 2 * SLOTS

/** Seconds the ring can look back. */
const LONGEST_WINDOW_SECONDS = (SLOTS * COARSE_MS) / 1000
const FINE_REACH_MS = SLOTS * FINE_MS

/** `columns` numbers are kept per slot: 1 for a counter, one per bucket and a sum for a histogram. 5,760 bytes a column. */
export class Ring {
  readonly #columns: number
  /** The fine slots, the coarse slots, and last the totals as they are now. */
  readonly #slots: Float64Array
  #fine: number
  #coarse: number

  /** `now` in milliseconds on the monotonic clock: before it, every total is 0. */
  constructor(columns: number, now: number) {
    this.#columns = columns
    this.#slots = new Float64Array((2 * SLOTS + 1) * columns)
    this.#fine = Math.floor(now / FINE_MS)
    this.#coarse = Math.floor(now / COARSE_MS)
  }

  /** Sets the totals as of `now`. What they grew by since the last call is counted in the bucket of `now`. */
  push(totals: ArrayLike<number>, now: number): void {
    this.advance(now)
    for (let column = 0; column < this.#columns; column++) this.#slots[NOW * this.#columns + column] = totals[column] ?? 0
  }

  /** Lets time pass without a change. */
  advance(now: number): void {
    this.#fine = this.#fill(this.#fine, Math.floor(now / FINE_MS), 0)
    this.#coarse = this.#fill(this.#coarse, Math.floor(now / COARSE_MS), SLOTS)
  }

  #fill(from: number, to: number, base: number): number {
    if (to <= from) return from
    for (let bucket = Math.max(from + 1, to - SLOTS + 1); bucket <= to; bucket++) {
      this.#slots.copyWithin((base + mod(bucket, SLOTS)) * this.#columns, NOW * this.#columns)
    }
    return to
  }

  /** What `column` grew by in the window that ends at `now`, which must not be before the last push. */
  growth(column: number, windowSeconds: number, now: number): number {
    const windowMs = windowSeconds * 1000
    if (windowMs <= 0 || windowSeconds > LONGEST_WINDOW_SECONDS) {
      throw new RangeError(`A window of ${windowSeconds} s cannot be read: use more than 0 and at most ${LONGEST_WINDOW_SECONDS} s.`)
    }
    this.advance(now)
    const coarse = windowMs > FINE_REACH_MS
    const bucketMs = coarse ? COARSE_MS : FINE_MS
    const newest = coarse ? this.#coarse : this.#fine
    const oldest = newest - Math.max(LEAST_BUCKETS, Math.ceil(windowMs / bucketMs)) + 1
    const slot = (coarse ? SLOTS : 0) + mod(oldest, SLOTS)
    return this.#slots[NOW * this.#columns + column]! - this.#slots[slot * this.#columns + column]!
  }
}

function mod(n: number, m: number): number {
  return ((n % m) + m) % m
}
