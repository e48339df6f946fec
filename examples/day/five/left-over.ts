import type { Redis } from 'ioredis'
import { LISTS } from '../../service/pipeline.ts'

/** What nobody has finished, and what was given up: items by where they lie. */
export interface LeftOver {
  readonly reports: number
  readonly positions: number
  readonly placeRequests: number
  readonly events: number
  readonly outbox: number
  readonly retry: number
  readonly pending: number
  readonly dead: number
}

export async function leftOver(redis: Redis): Promise<LeftOver> {
  const inAll = async (key: string): Promise<number> => (await redis.llen(key)) + (await redis.llen(`${key}:in-work:1`))
  return {
    reports: await inAll(LISTS.reports),
    positions: await inAll(LISTS.positions),
    placeRequests: await inAll(LISTS.placeRequests),
    events: await inAll(LISTS.events),
    outbox: await inAll('notification:outbox'),
    retry: await redis.zcard('notification:retry'),
    pending: await redis.hlen('notification:pending'),
    dead: await redis.llen('notification:dead'),
  }
}
