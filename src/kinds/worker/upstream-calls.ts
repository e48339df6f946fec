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
  /** Attribute of both that names the upstream. */
  readonly attribute: string
}

export interface UpstreamCallsOptions {
  readonly recording: Recording
  readonly metrics: UpstreamMetrics
  readonly upstream: string
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
    const { recording, metrics, upstream, limitMs } = options
    this.#options = options
    this.#limitMs = limitMs
    this.#slow = recording.counter(metrics.slow, { [metrics.attribute]: upstream })
  }

  record(durationMs: number, code?: string | number): void {
    if (!isAmount(durationMs)) return this.#options.drop('an API call without a duration')
    const duration = code === undefined ? (this.#succeeded ??= this.#durationOf({})) : this.#failedWith(this.#options.errorTypeOf(code))
    duration.record(durationMs / 1000)
    if (durationMs > this.#limitMs || (code !== undefined && isTimeout(code))) this.#slow.add(1)
  }

  #failedWith(errorType: string): HistogramHandle {
    let duration = this.#failed.get(errorType)
    if (!duration) this.#failed.set(errorType, (duration = this.#durationOf({ [ERROR_TYPE]: errorType })))
    return duration
  }

  #durationOf(attributes: Attributes): HistogramHandle {
    const { recording, metrics, upstream } = this.#options
    return recording.histogram(metrics.duration, { [metrics.attribute]: upstream, ...attributes })
  }
}
