/** The calls to one upstream, through handles that are resolved once. */
import type { ErrorType, Upstream } from '../catalogue.ts'
import { ERROR_TYPE, UPSTREAM, UPSTREAM_DURATION, UPSTREAM_SLOW } from '../catalogue.ts'
import type { Attributes } from '../types.ts'
import { isAmount } from './amount.ts'
import { toErrorType } from './error-type.ts'
import type { CounterHandle, HistogramHandle, Recording } from './recording.ts'

export interface ApiCall {
  /** Default `apple`. */
  readonly upstream?: Upstream
  /** Milliseconds, >= 0. */
  readonly durationMs: number
  /** Absent for a successful call; one of `ERROR_TYPES`, anything else becomes `_OTHER`. */
  readonly errorType?: string
}

/** Records calls to one upstream through resolved handles. */
export interface BoundApiCalls {
  /** `durationMs` in milliseconds, >= 0; `errorType` absent for a success. */
  record(durationMs: number, errorType?: ErrorType): void
}

export class UpstreamCalls implements BoundApiCalls {
  readonly #recording: Recording
  readonly #upstream: Upstream
  readonly #limitMs: number
  #succeeded: HistogramHandle | undefined
  readonly #failed = new Map<ErrorType, HistogramHandle>()
  readonly #slow: CounterHandle
  readonly #drop: (what: string) => void

  /** A call longer than `limitMs`, or timed out, is slow; `drop` is told of what cannot be recorded. */
  constructor(recording: Recording, upstream: Upstream, limitMs: number, drop: (what: string) => void) {
    this.#recording = recording
    this.#upstream = upstream
    this.#limitMs = limitMs
    this.#drop = drop
    this.#slow = recording.counter(UPSTREAM_SLOW, { [UPSTREAM]: upstream })
  }

  record(durationMs: number, code?: string): void {
    if (!isAmount(durationMs)) return this.#drop('an API call without a duration')
    const errorType = code === undefined ? undefined : toErrorType(code)
    const duration = errorType === undefined ? (this.#succeeded ??= this.#durationOf({})) : this.#failedWith(errorType)
    duration.record(durationMs / 1000)
    if (durationMs > this.#limitMs || errorType === 'timeout') this.#slow.add(1)
  }

  #failedWith(errorType: ErrorType): HistogramHandle {
    let duration = this.#failed.get(errorType)
    if (!duration) this.#failed.set(errorType, (duration = this.#durationOf({ [ERROR_TYPE]: errorType })))
    return duration
  }

  #durationOf(attributes: Attributes): HistogramHandle {
    return this.#recording.histogram(UPSTREAM_DURATION, { [UPSTREAM]: this.#upstream, ...attributes })
  }
}
