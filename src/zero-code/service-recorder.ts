/** What watching a service finds, said to the monitor that its profile has. All of it can be sent to another thread. */
import type { CallFacts } from './call-reading.ts'
import type { AccountState, Tier, Upstream } from '../catalogue.ts'
import { TIERS, UPSTREAMS } from '../catalogue.ts'
import type { DependencyEvidence } from '../checks/dependency-evidence.ts'
import type { QueueReading } from '../instrument/queues/queue-reading.ts'
import type { QueueReadings } from '../instrument/queues/queues.ts'
import type { ServiceHealthMonitor, ServicePhase } from '../service/monitor.ts'
import type { FetchBatch } from '../kinds/tracker-fetcher/fetch-batch.ts'
import type { QueueSize } from '../kinds/tracker-fetcher/fetch-recorder.ts'
import type { EndedRequest } from '../record/http-requests.ts'
import type { WorkBatch } from '../kinds/worker/work-batch.ts'
import type { TrackerFetcherHealthMonitor } from '../kinds/tracker-fetcher/monitor.ts'
import type { WorkerHealthMonitor } from '../kinds/worker/monitor.ts'

export interface UpstreamCall {
  readonly upstream: string
  readonly durationMs: number
  readonly errorType: string | undefined
}

export interface ServiceRecorder {
  attempt(facts: CallFacts): void
  /** `result`: what the batch resolved to; absent if it failed. */
  batch(facts: CallFacts, result?: unknown): void
  apiCall(call: UpstreamCall): void
  account(state: unknown): void
  queues(readings: QueueReadings): void
  httpRequest(request: EndedRequest): void
  dependency(evidence: DependencyEvidence): void
  phase(phase: ServicePhase): void
  /** Something was seen that could not be recorded; counted, and said the first time. */
  dropped(what: string): void
}

/** What the recorders of all monitors do alike. */
function commonRecorder(monitor: ServiceHealthMonitor): Pick<ServiceRecorder, 'httpRequest' | 'dependency' | 'phase' | 'dropped'> {
  return {
    httpRequest: (request) => monitor.recordHttpRequest(request),
    dependency: (evidence) => monitor.observeDependency(evidence),
    phase: (phase) => monitor.setPhase(phase),
    dropped: (what) => monitor.recordDropped(what),
  }
}

export function workerRecorder(monitor: WorkerHealthMonitor): ServiceRecorder {
  return {
    ...commonRecorder(monitor),
    attempt: (facts) => monitor.recordAttempt(facts),
    batch(facts, result) {
      const { name, success, durationMs, errorType } = facts
      if (!success) monitor.recordBatch({ name, attempts: [] }, durationMs, errorType ?? '_OTHER')
      else if (isBatch(result)) monitor.recordBatch({ name, ...result }, durationMs)
      // What does not say what was in it was one piece of work.
      else monitor.recordBatch({ name, attempts: [facts] }, durationMs)
    },
    apiCall: ({ upstream, durationMs, errorType }) =>
      monitor.recordApiCall({ upstream, durationMs, ...(errorType !== undefined && { errorType }) }),
    account() {},
    queues(readings) {
      for (const [name, reading] of Object.entries(readings)) monitor.recordQueue(name, reading)
    },
  }
}

/** A batch that threw does not say how many trackers were in it, so it is no attempt; the calls made in it are recorded by themselves. */
export function trackerFetcherRecorder(monitor: TrackerFetcherHealthMonitor): ServiceRecorder {
  return {
    ...commonRecorder(monitor),
    attempt({ success, reportsFound, events, errorType }) {
      monitor.recordFetchAttempt({
        success,
        ...(reportsFound !== undefined && { reportsFound }),
        ...(events !== undefined && { geofenceEvents: events }),
        ...(errorType !== undefined && { errorType }),
      })
    },
    batch({ success, durationMs }, result) {
      if (success) monitor.recordBatch(result as FetchBatch, durationMs)
    },
    apiCall({ upstream, durationMs, errorType }) {
      if (!(UPSTREAMS as readonly string[]).includes(upstream)) return
      monitor.recordApiCall({ upstream: upstream as Upstream, durationMs, ...(errorType !== undefined && { errorType }) })
    },
    account: (state) => monitor.setAppleAccount(state as AccountState),
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

function isBatch(result: unknown): result is WorkBatch {
  return Array.isArray((result as { attempts?: unknown } | null | undefined)?.attempts)
}

function sizesOf({ due, scheduled, leased }: QueueReading): QueueSize {
  return { ...(due !== undefined && { due }), ...(scheduled !== undefined && { scheduled }), ...(leased !== undefined && { leased }) }
}
