/** What is seen of a service that knows nothing of us, as a tracker fetcher's monitor is told it. */
import type { QueueReading } from '../../instrument/queues/queue-reading.ts'
import type { ServiceRecorder } from '../../zero-code/service-recorder.ts'
import { commonRecorder } from '../common-recorder.ts'
import type { FetchBatch } from './fetch-batch.ts'
import type { QueueSize } from './fetch-recorder.ts'
import type { AccountState, Tier, Upstream } from './metrics.ts'
import { TIERS, UPSTREAMS } from './metrics.ts'
import type { TrackerFetcherHealthMonitor } from './monitor.ts'

/** A batch that threw, or that nobody can read, does not say how many trackers were in it, so it is no attempt; the calls made in it are recorded by themselves. */
export function trackerFetcherRecorder(monitor: TrackerFetcherHealthMonitor): ServiceRecorder {
  const common = commonRecorder(monitor)
  return {
    ...common,
    attempt({ success, reportsFound, events, errorType }) {
      monitor.recordFetchAttempt({
        success,
        ...(reportsFound !== undefined && { reportsFound }),
        ...(events !== undefined && { geofenceEvents: events }),
        ...(errorType !== undefined && { errorType }),
      })
    },
    batch({ success, durationMs }, result) {
      if (success === true || result !== undefined) monitor.recordBatch(result as FetchBatch, durationMs)
    },
    apiCall({ upstream, errorType, ...call }) {
      if (!(UPSTREAMS as readonly string[]).includes(upstream)) return
      monitor.recordApiCall({ upstream: upstream as Upstream, ...call, ...(errorType !== undefined && { errorType }) })
    },
    record(name, facts, result) {
      if (name === 'account') monitor.setAppleAccount(result as AccountState)
      else common.record(name, facts, result)
    },
    queues({ leased, ...tiers }) {
      const known = Object.entries(tiers).filter(([tier]) => (TIERS as readonly string[]).includes(tier)) as [Tier, QueueReading][]
      monitor.recordQueueSizes(Object.fromEntries(known.map(([tier, reading]) => [tier, sizesOf(reading)])))
      const ages = known.flatMap(([tier, { oldestAgeSeconds }]) =>
        oldestAgeSeconds === undefined ? [] : [[tier, oldestAgeSeconds] as const],
      )
      monitor.recordOldestDueAges(Object.fromEntries(ages))
      if (leased) monitor.recordLeased((leased.due ?? 0) + (leased.scheduled ?? 0) + (leased.leased ?? 0))
    },
  }
}

/** What waits in a queue that is paused on purpose is not due. */
function sizesOf({ due, scheduled, leased, paused }: QueueReading): QueueSize {
  const waiting = paused === undefined ? { due } : { due: paused ? 0 : due, paused: paused ? due : 0 }
  return {
    ...(due !== undefined && (waiting as { due: number })),
    ...(scheduled !== undefined && { scheduled }),
    ...(leased !== undefined && { leased }),
  }
}
