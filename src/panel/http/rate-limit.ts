/** How often somebody may do something: some at once, then so many a minute. In bounded memory, however many there are who try. */
import type { Clock } from '../../types.ts'

export interface Rate {
  /** At once. */
  readonly burst: number
  readonly perMinute: number
}

interface Bucket {
  left: number
  at: number
}

/** What adding up parts of one may leave out. */
const ROUNDING = 1e-9
/** Who has not been seen for longest is forgotten first. */
const MOST_KEYS = 10_000

export class RateLimit {
  readonly #rate: Rate
  readonly #clock: Clock
  readonly #most: number
  readonly #buckets = new Map<string, Bucket>()

  constructor(rate: Rate, clock: Clock, most: number = MOST_KEYS) {
    this.#rate = rate
    this.#clock = clock
    this.#most = most
  }

  /** Takes one. 0: it may be done; else the seconds after which it may. */
  take(key: string): number {
    const bucket = this.#refilled(key)
    this.#buckets.set(key, bucket)
    if (this.#buckets.size > this.#most) this.#buckets.delete(this.#buckets.keys().next().value!)
    const missing = 1 - bucket.left
    if (missing > ROUNDING) return (missing / this.#rate.perMinute) * 60
    bucket.left--
    return 0
  }

  /** Gives one back that was taken. */
  giveBack(key: string): void {
    const bucket = this.#buckets.get(key)
    if (bucket) bucket.left = Math.min(this.#rate.burst, bucket.left + 1)
  }

  get size(): number {
    return this.#buckets.size
  }

  #refilled(key: string): Bucket {
    const now = this.#clock.monotonicMs()
    const known = this.#buckets.get(key)
    // Put in again, it is the last that is forgotten.
    this.#buckets.delete(key)
    if (!known) return { left: this.#rate.burst, at: now }
    const left = Math.min(this.#rate.burst, known.left + ((now - known.at) / 60_000) * this.#rate.perMinute)
    return { left, at: now }
  }
}
