/** LocationAggregatorHealthMonitor: a WorkerHealthMonitor that knows what becomes of reports. */
import type { LevelHandle } from '../../record/recording.ts'
import type { Fields } from '../../record/tallies.ts'
import type { ServiceHealthMonitorOptions } from '../../service/monitor-options.ts'
import type { QueueFigures } from '../worker/queue-levels.ts'
import { WorkerHealthMonitor } from '../worker/monitor.ts'
import { locationAggregatorJudging } from './judging.ts'
import { LAG } from './metrics.ts'

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
  /** Due reports, by queue. */
  readonly #due = new Map<string, number>()
  /** Once an aggregation has told it. */
  #lag: LevelHandle | undefined

  /** Throws one sentence if an option or an environment variable cannot be used. */
  constructor(options: ServiceHealthMonitorOptions = {}) {
    super(options, locationAggregatorJudging)
    // Where nothing waits in any queue nobody is behind, however far behind the last aggregation was.
    this.recording.onCollect(() => {
      if (this.#due.size > 0 && [...this.#due.values()].every((due) => due === 0)) this.#lag?.set(0)
    })
  }

  /** One aggregation: a batch of as many pieces of work as it was given reports, and one piece of evidence. */
  recordAggregation(aggregation: Aggregation): void {
    this.record('aggregation', aggregation)
  }

  override recordQueue(name: string, figures: QueueFigures): void {
    super.recordQueue(name, figures)
    if (figures?.due !== undefined) this.#due.set(name, figures.due)
  }

  override record(name: string, fields: Fields): void {
    super.record(name, fields)
    if (name === 'aggregation' && fields?.['lagMs'] !== undefined) this.#lag ??= this.recording.level(LAG, {})
  }
}
