/** What processes of a service that are no more have counted: a new one begins with it. */
import type { CountedBefore } from '../types.ts'
import { countedOf } from '../wire/counted.ts'
import type { ShardNames } from '../wire/names.ts'
import type { RedisClient } from '../wire/redis-client.ts'
import { COUNTED_KEPT_MS } from '../wire/scripts/history.ts'

/** Entries that are read, the newest first: a day of three instances, and some. */
const MOST_ENTRIES = 5000

export interface ReadCounted {
  readonly names: ShardNames
  readonly service: string
  /** As it is called in keys. */
  readonly instance: string
  /** Without a sign of life for longer an instance is no more. Milliseconds. */
  readonly goneAfterMs: number
  /** How long this process has lived: what one of its name has handed on since is its own. Milliseconds. */
  readonly ageMs: number
}

/**
 * Those of this instance's name are its own earlier processes. What other instances that are alive count is theirs: a fault of one of them
 * is no evidence against this one.
 */
export async function readCounted(client: RedisClient, asked: ReadCounted): Promise<readonly CountedBefore[]> {
  const { names, service, instance, goneAfterMs, ageMs } = asked
  const [time, beats] = await Promise.all([client.time(), client.zrange(names.instances(service), '0', '-1', 'WITHSCORES')])
  const now = 1000 * Number(time[0]) + Number(time[1]) / 1000
  const live = new Set<string>()
  for (let i = 0; i < beats.length; i += 2) if (now - Number(beats[i + 1]) <= goneAfterMs) live.add(beats[i]!)
  live.delete(instance)
  const from = String(Math.floor(now - COUNTED_KEPT_MS))
  const entries = await client.xrevrange(names.counted(service), '+', from, 'COUNT', MOST_ENTRIES)
  const before: CountedBefore[] = []
  for (const [id, fields] of entries) {
    const said = new Map(Array.from({ length: fields.length / 2 }, (_, i) => [fields[2 * i]!, fields[2 * i + 1]!]))
    const counted = countedOf(said.get('counted'))
    const by = said.get('instance') ?? ''
    const agoMs = Math.max(0, now - Number(id.split('-')[0]))
    const isOwn = by === instance && agoMs < ageMs
    if (counted && !live.has(by) && !isOwn) before.push({ agoMs, counted })
  }
  return before
}
