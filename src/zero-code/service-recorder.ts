/** What watching a service finds, said to its monitor. All of it can be sent to another thread. */
import type { DependencyEvidence } from '../checks/dependency-evidence.ts'
import type { QueueReadings } from '../instrument/queues/queues.ts'
import type { EndedRequest } from '../record/http-requests.ts'
import type { ServicePhase } from '../service/phase.ts'
import type { WorkSeen } from '../service/work.ts'
import type { CallFacts } from './call-reading.ts'

export interface UpstreamCall {
  readonly upstream: string
  /** Milliseconds, >= 0, until it was answered: of a stream, until it began. */
  readonly durationMs: number
  readonly errorType: string | undefined
  /** Its answer is a stream: how long that was read says nothing of slowness, even if a time limit ended it. */
  readonly streamed?: boolean
  /** Milliseconds, > 0, for which it asked the upstream to wait: an answer within that says nothing of slowness. */
  readonly waitMs?: number
  /** Nobody has named its upstream, which no rule judges. */
  readonly unnamed?: boolean
}

export interface ServiceRecorder {
  attempt(facts: CallFacts): void
  /** `result`: what the batch resolved to; absent if it failed. */
  batch(facts: CallFacts, result?: unknown): void
  apiCall(call: UpstreamCall): void
  /** A record of the kind of service, or of health.config, by its name. `result`: what is recorded, as the call gave it; absent if it failed. */
  record(name: string, facts: CallFacts, result?: unknown): void
  queues(readings: QueueReadings): void
  httpRequest(request: EndedRequest): void
  dependency(evidence: DependencyEvidence): void
  /** `begunAgoMs`: how long ago a start began that is over now. */
  phase(phase: ServicePhase, begunAgoMs?: number): void
  /** How many sources of work are watched, and why there is none. */
  work(seen: WorkSeen): void
  /** Something was seen that could not be recorded; counted, and said the first time. */
  dropped(what: string): void
}
