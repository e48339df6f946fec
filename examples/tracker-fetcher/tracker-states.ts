import type { Redis } from 'ioredis'
import type { HomeTier } from './fleet.ts'
import type { GeofenceState } from '../service/geofence.ts'

/** What is remembered of a tracker between two fetches. */
export interface TrackerState {
  /** Absent for a tracker that is fetched on demand only. */
  readonly tier?: HomeTier
  /** Failed attempts in a row. */
  readonly failures: number
  /** Time of the newest report, epoch milliseconds. */
  readonly lastReportAt?: number
  readonly geofence: GeofenceState
}

const NEW_STATE: TrackerState = { failures: 0, geofence: { inside: {} } }

/** States of all trackers, in one Redis hash. */
export class TrackerStates {
  readonly #redis: Redis
  readonly #key: string

  constructor(redis: Redis, key = 'tracker:state') {
    this.#redis = redis
    this.#key = key
  }

  /** Adds trackers that are not known yet; resolves to their ids. */
  async enrol(trackers: readonly { id: string; tier: HomeTier }[]): Promise<ReadonlySet<string>> {
    const pipeline = this.#redis.pipeline()
    for (const { id, tier } of trackers) pipeline.hsetnx(this.#key, id, JSON.stringify({ ...NEW_STATE, tier }))
    const replies = (await pipeline.exec()) ?? []
    return new Set(trackers.filter((_, index) => replies[index]?.[1] === 1).map(({ id }) => id))
  }

  async load(trackerIds: readonly string[]): Promise<readonly TrackerState[]> {
    const found = await this.#redis.hmget(this.#key, ...trackerIds)
    return found.map((json) => (json ? (JSON.parse(json) as TrackerState) : NEW_STATE))
  }

  async save(states: ReadonlyMap<string, TrackerState>): Promise<void> {
    await this.#redis.hset(this.#key, new Map([...states].map(([id, state]) => [id, JSON.stringify(state)])))
  }
}
