import { count, type CallCounts } from '../service/call-counts.ts'
import type { Environment } from '../service/environment.ts'
import type { GeofenceTransition } from '../service/geofence.ts'
import { Loops } from '../service/loops.ts'
import { LISTS, type Position } from '../service/pipeline.ts'
import type { Service } from '../service/service.ts'
import { commit } from '../service/transaction.ts'
import { WorkQueue } from '../service/work-queue.ts'
import type { Config } from './config.ts'
import { FenceRegistry } from './fence-registry.ts'
import { BrokenFenceError, GeofenceEngine, type Timing } from './geofence-engine.ts'

export interface GeofenceCounts {
  /** Positions by when they came. */
  readonly evaluated: Readonly<Record<Timing, number>>
  /** Positions that were dropped because a fence is broken. */
  readonly failed: number
  readonly events: Readonly<Record<GeofenceTransition, number>>
  readonly fenceCalls: CallCounts
}

export interface RealtimeGeofence extends Service {
  counts(): GeofenceCounts
}

/** Puts the service together from its configuration and the world it lives in. */
export function createRealtimeGeofence(config: Config, { clock, fetch, redis, log }: Environment): RealtimeGeofence {
  const loops = new Loops({ clock, log, drainMs: config.drainMs })
  const registry = new FenceRegistry({ fetch, clock, giveUp: loops.giveUp }, config.fencesUrl, config.fencesTimeoutMs)
  const positions = new WorkQueue<Position>(redis, LISTS.positions, config.instance)
  const { lateAfterMs, dwellMs } = config
  const engine = new GeofenceEngine({ clock, redis, positions, registry, lateAfterMs, dwellMs })
  const evaluated = { in_order: 0, late: 0, out_of_order: 0 }
  const events = { enter: 0, exit: 0, dwell: 0 }
  let failed = 0

  const evaluate = async (position: Position): Promise<void> => {
    try {
      const evaluation = await engine.evaluate(position)
      count(evaluated, evaluation.timing)
      for (const { transition } of evaluation.events) count(events, transition)
    } catch (error) {
      if (!(error instanceof BrokenFenceError)) throw error
      log('evaluate', { tracker: position.trackerId, error: error.message })
      await commit(positions.finish())
      failed++
    }
  }

  return {
    async start() {
      const { fencesEveryMs, idlePollMs, outagePauseMs } = config
      loops.repeat('fences', { idleMs: fencesEveryMs, failedMs: Math.min(fencesEveryMs, outagePauseMs) }, async () => {
        await registry.refresh()
        return false
      })
      loops.repeat('evaluate', { idleMs: idlePollMs, failedMs: outagePauseMs }, async () => {
        // Without fences every position would be outside.
        if (!registry.fences) return false
        return await positions.work(1, async ([position]) => evaluate(position!))
      })
    },
    drain: () => loops.end(),
    counts: () => structuredClone({ evaluated, failed, events, fenceCalls: registry.calls() }),
  }
}
