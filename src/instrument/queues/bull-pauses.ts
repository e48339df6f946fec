/**
 * Pauses queues of Bull in this process, as `queue.pause(true)` does, while the service is held: without an end to the wait that is under way,
 * which may bring one more job. What the service pauses or lets go on meanwhile is noted, and holds when the hold is over.
 */
import type { Cancel } from '../../types.ts'
import { noticeCalls } from '../calls/replace-method.ts'
import { WeakList } from '../calls/weak-list.ts'
import type { LibraryListener } from './queue-library.ts'

/** As Bull keeps its local pause: `paused` is waited for before a job is taken, `resumeLocal` ends it. */
interface Queue {
  paused?: Promise<void> | null
  resumeLocal?: (() => void) | undefined
}

export class BullPauses {
  readonly #hold: LibraryListener['hold']
  readonly #queues = new WeakList()
  readonly #known = new WeakSet<object>()
  readonly #pausedByService = new WeakSet<object>()
  /** What lets each queue go on that is held. */
  readonly #held = new Map<Queue, () => void>()

  constructor({ hold }: Pick<LibraryListener, 'hold'>) {
    this.#hold = hold
  }

  watch(prototype: object): readonly Cancel[] {
    return [
      this.#hold.onChange((isHeld) => (isHeld ? this.#holdAll() : this.#releaseAll())),
      noticeCalls(prototype, 'pause', (queue, [isLocal]) => isLocal && this.#pausedByService.add(queue as object)),
      noticeCalls(prototype, 'resume', (queue, [isLocal]) => isLocal && this.#pausedByService.delete(queue as object)),
    ]
  }

  /** It takes jobs from now on, unless the service is held. */
  begin(queue: object): void {
    if (this.#known.has(queue)) return
    this.#known.add(queue)
    this.#queues.add(queue)
    if (this.#hold.isHeld) this.#holdOne(queue)
  }

  #holdAll(): void {
    for (const queue of this.#queues) this.#holdOne(queue)
  }

  #holdOne(queue: Queue): void {
    if (this.#held.has(queue)) return
    const { resumeLocal } = queue
    // The end of the service's own pause is kept from it until the hold is over.
    queue.resumeLocal = undefined
    if (queue.paused) {
      this.#held.set(queue, () => resumeLocal?.call(queue))
      return
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    queue.paused = promise
    this.#held.set(queue, () => {
      queue.paused = null
      resolve()
    })
  }

  #releaseAll(): void {
    for (const [queue, goOn] of this.#held) {
      if (this.#pausedByService.has(queue)) queue.resumeLocal = goOn
      else goOn()
    }
    this.#held.clear()
  }
}
