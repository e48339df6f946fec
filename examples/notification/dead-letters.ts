import type { WorkQueue } from '../service/work-queue.ts'
import { commit } from '../service/transaction.ts'
import type { Notification } from './notification.ts'

/** Notifications that were given up, for a person to look at. */
export class DeadLetters {
  readonly #outbox: WorkQueue<Notification>

  constructor(outbox: WorkQueue<Notification>) {
    this.#outbox = outbox
  }

  /** Ends the work on a notification for good. */
  async add(notification: Notification, reason: string): Promise<void> {
    await commit(this.#outbox.finish().rpush('notification:dead', JSON.stringify({ ...notification, reason })))
  }
}
