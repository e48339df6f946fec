/**
 * Jobs that a library has handed to the service to be ended by its own hand, and has not seen the end of. By queue and id, for a job may
 * be ended through another object than the one that was handed over.
 */
import type { Piece } from '../../record/work-in-hand.ts'

/** What a service takes and never ends, as after a lost lock, is forgotten beyond this. */
const MOST_JOBS = 10_000

export interface HandedJob {
  /** Milliseconds on the monotonic clock. */
  readonly at: number
  /** As it is counted among the work in hand. */
  readonly piece?: Piece | undefined
}

export class HandedJobs {
  readonly #jobs = new Map<string, HandedJob>()
  readonly #onForgotten: (job: HandedJob) => void

  /** `onForgotten` is told of a job that is given up. */
  constructor(onForgotten: (job: HandedJob) => void = () => {}) {
    this.#onForgotten = onForgotten
  }

  get isEmpty(): boolean {
    return this.#jobs.size === 0
  }

  /** One that was handed over already is so anew. */
  hand(queue: string, id: string, job: HandedJob): void {
    const known = this.take(queue, id)
    if (known && known.piece !== job.piece) this.#onForgotten(known)
    if (this.#jobs.size >= MOST_JOBS) {
      const [[key, oldest]] = this.#jobs as unknown as [[string, HandedJob]]
      this.#jobs.delete(key)
      this.#onForgotten(oldest)
    }
    this.#jobs.set(`${queue} ${id}`, job)
  }

  /** `undefined` if it was not handed over, or has been taken back since. */
  take(queue: string, id: string): HandedJob | undefined {
    const key = `${queue} ${id}`
    const job = this.#jobs.get(key)
    this.#jobs.delete(key)
    return job
  }
}
