/**
 * What relays have told their targets of an alert, as their own records say it: kept for alerts that are open, the newest few messages. Who the
 * targets are takes SCAN, a right that the users of docs/acl do not have: it shows names of keys that are none of ours.
 */
import type { Cluster, Redis } from 'ioredis'
import { laneNames } from '../../relay/lane-names.ts'
import { decodeTold } from '../../relay/told.ts'
import type { Clock } from '../../types.ts'
import { cleanText } from '../../wire/clean-text.ts'
import type { ShardNames } from '../../wire/names.ts'
import type { RedisClient } from '../../wire/redis-client.ts'
import type { Step } from '../protocol.ts'
import { Remembered } from './remembered.ts'

/** Targets seldom change, and looking for them goes through all keys. */
const TARGETS_KEPT_MS = 300_000
const MOST_TARGETS = 50
const KEYS_AT_ONCE = 1000
/** Keys that are gone through on one server: beyond, targets may be missed rather than the server be kept busy. */
const MOST_KEYS = 500_000

export class ToldTargets {
  readonly #client: RedisClient
  readonly #targets: Remembered<readonly string[]>

  constructor(client: RedisClient, clock: Clock) {
    this.#client = client
    this.#targets = new Remembered(clock, { keptMs: TARGETS_KEPT_MS, most: 1 })
  }

  /** Empty as well where this user of Redis may not see it. */
  async of(names: ShardNames, alertId: string): Promise<readonly Extract<Step, { kind: 'told' }>[]> {
    try {
      const targets = await this.#targets.get('', () => this.#find())
      const records = await Promise.all(targets.map((target) => this.#client.hget(laneNames(names, target).told, alertId)))
      return records.flatMap((record, i) =>
        (decodeTold(record)?.told ?? []).map(({ type, severity, at }) => ({
          ...{ kind: 'told' as const, at: Date.parse(at), target: cleanText(targets[i]!), type: cleanText(type), severity },
        })),
      )
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('NOPERM')) return []
      throw error
    }
  }

  async #find(): Promise<readonly string[]> {
    const nodes = this.#client.isCluster ? (this.#client as Cluster).nodes('master') : [this.#client as Redis]
    const targets = new Set<string>()
    for (const node of nodes) {
      let [cursor, seen] = ['0', 0]
      do {
        const [next, keys] = await node.scan(cursor, 'MATCH', '{health*}:relay:*:told', 'COUNT', KEYS_AT_ONCE)
        for (const key of keys) targets.add(key.slice(key.indexOf(':relay:') + ':relay:'.length, -':told'.length))
        cursor = next
        seen += KEYS_AT_ONCE
      } while (cursor !== '0' && seen < MOST_KEYS && targets.size < MOST_TARGETS)
    }
    return [...targets].toSorted().slice(0, MOST_TARGETS)
  }
}
