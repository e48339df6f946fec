import type { ChainableCommander, Redis } from 'ioredis'
import type { Position, Report } from '../service/pipeline.ts'
import { secondOf, type Known } from './merge-reports.ts'

/** Reports are seven days old at most; a day more, because the clocks are not the same. */
const RETENTION_MS = 8 * 24 * 3_600_000

/** What was merged so far: the newest position of each tracker, and one sorted set of seconds per tracker. */
export class MergedPositions {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async known(reports: readonly Report[]): Promise<Known> {
    const trackers = Map.groupBy(reports, ({ trackerId }) => trackerId)
    const pipeline = this.#redis.pipeline().hmget(NEWEST, ...trackers.keys())
    for (const [trackerId, list] of trackers) pipeline.zmscore(secondsKey(trackerId), ...list.map(secondOf))
    const [found, ...scores] = ((await pipeline.exec()) ?? []).map(([error, value]) => {
      if (error) throw error
      return value as (string | null)[]
    })
    const merged = new Set([...trackers.values()].flatMap((list, index) => list.filter((_, i) => scores[index]![i] !== null)))
    const newest = found!.flatMap((json) => (json === null ? [] : [JSON.parse(json) as Position]))
    return { newest: new Map(newest.map((position) => [position.trackerId, position])), merged: (report) => merged.has(report) }
  }

  add(transaction: ChainableCommander, positions: readonly Position[], newest: ReadonlyMap<string, Position>, now: number): void {
    for (const [trackerId, list] of Map.groupBy(positions, (position) => position.trackerId)) {
      const key = secondsKey(trackerId)
      transaction.zadd(key, ...list.flatMap((position) => [secondOf(position), String(secondOf(position))]))
      transaction.zremrangebyscore(key, '-inf', (now - RETENTION_MS) / 1_000)
      transaction.pexpire(key, RETENTION_MS)
    }
    if (newest.size > 0) transaction.hset(NEWEST, new Map([...newest].map(([id, position]) => [id, JSON.stringify(position)])))
  }
}

const NEWEST = 'location:newest'

function secondsKey(trackerId: string): string {
  return `location:merged:${trackerId}`
}
