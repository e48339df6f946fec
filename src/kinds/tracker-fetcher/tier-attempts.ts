/** The attempts of one queue tier, through handles that are resolved once. */
import type { ErrorType, Tier } from './metrics.ts'
import { ERROR_TYPE } from '../../catalogue.ts'
import { FETCH_ATTEMPTS, FETCH_REPORTS, OUTCOME, REPORT_KIND, TIER } from './metrics.ts'
import type { Attributes } from '../../types.ts'
import { isAmount } from '../../record/amount.ts'
import { toErrorType } from './error-type.ts'
import type { CounterHandle, HistogramHandle, Recording } from '../../record/recording.ts'

/** Records the attempts of one queue tier through resolved handles: no lookup and no allocation per attempt. */
export interface BoundAttempts {
  /** A success with reports, or without if both counts are 0. */
  succeeded(newReports: number, duplicateReports: number): void
  failed(errorType: ErrorType): void
}

export class TierAttempts implements BoundAttempts {
  readonly #recording: Recording
  readonly #attributes: Attributes
  readonly #reports: CounterHandle
  readonly #empty: CounterHandle
  #unknown: CounterHandle | undefined
  readonly #failed = new Map<ErrorType, CounterHandle>()
  readonly #newReports: HistogramHandle
  readonly #duplicateReports: HistogramHandle
  readonly #drop: (what: string) => void

  /** `drop` is told of what cannot be recorded. */
  constructor(recording: Recording, tier: Tier | undefined, drop: (what: string) => void) {
    this.#recording = recording
    this.#drop = drop
    this.#attributes = tier === undefined ? {} : { [TIER]: tier }
    this.#reports = recording.counter(FETCH_ATTEMPTS, { ...this.#attributes, [OUTCOME]: 'reports' })
    this.#empty = recording.counter(FETCH_ATTEMPTS, { ...this.#attributes, [OUTCOME]: 'empty' })
    this.#newReports = recording.histogram(FETCH_REPORTS, { [REPORT_KIND]: 'new' })
    this.#duplicateReports = recording.histogram(FETCH_REPORTS, { [REPORT_KIND]: 'duplicate' })
  }

  succeeded(newReports: number, duplicateReports: number): void {
    if (!isAmount(newReports) || !isAmount(duplicateReports)) return this.#drop('an attempt with a number of reports that is not one')
    if (newReports + duplicateReports > 0) this.#reports.add(1)
    else this.#empty.add(1)
    this.#newReports.record(newReports)
    this.#duplicateReports.record(duplicateReports)
  }

  /** Nobody can tell how it ended. */
  unknown(): void {
    const attributes = { ...this.#attributes, [OUTCOME]: 'unknown' }
    this.#unknown ??= this.#recording.counter(FETCH_ATTEMPTS, attributes)
    this.#unknown.add(1)
  }

  failed(code: unknown): void {
    const errorType = toErrorType(code)
    let counter = this.#failed.get(errorType)
    if (!counter) {
      counter = this.#recording.counter(FETCH_ATTEMPTS, { ...this.#attributes, [OUTCOME]: 'failed', [ERROR_TYPE]: errorType })
      this.#failed.set(errorType, counter)
    }
    counter.add(1)
  }
}
