/** The channels of the health Redis, heard as bytes: what is too large is not even made a text. */
import type { Redis } from 'ioredis'
import { METRICS_CHANNELS, STATUS_CHANNELS, type ShardNames } from '../wire/names.ts'
import type { RedisReader } from './redis-questions.ts'

export type Hear = (channel: string, text: Buffer) => void

/** ioredis would do so again by itself after a lost connection, and leave it to the process to fail of what comes of it. */
export async function subscribeTo(subscriber: RedisReader, shards: readonly ShardNames[]): Promise<void> {
  if (!subscriber.isCluster) (subscriber as Redis).options.autoResubscribe = false
  const [first] = shards
  if (first && !first.sharded) {
    await Promise.all([subscriber.subscribe(first.alertsChannel), subscriber.psubscribe(STATUS_CHANNELS, METRICS_CHANNELS)])
    return
  }
  // Those of one shard at a time: they are of one slot.
  await Promise.all(shards.map((names) => subscriber.ssubscribe(...channelsOf(names))))
}

export async function unsubscribeFrom(subscriber: RedisReader, shards: readonly ShardNames[]): Promise<void> {
  const [first] = shards
  if (first && !first.sharded) {
    await Promise.all([subscriber.unsubscribe(first.alertsChannel), subscriber.punsubscribe(STATUS_CHANNELS, METRICS_CHANNELS)])
    return
  }
  await Promise.all(shards.map((names) => subscriber.sunsubscribe(...channelsOf(names))))
}

/** Returns what ends it. */
export function hearChannels(subscriber: RedisReader, hear: Hear): () => void {
  const onMessage = (channel: Buffer, text: Buffer) => hear(String(channel), text)
  const onPattern = (_pattern: unknown, channel: Buffer, text: Buffer) => hear(String(channel), text)
  subscriber.on('messageBuffer', onMessage).on('smessageBuffer', onMessage).on('pmessageBuffer', onPattern)
  return () => void subscriber.off('messageBuffer', onMessage).off('smessageBuffer', onMessage).off('pmessageBuffer', onPattern)
}

/** Of a sharded channel; their names do not say the service. */
export function channelsOf(names: ShardNames): readonly string[] {
  return [names.alertsChannel, names.statusChannel(''), names.metricsChannel('')]
}
