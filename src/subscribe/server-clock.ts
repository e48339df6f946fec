/** The server's clock, from the last time it was asked. */
import type { Clock } from '../types.ts'

export class ServerClock {
  readonly #clock: Clock
  /** Of the server's epoch time, less ours that never jumps. */
  #offset: number

  /** Before the server is asked, the clock of this process has to do. */
  constructor(clock: Clock) {
    this.#clock = clock
    this.#offset = clock.epochMs() - clock.monotonicMs()
  }

  /** Epoch milliseconds of the server. */
  now(): number {
    return Math.round(this.#clock.monotonicMs() + this.#offset)
  }

  /** The server looked at its clock in the middle of the round trip, give or take half of it. */
  async read(ask: () => Promise<number>): Promise<void> {
    const before = this.#clock.monotonicMs()
    const epochMs = await ask()
    this.#offset = epochMs - (before + this.#clock.monotonicMs()) / 2
  }
}
