/**
 * Jobs of BullMQ that a service works at without a processor: taken by `getNextJob` of Worker, ended by `moveToCompleted` or `moveToFailed`
 * of Job. A worker ends the jobs of its processor by the same methods; those are taken back before, and are told of by `callProcessJob` alone.
 */
import { isPromise } from 'node:util/types'

import type { Cancel, Clock } from '../../types.ts'
import { replaceMethod } from '../calls/replace-method.ts'
import { HandedJobs } from './handed-jobs.ts'
import type { LibraryListener } from './queue-library.ts'

interface Job {
  readonly id?: unknown
  readonly queueName?: unknown
  readonly queue?: { readonly name?: unknown }
}

export class BullmqByHand {
  readonly #clock: Clock
  readonly #onAttempt: LibraryListener['onAttempt']
  readonly #jobs = new HandedJobs()

  constructor({ clock, onAttempt }: Pick<LibraryListener, 'clock' | 'onAttempt'>) {
    this.#clock = clock
    this.#onAttempt = onAttempt
  }

  /** `onTaken`: a service takes jobs from the queue of this worker. Must not throw. */
  watchTaking(worker: object, onTaken: (worker: unknown) => void): Cancel {
    return replaceMethod(worker, 'getNextJob', (self, args, original) => {
      onTaken(self)
      const taken = original.apply(self, args)
      if (!isPromise(taken)) return taken
      // A promise of its own: if nobody handles a rejection, that is to be seen.
      return taken.then((job) => {
        this.#hand(job)
        return job
      })
    })
  }

  watchEnding(job: object): readonly Cancel[] {
    return [this.#watchEnd(job, 'moveToCompleted', false), this.#watchEnd(job, 'moveToFailed', true)]
  }

  /** The job has a processor, whose call is the attempt. */
  takeBack(job: unknown): void {
    if (!this.#jobs.isEmpty) this.#take(job)
  }

  #watchEnd(prototype: object, method: string, failed: boolean): Cancel {
    return replaceMethod(prototype, method, (self, args, original) => {
      const since = this.#jobs.isEmpty ? undefined : this.#take(self)
      const ended = original.apply(self, args)
      if (since === undefined || !isPromise(ended)) return ended
      const durationMs = this.#clock.monotonicMs() - since
      return ended.then(
        (next) => {
          const queue = queueOf(self as Job)
          this.#onAttempt(() => ({ queue, durationMs, failed, ...(failed && { error: args[0] }), postponed: false }))
          this.#handNext(queue, next)
          return next
        },
        (error: unknown) => {
          // It goes on: who could not complete it may fail it.
          this.#hand(self, since)
          throw error
        },
      )
    })
  }

  /** To end one job may be to take the next, of which data and id are given. */
  #handNext(queue: string, next: unknown): void {
    if (Array.isArray(next) && next[0] && typeof next[1] === 'string') this.#jobs.hand(queue, next[1], this.#clock.monotonicMs())
  }

  #hand(job: unknown, at = this.#clock.monotonicMs()): void {
    const { id } = (job ?? {}) as Job
    if (typeof id === 'string') this.#jobs.hand(queueOf(job as Job), id, at)
  }

  #take(job: unknown): number | undefined {
    const { id } = (job ?? {}) as Job
    return typeof id === 'string' ? this.#jobs.take(queueOf(job as Job), id) : undefined
  }
}

function queueOf({ queueName, queue }: Job): string {
  return String(queueName ?? queue?.name)
}
