/**
 * What counts came to in windows that end now, for whoever asks for the same windows at each evaluation: where a window began stays as it is
 * until the next bucket of time begins, and so does whatever is made of the past alone.
 */
import type { CountsNotes, CountsReading } from '../types.ts'
import type { KeeperOf } from './keeper.ts'

/** Counts are known so far back, and up to an hour in steps of 10 s instead of 60 s. */
const MOST_COUNTS_SECONDS = 86_400
const FINE_SECONDS = 3600

/** Windows whose beginnings are kept, at first and at most. */
const FIRST_KEPT = 32
const MOST_KEPT = 512

export class CountsAt implements CountsReading, CountsNotes {
  readonly #keeper: KeeperOf<'counts'>
  /** Numbers of each window that is kept: its seconds, and the totals where it began. They are in the order in which they were asked for. */
  readonly #width: number
  #kept: Float64Array
  /** Where the window is that was asked for last, where the next one is expected, and where the kept ones end. */
  #at = 0
  #next = 0
  #end = 0
  #seconds = 0
  #now = 0
  /** Until when, and after how many recalls, the past is what it was. */
  #until = -Infinity
  #recalls = 0
  of: unknown
  reachSeconds = 0

  constructor(keeper: KeeperOf<'counts'>) {
    this.#keeper = keeper
    this.#width = 1 + keeper.of.length
    this.#kept = new Float64Array(FIRST_KEPT * this.#width)
  }

  /** As of `now`, which must not be before the last collection. Whoever has asked as of an earlier time asks no more. */
  asOf(now: number): this {
    const { since, recalls } = this.#keeper
    const known = Math.min(MOST_COUNTS_SECONDS, (now - since) / 1000)
    const step = known > FINE_SECONDS ? 60 : 10
    const reach = step * Math.floor(known / step)
    if (now >= this.#until || reach !== this.reachSeconds || recalls !== this.#recalls) {
      this.#keeper.ring.advance(now)
      this.#until = this.#keeper.ring.until
      this.#recalls = recalls
      this.reachSeconds = reach
      this.#end = 0
      this.of = undefined
    }
    this.#now = now
    this.#next = 0
    this.#seconds = 0
    return this
  }

  get notes(): this {
    return this
  }

  total(place: number): number {
    return this.#keeper.totals[place]!
  }

  grew(place: number, seconds: number): number {
    if (seconds !== this.#seconds) this.#turnTo(seconds)
    return seconds > 0 ? this.#keeper.totals[place]! - this.#kept[this.#at + 1 + place]! : 0
  }

  #turnTo(seconds: number): void {
    this.#seconds = seconds
    if (!(seconds > 0)) return
    const at = (this.#at = this.#next)
    this.#next += this.#width
    if (at < this.#end && this.#kept[at] === seconds) return
    if (this.#next > this.#kept.length) {
      if (this.#kept.length < MOST_KEPT * this.#width) this.#grow()
      else return this.#begin((this.#at = this.#next = 0), seconds)
    }
    this.#begin(at, seconds)
    this.#end = Math.max(this.#end, this.#next)
  }

  #begin(at: number, seconds: number): void {
    this.#kept[at] = seconds
    this.#keeper.ring.readStart(seconds, this.#now, this.#kept, at + 1)
  }

  #grow(): void {
    const kept = new Float64Array(2 * this.#kept.length)
    kept.set(this.#kept)
    this.#kept = kept
  }
}
