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
  const sizes: QueueReading['sizes'] = {}
  const oldestDueAges: QueueReading['oldestDueAges'] = {}
  let leased: number | undefined
  await Promise.all(
    queues.map(async (queue) => {
      const { total, due, oldest } = await readQueue(client, queue, epochMs)
      if (queue.tier === 'leased') leased = total
      else if (due === undefined) sizes[queue.tier] = { due: total }
      else {
        // The commands are not one transaction: between two of them trackers may be added.
        sizes[queue.tier] = { due, scheduled: Math.max(0, total - due) }
        const age = due === 0 ? 0 : oldest && (epochMs - oldest) / 1000
        if (age !== undefined) oldestDueAges[queue.tier] = Math.max(0, age)
      }
    }),
  )
  return { sizes, oldestDueAges, leased }
}

interface QueueSizes {
  readonly total: number
  /** Unknown for a list, which keeps no time. */
  readonly due?: number
  /** Epoch milliseconds at which the longest waiting tracker became due; `undefined` if there is none or it has no such time. */
  readonly oldest?: number | undefined
}

async function readQueue(client: CommandClient, { key, type }: WatchedQueue, epochMs: number): Promise<QueueSizes> {
  if (type === 'list') return { total: Number(await client.call('LLEN', key)) }
  const [total, due, first] = await Promise.all([
    client.call('ZCARD', key),
    client.call('ZCOUNT', key, '-inf', epochMs),
    client.call('ZRANGE', key, 0, 0, 'WITHSCORES'),
  ])
  return { total: Number(total), due: Number(due), oldest: firstScore(first) }
}

/** RESP2 answers `[member, score]`, RESP3 `[[member, score]]`. A score of 0 or less, as for "at once", is no time. */
function firstScore(range: unknown): number | undefined {
  const score = Number((range as unknown[]).flat()[1])
  return score > 0 && score < Infinity ? score : undefined
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
  let cancelled = false
  const read = async (): Promise<void> => {
    if (reading) return
    reading = true
    try {
      const found = await readQueues(client, queues, clock.epochMs())
      if (!cancelled) onReading(found)
      failing = false
    } catch (error) {
      if (!failing && !cancelled) diag.warn('otel-health: queue sizes cannot be read from Redis:', (error as Error | undefined)?.message)
      failing = true
    } finally {
      reading = false
    }
  }
  void read()
  const cancel = clock.every(intervalMs, () => void read())
  return () => {
    cancelled = true
    cancel()
  }
}
