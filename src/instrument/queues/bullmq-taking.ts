/**
 * How a worker of BullMQ comes by its jobs: it waits for one by `waitForJob`, takes it by `moveToActive`, and may be given the next when it
 * ends one. While the service is held nothing is waited for and nothing taken, whatever the service itself has paused. BullMQ's own `pause` is
 * left alone: until version 4 it forgets a job that is on its way.
 */
import { isPromise } from 'node:util/types'

import type { Cancel } from '../../types.ts'
import { replaceMethod } from '../calls/replace-method.ts'
import type { LibraryListener } from './queue-library.ts'

type Method = (this: unknown, ...args: unknown[]) => unknown

interface Worker {
  /** Left out by a service that takes jobs by its own hand. */
  readonly processFn?: unknown
  readonly closing?: unknown
  readonly keys?: { readonly marker?: unknown }
}

export class BullmqTaking {
  readonly #listener: Pick<LibraryListener, 'hold' | 'taking'>

  constructor(listener: Pick<LibraryListener, 'hold' | 'taking'>) {
    this.#listener = listener
  }

  watchTaking(prototype: object): readonly Cancel[] {
    const { hold } = this.#listener
    return [
      replaceMethod(prototype, 'waitForJob', (worker, args, original) =>
        hold.isHeld ? this.#heldWait(worker as Worker, args, original) : this.#wait(worker as Worker, args, original),
      ),
      replaceMethod(prototype, 'moveToActive', (worker, args, original) => {
        return hold.isHeld && !isTaken(worker as Worker, args)
          ? this.#heldTake(worker as Worker, args, original)
          : this.#take(worker, args, original)
      }),
    ]
  }

  /** Whoever ends a job while the service is held is given no other. */
  watchEnding(job: object): readonly Cancel[] {
    return ['moveToCompleted', 'moveToFailed'].map((method) =>
      replaceMethod(job, method, (self, args, original) => {
        const [result, token, , ...others] = args
        return Reflect.apply(original, self, this.#listener.hold.isHeld ? [result, token, false, ...others] : args)
      }),
    )
  }

  /** 0: it is to be looked whether there is one. */
  async #heldWait(worker: Worker, args: unknown[], original: Method): Promise<unknown> {
    await this.#listener.hold.overOrAWhile()
    if (this.#listener.hold.isHeld || worker.closing !== undefined) return waitsByTaking(worker) ? undefined : 0
    return await this.#wait(worker, args, original)
  }

  #wait(worker: Worker, args: unknown[], original: Method): unknown {
    return waitsByTaking(worker) ? this.#take(worker, args, original) : Reflect.apply(original, worker, args)
  }

  /** `undefined`: there is no job. Who takes jobs by hand may go by that, so it is not said while the service is held. */
  async #heldTake(worker: Worker, args: unknown[], original: Method): Promise<unknown> {
    const { hold } = this.#listener
    do await hold.overOrAWhile()
    while (hold.isHeld && worker.processFn === undefined && !worker.closing)
    return hold.isHeld ? undefined : await this.#take(worker, args, original)
  }

  #take(worker: unknown, args: unknown[], original: Method): unknown {
    const taken = Reflect.apply(original, worker, args)
    return isPromise(taken) ? this.#listener.taking(() => taken) : taken
  }
}

/** That the job to be moved was waited for, and is taken already: up to version 4 its id is the last of (client, token, id), or of (token, id). */
function isTaken(worker: Worker, args: readonly unknown[]): boolean {
  const id = args[typeof args[0] === 'string' ? 1 : 2]
  return waitsByTaking(worker) && typeof id === 'string' && id !== ''
}

/** Up to version 4 to wait for a job is to take it. */
function waitsByTaking({ keys }: Worker): boolean {
  return keys?.marker === undefined
}
