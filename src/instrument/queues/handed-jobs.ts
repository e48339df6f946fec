/**
 * Jobs that a library has handed to the service to be ended by its own hand, and has not seen the end of. By queue and id, for a job may
 * be ended through another object than the one that was handed over.
 */

/** What a service takes and never ends, as after a lost lock, is forgotten beyond this. */
const MOST_JOBS = 10_000

export class HandedJobs {
  readonly #since = new Map<string, number>()

  get isEmpty(): boolean {
    return this.#since.size === 0
  }

  /** `at`: milliseconds on the monotonic clock. */
  hand(queue: string, id: string, at: number): void {
    if (this.#since.size >= MOST_JOBS) this.#since.delete(this.#since.keys().next().value!)
    this.#since.set(`${queue} ${id}`, at)
  }

  /** When it was handed over; `undefined` if it was not, or has been taken back since. */
  take(queue: string, id: string): number | undefined {
    const key = `${queue} ${id}`
    const at = this.#since.get(key)
    this.#since.delete(key)
    return at
  }
}
