/**
 * Jobs of BullMQ that a service works at without a processor: taken by `getNextJob` of Worker, ended by `moveToCompleted` or `moveToFailed`
 * of Job. A worker ends the jobs of its processor by the same methods; those are taken back before, and are told of by `callProcessJob` alone.
 */
import { isPromise } from 'node:util/types'

import type { Cancel } from '../../types.ts'
import { replaceMethod } from '../calls/replace-method.ts'
import { HandedJobs, type HandedJob } from './handed-jobs.ts'
import type { LibraryListener } from './queue-library.ts'

interface Job {
  readonly id?: unknown
  readonly queueName?: unknown
  readonly queue?: { readonly name?: unknown }
}

type Listener = Pick<LibraryListener, 'clock' | 'onAttempt' | 'onBegin' | 'onEnd'>

export class BullmqByHand {
  readonly #listener: Listener
  readonly #jobs: HandedJobs

  constructor(listener: Listener) {
    this.#listener = listener
    this.#jobs = new HandedJobs(({ piece }) => listener.onEnd(piece))
  }

  /** `onTaken`: a service takes jobs from the queue of this worker. Must not throw. */
  watchTaking(worker: object, onTaken: (worker: unknown) => void): Cancel {
    return replaceMethod(worker, 'getNextJob', (self, args, original) => {
      onTaken(self)
      const taken = original.apply(self, args)
      if (!isPromise(taken)) return taken
      // A promise of its own: if nobody handles a rejection, that is to be seen.
      return taken.then((job) => {
        const { id } = (job ?? {}) as Job
        if (typeof id === 'string') this.#hand(queueOf(job as Job), id)
        return job
      })
    })
  }

  watchEnding(job: object): readonly Cancel[] {
    return [this.#watchEnd(job, 'moveToCompleted', false), this.#watchEnd(job, 'moveToFailed', true)]
  }

  /** The job has a processor, whose call is the attempt. */
  takeBack(job: unknown): void {
    if (!this.#jobs.isEmpty) this.#listener.onEnd(this.#take(job)?.piece)
  }

  #watchEnd(prototype: object, method: string, failed: boolean): Cancel {
    return replaceMethod(prototype, method, (self, args, original) => {
      const { clock, onAttempt, onEnd } = this.#listener
      const job = this.#jobs.isEmpty ? undefined : this.#take(self)
      const ended = original.apply(self, args)
      if (job === undefined) return ended
      if (!isPromise(ended)) {
        onEnd(job.piece)
        return ended
      }
      const durationMs = clock.monotonicMs() - job.at
      return ended.then(
        (next) => {
          const queue = queueOf(self as Job)
          onAttempt(() => ({ queue, durationMs, failed, ...(failed && { error: args[0] }), postponed: false }))
          onEnd(job.piece)
          this.#handNext(queue, next)
          return next
        },
        (error: unknown) => {
          // It goes on: who could not complete it may fail it.
          const { id } = self as Job
          if (typeof id === 'string') this.#jobs.hand(queueOf(self as Job), id, job)
          throw error
        },
      )
    })
  }

  /** To end one job may be to take the next, of which data and id are given. */
  #handNext(queue: string, next: unknown): void {
    if (Array.isArray(next) && next[0] && typeof next[1] === 'string') this.#hand(queue, next[1])
  }

  #hand(queue: string, id: string): void {
    const { clock, onBegin } = this.#listener
    this.#jobs.hand(queue, id, { at: clock.monotonicMs(), piece: onBegin(() => ({ queue, id })) })
  }

  #take(job: unknown): HandedJob | undefined {
    const { id } = (job ?? {}) as Job
    return typeof id === 'string' ? this.#jobs.take(queueOf(job as Job), id) : undefined
  }
}

function queueOf({ queueName, queue }: Job): string {
  return String(queueName ?? queue?.name)
}
