/** LocationAggregatorHealthMonitor: a WorkerHealthMonitor that knows what becomes of reports. */
import type { ServiceHealthMonitorOptions } from '../../service/monitor-options.ts'
import { WorkerHealthMonitor } from '../worker/monitor.ts'
import { locationAggregatorJudging } from './judging.ts'

/** What one aggregation made of the reports it was given, or why it failed. */
export type Aggregation = {
  /** Milliseconds, >= 0. */
  readonly durationMs?: number
} & (
  | {
      readonly success?: true
      /** Reports it was given: merged, duplicates and implausible ones together. */
      readonly received: number
      readonly merged: number
      readonly duplicates?: number
      readonly implausible?: number
      /** Milliseconds since the newest of them was received, >= 0. */
      readonly lagMs?: number
    }
  | {
      readonly success: false
      /** A code or the name of an error class, never a message. */
      readonly errorType?: string | number
    }
)

/** Recording calls never throw: what cannot be used is dropped and counted in `health.records.dropped`. */
export class LocationAggregatorHealthMonitor extends WorkerHealthMonitor {
  /** Throws one sentence if an option or an environment variable cannot be used. */
  constructor(options: ServiceHealthMonitorOptions = {}) {
    super(options, locationAggregatorJudging)
  }

  /** One aggregation: a batch of as many pieces of work as it was given reports, and one piece of evidence. */
  recordAggregation(aggregation: Aggregation): void {
    this.record('aggregation', aggregation)
  }
}
