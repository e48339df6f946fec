/** What is known at one instant, read once. */
import { allShards } from '../wire/names.ts'
import type { HealthView } from './health-view.ts'
import { asking, serverTime, type RedisReader } from './redis-questions.ts'
import { ShardFollower } from './shard-follower.ts'
import { viewOf } from './view-of.ts'

/** Services and instances, together: it is all forgotten soon. */
const ROOM = 200_000

/**
 * Reads everything, in pages: what one key holds, or how many there are, makes no answer large. A key that cannot be read is among the
 * `problems` of the view. Rejects if the server does not answer. `shards`: over how many services are spread, HEALTH_REDIS_SHARDS.
 * `wanted`: this service is read first, so that it is there however many others are.
 */
export async function readSnapshot(client: RedisReader, shards: number = 1, wanted?: string): Promise<HealthView> {
  const at = await serverTime(client)
  const ask = asking(client)
  const read = allShards(shards).map((names) => new ShardFollower(ask, names, Math.ceil(ROOM / shards), () => at))
  for (const shard of read) await shard.begin(wanted)
  return viewOf(read, at)
}
