import type { Redis } from 'ioredis'
import { count } from '../service/call-counts.ts'
import type { Clock } from '../service/clock.ts'
import { commit } from '../service/transaction.ts'
import type { WorkQueue } from '../service/work-queue.ts'
import type { Notification } from './notification.ts'

export interface RetrySettings {
  /** Before the first repetition; twice as long before each further one. */
  readonly baseMs: number
  readonly capMs: number
}

export const OUTBOX = 'notification:outbox'
const RETRY = 'notification:retry'

/** Released in one step, at most. */
const LIMIT = 100

/** KEYS: retry, outbox. ARGV: now. */
const RELEASE = `
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ${LIMIT})
for _, notification in ipairs(due) do
  redis.call('ZREM', KEYS[1], notification)
  redis.call('RPUSH', KEYS[2], notification)
end
return #due
`

/** Notifications that wait before they are sent again: a sorted set by due time. */
export class RetryQueue {
  readonly #redis: Redis
  readonly #clock: Clock
  readonly #random: () => number
  readonly #outbox: WorkQueue<Notification>
  readonly #settings: RetrySettings
  readonly #scheduled: Record<string, number> = {}

  constructor(options: { redis: Redis; clock: Clock; random: () => number; outbox: WorkQueue<Notification>; settings: RetrySettings }) {
    this.#redis = options.redis
    this.#clock = options.clock
    this.#random = options.random
    this.#outbox = options.outbox
    this.#settings = options.settings
  }

  /** Repetitions that were scheduled, by reason. */
  scheduled(): Readonly<Record<string, number>> {
    return this.#scheduled
  }

  /** Ends the work on a notification that could not be sent, for `reason`, until it is due again. */
  async schedule(notification: Notification, reason: string): Promise<void> {
    const { baseMs, capMs } = this.#settings
    const { retries } = notification
    // Spread by half, so that what failed together does not come back together.
    const delay = Math.min(capMs, baseMs * 2 ** retries) * (0.75 + 0.5 * this.#random())
    const again = JSON.stringify({ ...notification, retries: retries + 1 })
    await commit(this.#outbox.finish().zadd(RETRY, Math.round(this.#clock.now() + delay), again))
    count(this.#scheduled, reason)
  }

  /** Puts what is due behind what is to be sent. True if there may be more. */
  async release(): Promise<boolean> {
    const released = await this.#redis.eval(RELEASE, 2, RETRY, OUTBOX, Math.round(this.#clock.now()))
    return released === LIMIT
  }
}
