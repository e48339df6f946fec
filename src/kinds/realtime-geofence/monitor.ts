/** RealtimeGeofenceHealthMonitor: a WorkerHealthMonitor that knows of reports, geofences and the events between them. */
import type { Fields } from '../../record/tallies.ts'
import type { TimeText } from '../../rules/rule-data.ts'
import { secondsOf } from '../../rules/time-text.ts'
import type { ServiceHealthMonitorOptions } from '../../service/monitor-options.ts'
import { WorkerHealthMonitor } from '../worker/monitor.ts'
import type { RealtimeGeofenceConfig } from './config.ts'
import { realtimeGeofenceJudging } from './judging.ts'
import type { ReportTiming, Transition } from './metrics.ts'
import { QUIET } from './metrics.ts'
import { QuietSpell } from './quiet-spell.ts'

export interface RealtimeGeofenceHealthMonitorOptions extends ServiceHealthMonitorOptions {
  /** How long events are watched before `no_events` is judged; instead of that of health.config. Default `24h`. */
  readonly eventsLearning?: TimeText
}

/** One report held against the geofences. */
export interface Evaluation {
  readonly success: boolean
  /** Left out where that is not known. */
  readonly timing?: ReportTiming
  readonly events?: readonly DetectedEvent[]
  /** Milliseconds the evaluation took, >= 0. */
  readonly durationMs?: number
  /** Why it failed: a code or the name of an error class, never a message. */
  readonly errorType?: string | number
  /** What kind of evaluation, where there are several. */
  readonly name?: string
}

export interface DetectedEvent {
  readonly transition: Transition
  /** Milliseconds from when the tracker was there to now, >= 0. */
  readonly latencyMs?: number
}

/** Recording calls never throw: what cannot be used is dropped and counted in `health.records.dropped`. */
export class RealtimeGeofenceHealthMonitor extends WorkerHealthMonitor {
  readonly #quiet: QuietSpell

  /** Throws one sentence if an option or an environment variable cannot be used. */
  constructor(options: RealtimeGeofenceHealthMonitorOptions = {}) {
    super(options, realtimeGeofenceJudging)
    const learning = options.eventsLearning ?? (options.config as RealtimeGeofenceConfig | undefined)?.eventsLearning ?? '24h'
    const learningMs = 1000 * secondsOf(learning, 'eventsLearning')
    this.#quiet = new QuietSpell({ learningMs, startedAt: this.clock.monotonicMs() })
    const level = this.recording.level(QUIET, {})
    this.recording.onCollect(() => {
      const share = this.#quiet.share(this.clock.monotonicMs())
      if (share !== undefined) level.set(share)
    })
  }

  /** One report held against the geofences: one piece of work, and the events it made. */
  recordEvaluation(evaluation: Evaluation): void {
    this.record('evaluation', evaluation)
  }

  /** How many geofences reports are held against, >= 0. */
  recordGeofences(active: number): void {
    this.record('geofences', { active })
  }

  protected override completed(name: string, fields: Fields): Fields {
    // A report that could not be evaluated is a failed attempt, and nothing is known of it.
    if (name !== 'evaluation' || fields['success'] !== true) return fields
    const { events } = fields
    this.#quiet.report(Array.isArray(events) ? events.length : 0)
    return { ...fields, reports: 1 }
  }
}
