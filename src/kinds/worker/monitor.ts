/** WorkerHealthMonitor: a ServiceHealthMonitor of any service that works: a fetcher, a job processor, a queue consumer. */
import { ServiceHealthMonitor } from '../../service/monitor.ts'
import type { ServiceHealthMonitorOptions } from '../../service/monitor-options.ts'
import type { Fields } from '../../record/tallies.ts'
import type { ServiceKind } from '../../rules/service-kind.ts'
import type { AttemptOf } from '../../types.ts'
import type { QueueFigures } from './queue-levels.ts'
import type { AnyAttempt, AnyBatch, WorkAttempt } from './work-batch.ts'
import type { WorkApiCall } from './work-recorder.ts'
import { WorkRecorder } from './work-recorder.ts'
import { workerJudging } from './judging.ts'

/**
 * Recording calls never throw: what is not a finite number >= 0 or has no name is dropped and counted in
 * `health.records.dropped`. Names are the service's own; of each kind of name the first 50 are told apart, and of error
 * types the first 30.
 */
export class WorkerHealthMonitor extends ServiceHealthMonitor {
  readonly #work: WorkRecorder

  /** Throws one sentence if an option or an environment variable cannot be used. */
  constructor(options: ServiceHealthMonitorOptions = {}, kind: ServiceKind = workerJudging) {
    super(options, kind)
    this.#work = new WorkRecorder(this.recording, {
      maxApiResponseTimeMs: this.limitOf('slow_upstream', 'ms') ?? this.options.settings.maxApiResponseTime,
    })
  }

  /** One piece of work that ended, tried by itself: one piece of evidence. */
  recordAttempt(attempt: WorkAttempt): void {
    this.#work.attempt(attempt)
  }

  /**
   * All pieces of work of one call: one piece of evidence, however many they are. `durationMs` in milliseconds, >= 0;
   * `errorType` if the whole batch failed, which without attempts is one failed attempt.
   */
  recordBatch(batch: readonly AnyAttempt[] | AnyBatch, durationMs?: number, errorType?: string | number): void {
    this.#work.batch(batch, durationMs, errorType)
  }

  /** One call to an upstream, by its name or host. It is slow if it takes longer than MAX_API_RESPONSE_TIME or times out. */
  recordApiCall(call: WorkApiCall): void {
    this.#work.apiCall(call)
  }

  /**
   * Items of one queue by state, and the age of its oldest due one in seconds, as seen just now. To be said at least
   * every 90 s, for older sizes are stale; of a queue that is gone, `{ due: 0 }`.
   */
  recordQueue(name: string, figures: QueueFigures): void {
    this.#work.queue(name, figures)
  }

  protected override attempted(is: AttemptOf, fields: Fields): void {
    this.#work.record(is, fields)
  }
}
