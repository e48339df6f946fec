/** Passes the alert stream on to all targets: a lane for each target and shard, none of which waits for another. */
import { randomUUID } from 'node:crypto'
import type { Cluster, Redis } from 'ioredis'
import type { Clock } from '../types.ts'
import type { ShardNames } from '../wire/names.ts'
import { reasonOf } from '../wire/redis-connection.ts'
import { AlertmanagerLane } from './alertmanager-lane.ts'
import type { backoffMs } from './backoff.ts'
import { Census } from './census.ts'
import { Lane, type LaneTiming } from './lane.ts'
import { laneNames } from './lane-names.ts'
import { laneStore } from './lane-store.ts'
import type { Post } from './post.ts'
import { poster } from './post.ts'
import type { RelayTarget } from './relay-config.ts'
import { TargetReport, type Say, type TargetCounts } from './target-report.ts'
import { sendWebhook } from './send-webhook.ts'
import { WebhookLane } from './webhook-lane.ts'

export interface RelayOptions extends Partial<LaneTiming> {
  readonly client: Redis | Cluster
  readonly shards: readonly ShardNames[]
  readonly targets: readonly RelayTarget[]
  readonly clock: Clock
  readonly say: Say
  readonly post?: Post
  readonly wait?: typeof backoffMs
}

const POLL_MS = 500
const CLAIM_MS = 5000

export class Relay {
  readonly #lanes: readonly Lane[]
  readonly #reports: readonly TargetReport[]
  readonly #say: Say
  /** Keys of the claims whose server does not answer: of a cluster some do. */
  readonly #unanswered = new Set<string>()

  constructor({ client, shards, targets, clock, say, post = poster(clock), wait, pollMs = POLL_MS, claimMs = CLAIM_MS }: RelayOptions) {
    this.#say = say
    const owner = randomUUID()
    const census = new Census(client, shards, clock)
    const names = targets.map(({ name }) => name)
    this.#reports = targets.map(({ name }) => new TargetReport(name, say))
    this.#lanes = targets.flatMap((target, i) =>
      shards.map((shard) => {
        const store = laneStore({ client, names: shard, target: target.name, targets: names, owner, claimMs })
        const report = this.#reports[i]!
        const common = { store, clock, report, affected: census.affected.bind(census), ...(wait && { wait }) }
        return new Lane(
          { store, clock, report, pollMs, claimMs, onRedis: (error) => this.#onRedis(laneNames(shard, target.name).claim, error) },
          (lane) =>
            target.type === 'alertmanager'
              ? new AlertmanagerLane({ ...common, lane, target, post })
              : new WebhookLane({
                  ...common,
                  lane,
                  names: shard,
                  send: (delivery, signal) => sendWebhook(target, delivery, { post, clock, signal }),
                }),
        )
      }),
    )
  }

  start(): void {
    for (const lane of this.#lanes) lane.start()
  }

  /** What is under way may end within `graceMs`; the claims are given back. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.stop(graceMs)))
  }

  /** By target, since the start. */
  counts(): Readonly<Record<string, TargetCounts>> {
    return Object.fromEntries(this.#reports.map(({ name, counts }) => [name, { ...counts }]))
  }

  #onRedis(claim: string, error?: unknown): void {
    const before = this.#unanswered.size
    if (error === undefined) this.#unanswered.delete(claim)
    else this.#unanswered.add(claim)
    if (before === 0 && error !== undefined) {
      const reason = reasonOf(error)
      this.#say({ event: 'redis_down', text: `Redis does not answer, or refuses (${reason}); trying again.`, reason })
    } else if (before > 0 && this.#unanswered.size === 0) this.#say({ event: 'redis_up', text: 'Redis answers again.' })
  }
}
