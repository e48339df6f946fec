import type { Redis } from 'ioredis'
import type { WorkQueue } from '../service/work-queue.ts'
import type { Notification, Receipt } from './notification.ts'

/** KEYS: pending, early receipt, in work. ARGV: id, notification. */
const AWAIT = `
redis.call('DEL', KEYS[3])
local receipt = redis.call('GETDEL', KEYS[2])
if not receipt then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
return receipt
`

/** KEYS: pending, early receipt. ARGV: id, receipt, how long to keep an early one. */
const SETTLE = `
local notification = redis.call('HGET', KEYS[1], ARGV[1])
if notification then redis.call('HDEL', KEYS[1], ARGV[1])
else redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]) end
return notification
`

/** An acceptance whose answer was lost is seen by the last repetition at the latest. */
const KEEP_EARLY_MS = 24 * 3_600_000
const PENDING = 'notification:pending'
const CURSOR = 'notification:receipts-after'

/**
 * Notifications that the gateway has accepted and not told the end of. A receipt may be there before the acceptance was seen, because the
 * answer was lost or this service crashed: it waits for it.
 */
export class PendingReceipts {
  readonly #redis: Redis
  readonly #outbox: WorkQueue<Notification>

  constructor(redis: Redis, outbox: WorkQueue<Notification>) {
    this.#redis = redis
    this.#outbox = outbox
  }

  /** Ends the work on a notification that was accepted. Resolves to its receipt if that is here already. */
  async await(notification: Notification): Promise<Receipt | undefined> {
    const { id } = notification
    const keys = [PENDING, early(id), this.#outbox.inWork]
    const receipt = (await this.#redis.eval(AWAIT, 3, ...keys, id, JSON.stringify(notification))) as string | null
    return receipt === null ? undefined : (JSON.parse(receipt) as Receipt)
  }

  /** Resolves to the notification that waited for this receipt, once. */
  async settle(receipt: Receipt): Promise<Notification | undefined> {
    const { id } = receipt
    const args = [id, JSON.stringify(receipt), KEEP_EARLY_MS]
    const notification = (await this.#redis.eval(SETTLE, 2, PENDING, early(id), ...args)) as string | null
    return notification === null ? undefined : (JSON.parse(notification) as Notification)
  }

  /** Up to where the gateway's receipts are settled. */
  async after(): Promise<number> {
    return Number((await this.#redis.get(CURSOR)) ?? 0)
  }

  async settledUpTo(after: number): Promise<void> {
    await this.#redis.set(CURSOR, after)
  }
}

function early(id: string): string {
  return `notification:early-receipt:${id}`
}
