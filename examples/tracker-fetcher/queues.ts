import type { Redis } from 'ioredis'
import type { HomeTier } from './fleet.ts'
import { LEASE, RELEASE, SETTLE } from './queue-scripts.ts'

export type Tier = 'immediate' | HomeTier | 'retry'

export interface Lease {
  readonly token: string
  readonly tier: Tier
  readonly trackerIds: readonly string[]
}

/** Where a tracker goes after its batch; without a tier it is not scheduled again. */
export interface Placement {
  readonly trackerId: string
  readonly tier: HomeTier | 'retry' | undefined
  /** Epoch milliseconds. */
  readonly dueAt: number
}

const NAMES = ['immediate', 'hot', 'warm', 'cold', 'retry', 'leased', 'leases'] as const

/**
 * The schedule of all trackers in Redis, shared by all instances. `<prefix>:immediate` is a list (somebody waits for the answer);
 * `hot`, `warm`, `cold` and `retry` are sorted sets by due time, so they hold the whole fleet, due or not; `leased` is a sorted set by
 * lease expiry. A tracker is in exactly one of them, except that `immediate` may name one that is elsewhere too. Times are epoch milliseconds.
 */
export class TrackerQueues {
  readonly #redis: Redis
  readonly #keys: readonly string[]

  constructor(redis: Redis, prefix = 'tracker:queue') {
    this.#redis = redis
    this.#keys = NAMES.map((name) => `${prefix}:${name}`)
  }

  /**
   * Leases up to `limit` due trackers of one tier until `expiresAt`: immediate ones first, else of the tier whose oldest has waited
   * longest. If none is due, tells when the next will be (Infinity: the queues are empty). Expired leases of anybody become due again.
   */
  async lease(now: number, limit: number, expiresAt: number, token: string): Promise<Lease | { readonly nextDueAt: number }> {
    const [tier, ...rest] = (await this.#run(LEASE, [now, limit, expiresAt, token])) as string[]
    if (!tier) return { nextDueAt: rest[0] ? Number(rest[0]) : Infinity }
    return { token, tier: tier as Tier, trackerIds: rest.filter((_, index) => index % 2 === 0) }
  }

  /** Ends the lease and schedules the trackers again. Resolves to how many leases were still ours. */
  async settle(token: string, placements: readonly Placement[]): Promise<number> {
    const triples = placements.flatMap(({ trackerId, tier, dueAt }) => [trackerId, tier ?? '', Math.round(dueAt)])
    return Number(await this.#run(SETTLE, [token, ...triples]))
  }

  /** Ends the lease as if it had never been: the trackers are as due as before. */
  async release(lease: Lease): Promise<void> {
    await this.#run(RELEASE, [lease.token, ...lease.trackerIds])
  }

  /** Schedules a tracker; one that is scheduled in this tier keeps its time. */
  async schedule(placements: readonly { trackerId: string; tier: HomeTier; dueAt: number }[]): Promise<void> {
    const pipeline = this.#redis.pipeline()
    for (const { trackerId, tier, dueAt } of placements) pipeline.zadd(this.#key(tier), 'NX', Math.round(dueAt), trackerId)
    await pipeline.exec()
  }

  /** Somebody pressed "refresh": these come next, whatever their schedule or their failures. */
  async refreshNow(trackerIds: readonly string[]): Promise<void> {
    if (trackerIds.length > 0) await this.#redis.lpush(this.#key('immediate'), ...trackerIds)
  }

  #key(name: (typeof NAMES)[number]): string {
    return this.#keys[NAMES.indexOf(name)]!
  }

  async #run(script: string, args: readonly (string | number)[]): Promise<unknown> {
    return await this.#redis.eval(script, this.#keys.length, ...this.#keys, ...args)
  }
}
