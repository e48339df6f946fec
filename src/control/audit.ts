/** The record of what people do, `{health}:audit`, and of what became of what they asked of services, `{health}:outcomes`: a stream each in each shard. */
import { parseAnswer } from '../wire/control-request.ts'
import { toIso } from '../wire/iso-time.ts'
import type { ShardNames } from '../wire/names.ts'
import { fieldOf } from '../wire/read-requests.ts'
import type { RedisClient } from '../wire/redis-client.ts'
import type { Said } from './said.ts'

/** One entry of it. */
export type Audit = Readonly<Record<string, string>>

/** Something that was done; `at`: ISO 8601. What became of a request has the instance as its actor, and an `outcome`. */
export type AuditEntry = Audit & { readonly id: string; readonly at: string }

/** `about`: what it was done to. `host`: from where, if nobody says so. */
export function auditOf(action: string, { by, why, from }: Said, about: Audit, host: string): Audit {
  return { actor: by, from: from ?? host, action, why, ...about }
}

/** Of all shards, the newest first. */
export async function readAudit(client: RedisClient, shards: readonly ShardNames[], count: number): Promise<readonly AuditEntry[]> {
  const read = await Promise.all(
    shards.map(async (names) => {
      const [became, done] = await Promise.all(
        [names.outcomes, names.audit].map((stream) => client.xrevrange(stream, '+', '-', 'COUNT', count)),
      )
      const outcomes = became!.flatMap(([id, fields]) => outcomeIn(id, fieldOf(fields, 'd'), names.hmacKey) ?? [])
      return [...outcomes, ...done!.map(([id, fields]) => entryOf(id, pairsOf(fields)))]
    }),
  )
  // Each stream's entries are in their order: those of one millisecond keep it.
  return read
    .flat()
    .toSorted((a, b) => (a.at === b.at ? 0 : a.at < b.at ? 1 : -1))
    .slice(0, count)
}

function pairsOf(fields: readonly string[]): Audit {
  return Object.fromEntries(fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1] ?? ''] as const] : [])))
}

function entryOf(id: string, audit: Audit): AuditEntry {
  return { ...audit, id, at: toIso(Number(id.split('-')[0])) }
}

/** `undefined` for what is none, or, with a key, is not signed with it. */
export function outcomeIn(id: string, text: string | undefined, hmacKey: string | undefined): AuditEntry | undefined {
  const answer = parseAnswer(text ?? '', hmacKey)
  if (!answer) return undefined
  const { request, action, service, instance, state, reason = '' } = answer
  const about = { outcome: state, why: reason, request, service, instance }
  return entryOf(id, { actor: instance, from: service, action: action ?? 'request', ...about })
}
