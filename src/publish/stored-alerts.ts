/** The alerts that Redis holds: those that are open, and those with the given ids, open or not. */
import { alertKey, OPEN_KEY } from '../wire/names.ts'
import type { RedisClient } from '../wire/redis-client.ts'

/** Both are `null` where there is no such alert. */
export type AlertRow = readonly [rev: string | null, document: string | null]

/** More than this are not looked at. */
const MOST_OPEN_ALERTS = 1000

/** Two round trips. */
export async function readAlerts(client: RedisClient, ids: readonly string[]): Promise<readonly AlertRow[]> {
  const read = (id: string) => client.hmget(alertKey(id), 'rev', 'doc').then(([rev = null, document = null]): AlertRow => [rev, document])
  const [open, known] = await Promise.all([client.zrange(OPEN_KEY, '0', String(MOST_OPEN_ALERTS - 1)), Promise.all(ids.map(read))])
  return [...known, ...(await Promise.all(open.filter((id) => !ids.includes(id)).map(read)))]
}
