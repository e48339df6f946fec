/** How many services there are, and how many of them have open alerts: asked of Redis now and then, not with every message. */
import { isOpen } from '../judge/alert.ts'
import type { Cluster, Redis } from 'ioredis'
import type { Clock } from '../types.ts'
import type { AlertMessage } from '../wire/alert-message.ts'
import type { ShardNames } from '../wire/names.ts'
import { type Affected } from './delivery.ts'
import { readAlerts, readOpenIds } from './lane-store.ts'

const FRESH_MS = 2000

interface Counted {
  readonly known: number
  readonly affected: ReadonlySet<string>
}

export class Census {
  readonly #client: Redis | Cluster
  readonly #shards: readonly ShardNames[]
  readonly #clock: Clock
  #counted: Promise<Counted> | undefined
  #askedAt = -Infinity

  constructor(client: Redis | Cluster, shards: readonly ShardNames[], clock: Clock) {
    this.#client = client
    this.#shards = shards
    this.#clock = clock
  }

  /** As of at most 2 s ago; the service of `message` counts as the message says. Rejects where Redis does not answer. */
  async affected(message?: AlertMessage): Promise<Affected> {
    const now = this.#clock.monotonicMs()
    if (!this.#counted || now - this.#askedAt > FRESH_MS) {
      this.#askedAt = now
      this.#counted = this.#count()
      this.#counted.catch(() => (this.#counted = undefined))
    }
    const { known, affected } = await this.#counted
    const extra = message && isOpen(message) && !affected.has(message.service) ? 1 : 0
    return { affected: affected.size + extra, known: Math.max(known, affected.size + extra) }
  }

  async #count(): Promise<Counted> {
    const each = await Promise.all(
      this.#shards.map(async (names) => {
        const [known, ids] = await Promise.all([this.#client.zcard(names.services), readOpenIds(this.#client, names)])
        const alerts = await readAlerts(this.#client, names, ids)
        return { known, services: Array.from(alerts.values(), ({ service }) => service) }
      }),
    )
    return {
      known: each.reduce((sum, { known }) => sum + known, 0),
      affected: new Set(each.flatMap(({ services }) => services)),
    }
  }
}
