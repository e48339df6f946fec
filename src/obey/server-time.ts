/** What time it is for the server, whatever the clock of this machine says: told now and then, and counted on between on the monotonic clock. */
import type { Clock } from '../types.ts'

export class ServerTime {
  readonly #clock: Clock
  #aheadMs: number | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `now`: epoch milliseconds of the server, as it has just said. */
  heard(now: number): void {
    this.#aheadMs = now - this.#clock.monotonicMs()
  }

  /** Epoch milliseconds; by our own clock as long as the server has said nothing. */
  now(): number {
    return Math.round(this.#aheadMs === undefined ? this.#clock.epochMs() : this.#clock.monotonicMs() + this.#aheadMs)
  }
}
