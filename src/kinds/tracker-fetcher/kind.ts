/** A worker that polls Find My for trackers from queues by tier: with an Apple account, an anisette server and geofences. */
import type { Kind } from '../kind.ts'
import type { TrackerFetcherConfig } from './config.ts'
import { TRACKER_FETCHER_CONFIG } from './config.ts'
import { ruleNamesOf } from '../rule-names.ts'
import { trackerFetcherJudging } from './judging.ts'
import { FETCH_ATTEMPTS, OUTCOME, QUEUE_SIZE, QUEUE_STATE, TIER } from './metrics.ts'
import { TrackerFetcherHealthMonitor } from './monitor.ts'
import { trackerFetcherRecorder } from './service-recorder.ts'

export const trackerFetcher: Kind<TrackerFetcherConfig> = {
  ...trackerFetcherJudging,
  ruleNames: ruleNamesOf(trackerFetcherJudging),
  title: 'tracker fetcher',
  about: 'For a service that fetches the reports of trackers from Apple.',
  config: TRACKER_FETCHER_CONFIG,
  monitor(options) {
    const monitor = new TrackerFetcherHealthMonitor(options)
    return { monitor, recorder: trackerFetcherRecorder(monitor) }
  },
  overview: {
    attempts: FETCH_ATTEMPTS,
    told: { [OUTCOME]: { not: 'unknown' } },
    succeeded: { [OUTCOME]: ['reports', 'empty'] },
    due: { metric: QUEUE_SIZE, where: { [QUEUE_STATE]: 'due' }, by: TIER },
  },
  dashboard: {
    description: 'A tracker fetcher: how it stands, what it fetches, its queues, Apple and anisette.',
    rule: 'low_fetch_rate',
    rows: async () => (await import('./dashboard.ts')).trackerFetcherRows,
  },
}
