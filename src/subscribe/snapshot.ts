/** What is known at one instant, read once. */
import { allShards } from '../wire/names.ts'
import type { HealthView } from './health-view.ts'
import { asking, serverTime, type RedisReader } from './redis-questions.ts'
import { ShardFollower } from './shard-follower.ts'
import { viewOf } from './view-of.ts'

/** Services and instances, together: it is all forgotten soon. */
const ROOM = 200_000

export interface SnapshotOptions {
  /** Over how many services are spread, HEALTH_REDIS_SHARDS. */
  readonly shards?: number | undefined
  /** This service is read first, so that it is there however many others are. */
  readonly wanted?: string | undefined
  /** What is not signed with it is not believed: HEALTH_HMAC_KEY. */
  readonly hmacKey?: string | undefined
}

/**
 * Reads everything, in pages: what one key holds, or how many there are, makes no answer large. A key that cannot be read is among the
 * `problems` of the view. Rejects if the server does not answer.
 */
export async function readSnapshot(client: RedisReader, { shards = 1, wanted, hmacKey }: SnapshotOptions = {}): Promise<HealthView> {
  const at = await serverTime(client)
  const ask = asking(client)
  const read = allShards(shards, hmacKey).map((names) => new ShardFollower(ask, names, Math.ceil(ROOM / shards), () => at))
  for (const shard of read) await shard.begin(wanted)
  return viewOf(read, at)
}
