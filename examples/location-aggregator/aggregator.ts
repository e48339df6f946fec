import type { Clock } from '../service/clock.ts'
import { LISTS, type Report } from '../service/pipeline.ts'
import { commit } from '../service/transaction.ts'
import type { WorkQueue } from '../service/work-queue.ts'
import type { LocationStore } from './location-store.ts'
import { mergeReports, type Plausibility } from './merge-reports.ts'
import type { MergedPositions } from './merged-positions.ts'

/** What became of a batch: received = merged + duplicates + implausible. */
export interface Aggregation {
  readonly received: number
  readonly merged: number
  readonly duplicates: number
  readonly implausible: number
  /** How long ago the newest report of the batch was fetched. */
  readonly lagMs: number
}

export interface AggregatorParts {
  readonly clock: Clock
  readonly reports: WorkQueue<Report>
  readonly merged: MergedPositions
  readonly store: LocationStore
  readonly plausibility: Plausibility
}

/** Makes positions of reports: one for a tracker and a second, none that can't be true, each stored and handed on once. */
export class Aggregator {
  readonly #parts: AggregatorParts

  constructor(parts: AggregatorParts) {
    this.#parts = parts
  }

  /** Ends the work on a batch. Rejects if the store or Redis failed; then nothing was handed on and the batch may be tried again. */
  async processBatch(reports: readonly Report[]): Promise<Aggregation> {
    const { clock, merged, store, plausibility } = this.#parts
    const merge = mergeReports(reports, await merged.known(reports), clock.now(), plausibility)
    if (merge.positions.length > 0) await store.add(merge.positions)

    const now = clock.now()
    const transaction = this.#parts.reports.finish()
    merged.add(transaction, merge.positions, merge.newest, now)
    if (merge.positions.length > 0) transaction.rpush(LISTS.positions, ...merge.positions.map((each) => JSON.stringify(each)))
    if (merge.placeRequests.length > 0) transaction.rpush(LISTS.placeRequests, ...merge.placeRequests.map((each) => JSON.stringify(each)))
    await commit(transaction)

    const { positions, duplicates, implausible } = merge
    const fetchedAt = Math.max(...reports.map((report) => report.fetchedAt))
    return { received: reports.length, merged: positions.length, duplicates, implausible, lagMs: now - fetchedAt }
  }
}
