import type { Redis } from 'ioredis'
import type { Clock } from '../service/clock.ts'
import { judgeGeofences, type Geofence, type GeofenceEvent, type GeofenceState } from '../service/geofence.ts'
import { LISTS, type FenceEvent, type Position } from '../service/pipeline.ts'
import { commit } from '../service/transaction.ts'
import type { WorkQueue } from '../service/work-queue.ts'
import type { Fence, FenceRegistry } from './fence-registry.ts'

/** `out_of_order`: not newer than what was judged of this tracker, so it changes nothing. `late`: judged, but it was old by then. */
export type Timing = 'in_order' | 'late' | 'out_of_order'

export interface Evaluation {
  readonly timing: Timing
  readonly events: readonly (GeofenceEvent & {
    /** From the tracker's being there until it was noticed. */
    readonly latencyMs: number
  })[]
}

/** A position can't be judged, now or ever, by the fences as they are. */
export class BrokenFenceError extends Error {
  constructor(fence: string) {
    super(`the fence ${fence} has no radius`)
    this.name = 'BrokenFenceError'
  }
}

export interface EngineParts {
  readonly clock: Clock
  readonly redis: Redis
  readonly positions: WorkQueue<Position>
  readonly registry: FenceRegistry
  readonly lateAfterMs: number
  readonly dwellMs: number
}

const STATES = 'geofence:states'

/** Judges positions one by one and hands on what happened at the fences, each event once. */
export class GeofenceEngine {
  readonly #parts: EngineParts

  constructor(parts: EngineParts) {
    this.#parts = parts
  }

  /** Ends the work on a position. Rejects with BrokenFenceError, or for Redis; then nothing was handed on and the work is still open. */
  async evaluate(position: Position): Promise<Evaluation> {
    const { clock, redis, positions, registry, lateAfterMs, dwellMs } = this.#parts
    const { trackerId, at } = position
    const fences = (registry.fences ?? []).map(usable)
    const saved = await redis.hget(STATES, trackerId)
    const state: GeofenceState = saved === null ? { inside: {} } : (JSON.parse(saved) as GeofenceState)
    const now = clock.now()
    if (state.positionAt !== undefined && at <= state.positionAt) {
      await commit(positions.finish())
      return { timing: 'out_of_order', events: [] }
    }

    const judged = judgeGeofences(state, [position], fences, dwellMs)
    const transaction = positions.finish().hset(STATES, trackerId, JSON.stringify(judged.state))
    for (const { fence, transition } of judged.events) {
      const event: FenceEvent = { trackerId, fence, transition, at, enqueuedAt: now }
      transaction.rpush(LISTS.events, JSON.stringify(event))
    }
    await commit(transaction)
    return {
      timing: now - at > lateAfterMs ? 'late' : 'in_order',
      events: judged.events.map((event) => ({ ...event, latencyMs: now - at })),
    }
  }
}

function usable(fence: Fence): Geofence {
  const { radiusMetres } = fence
  if (radiusMetres === undefined) throw new BrokenFenceError(fence.id)
  return { ...fence, radiusMetres }
}
