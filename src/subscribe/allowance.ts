/** So many a second and no more, and that many at once. */
import type { Clock } from '../types.ts'

export class Allowance {
  readonly #clock: Clock
  readonly #perSecond: number
  #left: number
  #at: number

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock
    this.#perSecond = perSecond
    this.#left = perSecond
    this.#at = clock.monotonicMs()
  }

  /** Whether there was one left. */
  take(): boolean {
    const now = this.#clock.monotonicMs()
    this.#left = Math.min(this.#left + ((now - this.#at) / 1000) * this.#perSecond, this.#perSecond)
    this.#at = now
    if (this.#left < 1) return false
    this.#left--
    return true
  }

  giveBack(): void {
    this.#left = Math.min(this.#left + 1, this.#perSecond)
  }

  /** Milliseconds until there is one. */
  get waitMs(): number {
    return Math.max(1, Math.ceil(((1 - this.#left) / this.#perSecond) * 1000))
  }
}
