/** The attempts of one kind of work, through handles that are resolved once. */
import { ERROR_TYPE } from '../../catalogue.ts'
import { WORK_ATTEMPT_DURATION, WORK_ATTEMPTS, WORK_BATCH_DURATION, WORK_EVENTS } from './metrics.ts'
import { WORK_ITEMS_FOUND, WORK_NAME, WORK_OUTCOME, WORK_STREAK, WORK_UNITS } from './metrics.ts'
import { Units } from './units.ts'
import type { Attributes } from '../../types.ts'
import type { CounterHandle, HistogramHandle, Recording } from '../../record/recording.ts'

/** What is counted of attempts that ended alike. */
interface Outcome {
  readonly attempts: CounterHandle
  readonly durations: HistogramHandle
}

/** Amounts are finite numbers >= 0, error types are bounded: whoever calls has seen to that. */
export class NamedWork {
  /** The evidence behind its attempts. */
  readonly units: Units
  readonly #recording: Recording
  readonly #attributes: Attributes
  #succeeded: Outcome | undefined
  /** By their error type. */
  readonly #failed = new Map<string, Outcome>()
  #unknown: Outcome | undefined
  readonly #batches = new Map<string | undefined, HistogramHandle>()
  #found: CounterHandle | undefined
  #events: CounterHandle | undefined

  constructor(recording: Recording, name: string | undefined) {
    this.#recording = recording
    this.#attributes = name === undefined ? {} : { [WORK_NAME]: name }
    this.units = new Units(recording, { units: WORK_UNITS, outcome: WORK_OUTCOME, streak: WORK_STREAK }, this.#attributes)
  }

  /** `errorType` is left out for a success. `times`: so many that ended alike. */
  attempt(durationMs: number | undefined, errorType?: string, times = 1): void {
    add(errorType === undefined ? (this.#succeeded ??= this.#outcome('ok')) : this.#failedWith(errorType), durationMs, times)
  }

  /** Attempts of which nobody can tell whether they succeeded. */
  unknown(durationMs: number | undefined, times = 1): void {
    add((this.#unknown ??= this.#outcome('unknown')), durationMs, times)
  }

  found(items: number): void {
    if (items > 0) (this.#found ??= this.#recording.counter(WORK_ITEMS_FOUND, this.#attributes)).add(items)
  }

  events(count: number): void {
    if (count > 0) (this.#events ??= this.#recording.counter(WORK_EVENTS, this.#attributes)).add(count)
  }

  /** `errorType` is left out for a success. */
  batch(durationMs: number, errorType?: string): void {
    let durations = this.#batches.get(errorType)
    if (!durations) {
      durations = this.#recording.histogram(WORK_BATCH_DURATION, this.#with(errorType))
      this.#batches.set(errorType, durations)
    }
    durations.record(durationMs / 1000)
  }

  #failedWith(errorType: string): Outcome {
    let outcome = this.#failed.get(errorType)
    if (!outcome) this.#failed.set(errorType, (outcome = this.#outcome('failed', errorType)))
    return outcome
  }

  #outcome(outcome: string, errorType?: string): Outcome {
    const attributes = this.#with(errorType)
    return {
      attempts: this.#recording.counter(WORK_ATTEMPTS, { ...attributes, [WORK_OUTCOME]: outcome }),
      durations: this.#recording.histogram(WORK_ATTEMPT_DURATION, attributes),
    }
  }

  #with(errorType: string | undefined): Attributes {
    return errorType === undefined ? this.#attributes : { ...this.#attributes, [ERROR_TYPE]: errorType }
  }
}

function add({ attempts, durations }: Outcome, durationMs: number | undefined, times: number): void {
  attempts.add(times)
  if (durationMs !== undefined) durations.record(durationMs / 1000)
}
