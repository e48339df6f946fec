import type { CallCounts } from '../service/call-counts.ts'
import type { Environment } from '../service/environment.ts'
import { Loops } from '../service/loops.ts'
import { LISTS, type Report } from '../service/pipeline.ts'
import type { Service } from '../service/service.ts'
import { WorkQueue } from '../service/work-queue.ts'
import { Aggregator } from './aggregator.ts'
import type { Config } from './config.ts'
import { LocationStore } from './location-store.ts'
import { MergedPositions } from './merged-positions.ts'

export interface AggregatorCounts {
  readonly batches: number
  /** Batches that went back to the queue, each time. Their reports are in no other count. */
  readonly failedBatches: number
  readonly received: number
  readonly merged: number
  readonly duplicates: number
  readonly implausible: number
  readonly storeCalls: CallCounts
}

export interface LocationAggregator extends Service {
  counts(): AggregatorCounts
}

/** Puts the service together from its configuration and the world it lives in. */
export function createLocationAggregator(config: Config, { clock, fetch, redis, log }: Environment): LocationAggregator {
  const loops = new Loops({ clock, log, drainMs: config.drainMs })
  const store = new LocationStore({ fetch, clock, giveUp: loops.giveUp }, config.storeUrl, config.storeTimeoutMs)
  const reports = new WorkQueue<Report>(redis, LISTS.reports, config.instance)
  const merged = new MergedPositions(redis)
  const aggregator = new Aggregator({ clock, reports, merged, store, plausibility: config.plausibility })
  const counts = { batches: 0, failedBatches: 0, received: 0, merged: 0, duplicates: 0, implausible: 0 }

  const aggregate = async (batch: readonly Report[]): Promise<void> => {
    try {
      const aggregation = await aggregator.processBatch(batch)
      counts.batches++
      for (const key of ['received', 'merged', 'duplicates', 'implausible'] as const) counts[key] += aggregation[key]
    } catch (error) {
      counts.failedBatches++
      throw error
    }
  }

  return {
    async start() {
      const pauses = { idleMs: config.idlePollMs, failedMs: config.outagePauseMs }
      loops.repeat('aggregate', pauses, () => reports.work(config.batchSize, aggregate))
    },
    drain: () => loops.end(),
    counts: () => structuredClone({ ...counts, storeCalls: store.calls() }),
  }
}
