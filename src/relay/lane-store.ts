/** What a lane keeps in Redis, and what it reads there. Every method rejects where Redis does not answer. */
import type { Cluster, Redis } from 'ioredis'
import { parseAlertDocument } from '../wire/alert-document.ts'
import type { AlertView } from '../wire/alert-view.ts'
import type { ShardNames } from '../wire/names.ts'
import { MAX_MESSAGE_BYTES } from '../wire/sizes.ts'
import { laneNames } from './lane-names.ts'
import { ADVANCE, CLAIM, READ, RELEASE } from './lane-scripts.ts'
import { readOnlyScript } from './read-only-script.ts'
import { isStreamId, type StreamEnds } from './stream-id.ts'
import { decodeTold, type ToldElsewhere, type ToldRecord } from './told.ts'

export interface Position {
  /** The last entry that is done with. */
  readonly cursor: string
  /** Of the stream it is of; '' while nothing was ever written. */
  readonly epoch: string
}

export interface StreamEntry {
  readonly id: string
  /** '' for what is no message of ours. */
  readonly text: string
}

export interface Pulled extends StreamEnds {
  readonly epoch: string
  /** `undefined` where the target has never been passed anything. */
  readonly stored: Position | undefined
  readonly entries: readonly StreamEntry[]
}

export interface LaneStore {
  /** Claims, or goes on claiming. `undefined`: another has the claim. */
  pull(after: string | undefined, count: number): Promise<Pulled | undefined>
  /** `false`: the claim is another's, and nothing was changed. A record of `undefined` is taken away. */
  advance(position: Position, records: ReadonlyMap<string, ToldRecord | undefined>): Promise<boolean>
  release(): Promise<void>
  records(): Promise<ReadonlyMap<string, ToldRecord>>
  /** By alert. */
  toldElsewhere(alertIds: readonly string[]): Promise<ReadonlyMap<string, readonly ToldElsewhere[]>>
  openIds(): Promise<readonly string[]>
  /** Those that are there and can be read. */
  alerts(ids: readonly string[]): Promise<ReadonlyMap<string, AlertView>>
}

/** Open alerts of a shard that are looked at, the oldest first. */
const MOST_OPEN = 10_000
const AT_ONCE = 256

interface Commands {
  relayClaim(...args: readonly string[]): Promise<readonly [held: number, cursor: string, epoch: string]>
  relayAdvance(...args: readonly string[]): Promise<number>
  relayRelease(...args: readonly string[]): Promise<number>
}
type Client = (Redis | Cluster) & Commands

export interface LaneStoreOptions {
  readonly client: Redis | Cluster
  readonly names: ShardNames
  readonly target: string
  /** Names of all targets, this one too. */
  readonly targets: readonly string[]
  /** Random, of this process. */
  readonly owner: string
  /** A claim that is not renewed for so long is free. */
  readonly claimMs: number
}

export function laneStore({ client: given, names, target, targets, owner, claimMs }: LaneStoreOptions): LaneStore {
  for (const [name, script] of Object.entries({ relayClaim: CLAIM, relayAdvance: ADVANCE, relayRelease: RELEASE })) {
    if (!(name in given)) given.defineCommand(name, script)
  }
  const client = given as Client
  const read = readOnlyScript(client, READ)
  const keys = laneNames(names, target)
  return {
    async pull(after, count) {
      const [held, cursor, epoch] = await client.relayClaim(keys.claim, keys.position, owner, String(claimMs))
      if (held !== 1) return undefined
      const stored = isStreamId(cursor) ? { cursor, epoch } : undefined
      return toPulled(stored, await read(names.alerts, names.meta, after ?? stored?.cursor ?? '', String(count)))
    },
    async advance({ cursor, epoch }, records) {
      const changes = [...records].flatMap(([id, record]) => [id, record === undefined ? '' : JSON.stringify(record)])
      return (await client.relayAdvance(keys.claim, keys.position, keys.told, owner, String(claimMs), cursor, epoch, ...changes)) === 1
    },
    async release() {
      await client.relayRelease(keys.claim, owner)
    },
    async records() {
      const all = Object.entries(await client.hgetall(keys.told))
      return new Map(
        all.flatMap(([id, json]) => {
          const record = decodeTold(json)
          return record ? [[id, record] as const] : []
        }),
      )
    },
    async toldElsewhere(ids) {
      const others = targets.filter((name) => name !== target)
      if (ids.length === 0 || others.length === 0) return new Map()
      const replies = await Promise.all(others.map((name) => client.hmget(laneNames(names, name).told, ...ids)))
      return new Map(
        ids.map((id, i) => {
          const told = others.flatMap((name, j) => {
            const record = decodeTold(replies[j]?.[i])
            return record ? [{ target: name, told: record.told }] : []
          })
          return [id, told]
        }),
      )
    },
    openIds: () => readOpenIds(client, names),
    alerts: (ids) => readAlerts(client, names, ids),
  }
}

function toPulled(stored: Position | undefined, reply: unknown): Pulled {
  const [epoch, seq, oldest, newest, entries] = reply as [string, string, string, string, readonly (readonly [string, string])[]]
  return { epoch, seq: Number(seq), oldest, newest, stored, entries: entries.map(([id, text]) => ({ id, text })) }
}

export function readOpenIds(client: Redis | Cluster, names: ShardNames): Promise<string[]> {
  return client.zrange(names.open, '0', String(MOST_OPEN - 1))
}

/** The length of a document is asked for before the document is. */
export async function readAlerts(
  client: Redis | Cluster,
  names: ShardNames,
  ids: readonly string[],
): Promise<ReadonlyMap<string, AlertView>> {
  const alerts = new Map<string, AlertView>()
  for (let i = 0; i < ids.length; i += AT_ONCE) {
    const some = ids.slice(i, i + AT_ONCE)
    // oxlint-disable-next-line no-await-in-loop
    const lengths = await Promise.all(some.map((id) => client.hstrlen(names.alert(id), 'doc')))
    const fitting = some.filter((_id, j) => lengths[j]! > 0 && lengths[j]! <= MAX_MESSAGE_BYTES)
    // oxlint-disable-next-line no-await-in-loop
    const replies = await Promise.all(fitting.map((id) => client.hmget(names.alert(id), 'rev', 'doc')))
    for (const [j, [rev, document]] of replies.entries()) {
      const alert = parseAlertDocument(rev, document, names.hmacKey)
      if (alert?.alert_id === fitting[j]) alerts.set(alert!.alert_id, alert!)
    }
  }
  return alerts
}
