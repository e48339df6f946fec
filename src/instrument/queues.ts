/**
 * Reads the sizes of the service's queues from Redis, in one round trip, on a connection of ours: a list's members are
 * due; a sorted set's score is the time due in epoch milliseconds; the `leased` set counts what workers hold.
 */
import { diag } from '@opentelemetry/api'

import type { QueueState, Tier } from '../catalogue.ts'
import type { Cancel, Clock } from '../types.ts'

export interface WatchedQueue {
  readonly tier: Tier | 'leased'
  readonly key: string
  readonly type: 'list' | 'zset'
}

export interface QueueReading {
  readonly sizes: Partial<Record<Tier, Partial<Record<QueueState, number>>>>
  /** Seconds since the oldest due tracker became due; 0 where nothing is due. Unknown for lists, which keep no time. */
  readonly oldestDueAges: Partial<Record<Tier, number>>
  /** Trackers held by workers, of all tiers. */
  readonly leased: number | undefined
}

/** What is needed of a Redis client; ioredis has it. */
export interface CommandClient {
  call(command: string, ...args: (string | number)[]): Promise<unknown>
}

/** Rejects if Redis does not answer. */
export async function readQueues(client: CommandClient, queues: readonly WatchedQueue[], epochMs: number): Promise<QueueReading> {
  const sizes: Record<string, Partial<Record<QueueState, number>>> = {}
  const oldestDueAges: Record<string, number> = {}
  let leased: number | undefined
  await Promise.all(
    queues.map(async ({ tier, key, type }) => {
      if (type === 'list') {
        sizes[tier] = { due: Number(await client.call('LLEN', key)) }
        return
      }
      const [total, due, first] = await Promise.all([
        client.call('ZCARD', key),
        client.call('ZCOUNT', key, '-inf', epochMs),
        client.call('ZRANGE', key, 0, 0, 'WITHSCORES'),
      ])
      if (tier === 'leased') {
        leased = Number(total)
        return
      }
      sizes[tier] = { due: Number(due), scheduled: Number(total) - Number(due) }
      oldestDueAges[tier] = Number(due) > 0 ? Math.max(0, epochMs - firstScore(first)) / 1000 : 0
    }),
  )
  return { sizes, oldestDueAges, leased }
}

/** RESP2 answers `[member, score]`, RESP3 `[[member, score]]`. */
function firstScore(range: unknown): number {
  return Number((range as unknown[]).flat()[1] ?? 0)
}

export interface QueueWatchOptions {
  readonly client: CommandClient
  readonly queues: readonly WatchedQueue[]
  readonly clock: Clock
  readonly intervalMs: number
  readonly onReading: (reading: QueueReading) => void
}

/** Reads at once and then every `intervalMs`, never twice at once. A failure is said when it begins; readings then grow stale. */
export function watchQueues({ client, queues, clock, intervalMs, onReading }: QueueWatchOptions): Cancel {
  let reading = false
  let failing = false
  const read = async (): Promise<void> => {
    if (reading) return
    reading = true
    try {
      onReading(await readQueues(client, queues, clock.epochMs()))
      failing = false
    } catch (error) {
      if (!failing) diag.warn('otel-health: queue sizes cannot be read from Redis:', (error as Error | undefined)?.message)
      failing = true
    } finally {
      reading = false
    }
  }
  void read()
  return clock.every(intervalMs, () => void read())
}
