/** A worker that makes one position of many reports. */
import type { Kind } from '../kind.ts'
import { kindOfWorker } from '../worker/kind-of-worker.ts'
import { locationAggregatorJudging } from './judging.ts'
import { LocationAggregatorHealthMonitor } from './monitor.ts'

export const locationAggregator: Kind = kindOfWorker({
  judging: locationAggregatorJudging,
  title: 'location aggregator',
  about: 'For a service that merges reports into positions; an attempt is one report, a batch one aggregation.',
  monitor: (options) => new LocationAggregatorHealthMonitor(options),
  dashboard: {
    description: 'A location aggregator: how it stands, what becomes of reports, how far behind it is, its work and queues.',
    rule: 'aggregation_lag',
    rows: async () => (await import('./dashboard.ts')).locationAggregatorRows,
  },
})
