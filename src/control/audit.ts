/** The record of what people do: `{health}:audit`, one stream in each shard. */
import { cleanText } from '../wire/clean-text.ts'
import type { ShardNames } from '../wire/names.ts'
import type { RedisClient } from '../wire/redis-client.ts'
import type { Said } from './said.ts'

/** One entry of it. */
export type Audit = Readonly<Record<string, string>>

/** Something that was done; `at`: ISO 8601. */
export type AuditEntry = Audit & { readonly id: string; readonly at: string }

/** `about`: what it was done to. `host`: from where, if nobody says so. */
export function auditOf(action: string, { by, why, from }: Said, about: Audit, host: string): Audit {
  return { actor: by, from: from ?? cleanText(host), action, why, ...about }
}

/** Of all shards, the newest first. */
export async function readAudit(client: RedisClient, shards: readonly ShardNames[], count: number): Promise<readonly AuditEntry[]> {
  const read = await Promise.all(shards.map(({ audit }) => client.xrevrange(audit, '+', '-', 'COUNT', count)))
  const entries = read.flat().map(([id, fields]): AuditEntry => {
    const pairs = fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1] ?? ''] as const] : []))
    return { ...Object.fromEntries(pairs), id, at: new Date(Number(id.split('-')[0])).toISOString() }
  })
  // Each shard's entries are in their order: those of one millisecond keep it.
  return entries.toSorted((a, b) => (a.at === b.at ? 0 : a.at < b.at ? 1 : -1)).slice(0, count)
}
