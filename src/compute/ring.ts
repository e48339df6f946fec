/**
 * Cumulative totals as they were at the start of each past 10 s (one hour) and each past minute (six hours, or what is asked for), so
 * that the events of any window are one subtraction and recording costs nothing.
 *
 * A window of w seconds is the bucket in progress and the full buckets before it, never more than w: what happened is
 * forgotten at most w seconds later, and up to one bucket earlier. Only the window of one bucket has a full one besides:
 * without it, it would be empty whenever a bucket begins.
 */

const FINE_MS = 10_000
const COARSE_MS = 60_000
const FINE_SLOTS = 360
const SIX_HOURS_MS = 6 * 3_600_000
/** The bucket in progress and a full one. */
const LEAST_BUCKETS = 2
const FINE_REACH_MS = FINE_SLOTS * FINE_MS

/** What is added to the columns as of some time ago. */
export interface Recalled {
  readonly agoMs: number
  readonly amounts: readonly number[]
}

/** `columns` numbers are kept per slot: 1 for a counter, one per bucket and a sum for a histogram. 5,760 bytes a column for six hours. */
export class Ring {
  #columns: number
  readonly #reachMs: number
  readonly #coarseSlots: number
  /** The fine slots, the coarse slots, and last the totals as they are now. */
  #slots: Float64Array
  #now: number
  #fine: number
  #coarse: number
  /** When the next bucket begins: until then no time has to pass. Buckets of a minute begin where one of 10 s does. */
  #until = 0
  /** Where the buckets in progress are. */
  #fineSlot = 0
  #coarseSlot = 0

  /** `now` in milliseconds on the monotonic clock: before it, every total is 0. `reachMs`: how far it looks back, in whole minutes. */
  constructor(columns: number, now: number, reachMs: number = SIX_HOURS_MS) {
    this.#columns = columns
    this.#reachMs = reachMs
    this.#coarseSlots = reachMs / COARSE_MS
    this.#slots = new Float64Array((FINE_SLOTS + this.#coarseSlots + 1) * columns)
    this.#now = (FINE_SLOTS + this.#coarseSlots) * columns
    this.#fine = Math.floor(now / FINE_MS)
    this.#coarse = Math.floor(now / COARSE_MS)
    this.#stand()
  }

  /** Sets the totals as of `now`. What they grew by since the last call is counted in the bucket of `now`. */
  push(totals: ArrayLike<number>, now: number): void {
    this.advance(now)
    for (let column = 0; column < this.#columns; column++) this.#slots[this.#now + column] = totals[column] ?? 0
  }

  /** Adds columns, of which every total so far is 0. */
  widen(by: number): void {
    const columns = this.#columns + by
    const rows = FINE_SLOTS + this.#coarseSlots + 1
    const slots = new Float64Array(rows * columns)
    for (let row = 0; row < rows; row++) {
      slots.set(this.#slots.subarray(row * this.#columns, (row + 1) * this.#columns), row * columns)
    }
    this.#now = (rows - 1) * columns
    this.#columns = columns
    this.#slots = slots
  }

  /** Lets time pass without a change. */
  advance(now: number): void {
    if (now < this.#until) return
    this.#fine = this.#fill(this.#fine, Math.floor(now / FINE_MS), 0, FINE_SLOTS)
    this.#coarse = this.#fill(this.#coarse, Math.floor(now / COARSE_MS), FINE_SLOTS, this.#coarseSlots)
    this.#stand()
  }

  #stand(): void {
    this.#fineSlot = mod(this.#fine, FINE_SLOTS)
    this.#coarseSlot = mod(this.#coarse, this.#coarseSlots)
    this.#until = (this.#fine + 1) * FINE_MS
  }

  #fill(from: number, to: number, base: number, slots: number): number {
    if (to <= from) return from
    for (let bucket = Math.max(from + 1, to - slots + 1); bucket <= to; bucket++) {
      this.#slots.copyWithin((base + mod(bucket, slots)) * this.#columns, this.#now)
    }
    return to
  }

  /** Adds what happened before the ring began, each `agoMs` before `now`. What is older than the ring's reach is left out. */
  recall(blocks: readonly Recalled[], now: number): void {
    this.advance(now)
    const known = blocks.filter(({ agoMs }) => agoMs < this.#reachMs)
    for (const { amounts } of known) this.#add(amounts, this.#now)
    this.#raise(known, now, FINE_MS, this.#fine, 0, FINE_SLOTS)
    this.#raise(known, now, COARSE_MS, this.#coarse, FINE_SLOTS, this.#coarseSlots)
  }

  /** Every bucket that began later holds it. */
  #raise(blocks: readonly Recalled[], now: number, bucketMs: number, newest: number, base: number, slots: number): void {
    const raised = new Map<number, number[]>()
    for (const { agoMs, amounts } of blocks) {
      const bucket = Math.floor((now - agoMs) / bucketMs)
      const first = Math.max(bucket + 1, newest - slots + 1)
      const by = raised.get(first)
      if (by) for (const [column, amount] of amounts.entries()) by[column] = (by[column] ?? 0) + amount
      else raised.set(first, [...amounts])
    }
    const sum = new Array<number>(this.#columns).fill(0)
    for (let bucket = newest - slots + 1; bucket <= newest; bucket++) {
      for (const [column, amount] of raised.get(bucket)?.entries() ?? []) sum[column] = (sum[column] ?? 0) + amount
      this.#add(sum, (base + mod(bucket, slots)) * this.#columns)
    }
  }

  #add(amounts: readonly number[], slot: number): void {
    for (let column = 0; column < this.#columns; column++) this.#slots[slot + column]! += amounts[column] ?? 0
  }

  /** What `column` grew by in the window that ends at `now`, which must not be before the last push. */
  growth(column: number, windowSeconds: number, now: number): number {
    return this.#slots[this.#now + column]! - this.startTotal(column, windowSeconds, now)
  }

  /** The total of `column` as it was where such a window began: the same before `until`, if nothing is recalled. */
  startTotal(column: number, windowSeconds: number, now: number): number {
    const start = this.#startOf(windowSeconds, now)
    return this.#slots[start + column]!
  }

  /** The same of all columns, one after the other, from a place of `into` on. */
  readStart(windowSeconds: number, now: number, into: Float64Array, from: number): void {
    const start = this.#startOf(windowSeconds, now)
    for (let column = 0; column < this.#columns; column++) into[from + column] = this.#slots[start + column]!
  }

  /** When the next bucket begins, after those that are known of: see `advance`. */
  get until(): number {
    return this.#until
  }

  #startOf(windowSeconds: number, now: number): number {
    const windowMs = windowSeconds * 1000
    if (windowMs <= 0 || windowMs > this.#reachMs) {
      throw new RangeError(`A window of ${windowSeconds} s cannot be read: use more than 0 and at most ${this.#reachMs / 1000} s.`)
    }
    this.advance(now)
    const isCoarse = windowMs > FINE_REACH_MS
    const back = Math.max(LEAST_BUCKETS, Math.ceil(windowMs / (isCoarse ? COARSE_MS : FINE_MS))) - 1
    const slot = isCoarse ? FINE_SLOTS + before(this.#coarseSlot, back, this.#coarseSlots) : before(this.#fineSlot, back, FINE_SLOTS)
    return slot * this.#columns
  }
}

/** The slot that was `back` slots before another of so many, of which the first follows the last. No division: it is asked for at every reading. */
function before(slot: number, back: number, slots: number): number {
  return slot >= back ? slot - back : slot - back + slots
}

function mod(n: number, m: number): number {
  return ((n % m) + m) % m
}
