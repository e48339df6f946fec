/** The calls to one upstream, through handles that are resolved once. */
import type { MetricDefinition } from '../../catalogue.ts'
import { ERROR_TYPE } from '../../catalogue.ts'
import type { Attributes } from '../../types.ts'
import { isAmount } from '../../record/amount.ts'
import type { Drop } from '../../record/drop.ts'
import { isTimeout } from './timeout.ts'
import type { CounterHandle, HistogramHandle, Recording } from '../../record/recording.ts'

/** Records calls to one upstream through resolved handles. */
export interface BoundApiCalls {
  /** `durationMs` in milliseconds, >= 0; `errorType` absent for a success. */
  record(durationMs: number, errorType?: string): void
}

export interface UpstreamMetrics {
  readonly duration: MetricDefinition
  readonly slow: MetricDefinition
}

/** What is known of a call besides its duration and why it failed. */
export interface CallCircumstances {
  /** Its answer is a stream, which came when it began: a time-out of reading it is not slow. */
  readonly streamed?: boolean
  /** Milliseconds, > 0, for which it asked the upstream to wait: what comes within that, and the limit after, is not slow. */
  readonly waitMs?: number
}

/** One object, so that a call allocates none. */
const NOTHING_ELSE: CallCircumstances = {}

/** Whether a call took longer than `limitMs`, beyond what it asked for, or timed out. */
export function isSlow(durationMs: number, code: unknown, { streamed = false, waitMs }: CallCircumstances, limitMs: number): boolean {
  const asked = isAmount(waitMs) ? waitMs : 0
  return durationMs - asked > limitMs || (isTimeout(code) && !streamed && durationMs >= asked)
}

export interface UpstreamCallsOptions {
  readonly recording: Recording
  readonly metrics: UpstreamMetrics
  /** Attributes of both: the name of the upstream among them. */
  readonly of: Attributes
  /** A call longer than this, in milliseconds, or timed out, is slow. */
  readonly limitMs: number
  /** Gives an error code its bounded form. */
  readonly errorTypeOf: (code: unknown) => string
  readonly drop: Drop
}

export class UpstreamCalls implements BoundApiCalls {
  readonly #options: UpstreamCallsOptions
  readonly #limitMs: number
  #succeeded: HistogramHandle | undefined
  readonly #failed = new Map<string, HistogramHandle>()
  readonly #slow: CounterHandle

  constructor(options: UpstreamCallsOptions) {
    const { recording, metrics, of, limitMs } = options
    this.#options = options
    this.#limitMs = limitMs
    this.#slow = recording.counter(metrics.slow, of)
  }

  record(durationMs: number, code?: string | number, circumstances: CallCircumstances = NOTHING_ELSE): void {
    if (!isAmount(durationMs)) return this.#options.drop('an API call without a duration')
    const duration = code === undefined ? (this.#succeeded ??= this.#durationOf({})) : this.#failedWith(this.#options.errorTypeOf(code))
    duration.record(durationMs / 1000)
    if (isSlow(durationMs, code, circumstances, this.#limitMs)) this.#slow.add(1)
  }

  #failedWith(errorType: string): HistogramHandle {
    let duration = this.#failed.get(errorType)
    if (!duration) this.#failed.set(errorType, (duration = this.#durationOf({ [ERROR_TYPE]: errorType })))
    return duration
  }

  #durationOf(attributes: Attributes): HistogramHandle {
    const { recording, metrics, of } = this.#options
    return recording.histogram(metrics.duration, { ...of, ...attributes })
  }
}
