import type { Clock } from '../service/clock.ts'
import { commit } from '../service/transaction.ts'
import { upstreamError } from '../service/upstream-error.ts'
import type { WorkQueue } from '../service/work-queue.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { Gateway } from './gateway.ts'
import type { Delivery, Notification, Receipt } from './notification.ts'
import type { PendingReceipts } from './pending-receipts.ts'
import type { RetryQueue } from './retry-queue.ts'

export interface NotifierParts {
  readonly clock: Clock
  readonly gateway: Gateway
  readonly outbox: WorkQueue<Notification>
  readonly retries: RetryQueue
  readonly dead: DeadLetters
  readonly pending: PendingReceipts
  readonly retryMax: number
}

/** Sends notifications. Each ends in exactly one Delivery, whatever the gateway does. */
export class Notifier {
  readonly #parts: NotifierParts

  constructor(parts: NotifierParts) {
    this.#parts = parts
  }

  /** Ends the work on a notification. Resolves to undefined if it goes on: it waits for its receipt, or to be sent again. */
  async send(notification: Notification): Promise<Delivery | undefined> {
    const { gateway, outbox, pending } = this.#parts
    try {
      await gateway.accept(notification)
    } catch (error) {
      return await this.#refused(notification, upstreamError(error).code)
    }
    if (notification.channel !== 'push') {
      const receipt = await pending.await(notification)
      return receipt && this.#delivery(notification, receipt)
    }
    await commit(outbox.finish())
    return this.#delivery(notification, { outcome: 'sent' })
  }

  /** Resolves to undefined if nothing waits for this receipt, or not yet. */
  async settle(receipt: Receipt): Promise<Delivery | undefined> {
    const notification = await this.#parts.pending.settle(receipt)
    return notification && this.#delivery(notification, receipt)
  }

  async #refused(notification: Notification, reason: string): Promise<Delivery | undefined> {
    const { retries, dead, retryMax } = this.#parts
    if (notification.retries < retryMax) {
      await retries.schedule(notification, reason)
      return undefined
    }
    await dead.add(notification, reason)
    return this.#delivery(notification, { outcome: 'failed', reason })
  }

  #delivery({ channel, enqueuedAt, retries }: Notification, { outcome, reason }: Pick<Delivery, 'outcome' | 'reason'>): Delivery {
    const latencyMs = this.#parts.clock.now() - enqueuedAt
    return { channel, outcome, ...(reason !== undefined && { reason }), latencyMs, retries }
  }
}
