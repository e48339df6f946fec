/**
 * An OTel metric reader that hands what it collects to health judgement. It implements the SDK's reader contract by
 * shape, so one class works with every copy of sdk-metrics 2.x and 3.x that may be in a process.
 *
 * A collection always ends (observable callbacks get a time limit), never rejects, and two that overlap are one.
 */
import type {
  AggregationOption,
  AggregationTemporality,
  CollectionResult,
  IMetricReader,
  InstrumentType,
  MetricProducer,
} from '@opentelemetry/sdk-metrics'

import { diag } from '../diag.ts'
import type { Clock, Sample, Series } from '../types.ts'
import { SampleStreams, SERIES_LIMIT } from './samples.ts'

/** Milliseconds an observable callback may take before its metric is left out of this collection. */
const CALLBACK_TIMEOUT_MS = 2000

const DELTA = 0 as AggregationTemporality
const CUMULATIVE = 1 as AggregationTemporality

export class HealthMetricReader implements IMetricReader {
  readonly #clock: Clock
  readonly #streams = new SampleStreams()
  #producer: MetricProducer | undefined
  #collecting: Promise<CollectionResult> | undefined
  readonly #bySeries = new Map<Series, Sample>()
  #latest: readonly Sample[] = []
  #shutdown = false
  #saidErrors = false
  #saidOverflow = false
  /** Collections in which something threw or hung. */
  errors = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Called once by the MeterProvider. Throws if the reader is given to a second one, as the SDK's specification demands. */
  setMetricProducer(producer: MetricProducer): void {
    if (this.#producer) throw new Error('HealthMetricReader already belongs to a MeterProvider: make one reader for each provider.')
    this.#producer = producer
  }

  /** 0 is the SDK's AggregationType.DEFAULT. */
  selectAggregation(): AggregationOption {
    return { type: 0 }
  }

  /** Deltas for what is counted, so that the SDK forgets idle series; levels stay levels. */
  selectAggregationTemporality(type: InstrumentType): AggregationTemporality {
    return type.endsWith('UP_DOWN_COUNTER') ? CUMULATIVE : DELTA
  }

  selectCardinalityLimit(): number {
    return SERIES_LIMIT
  }

  /** True once a provider has taken the reader. */
  get attached(): boolean {
    return this.#producer !== undefined
  }

  /** The samples of every series at its last collection. */
  get latest(): readonly Sample[] {
    return this.#latest
  }

  collect(options?: { timeoutMillis?: number }): Promise<CollectionResult> {
    this.#collecting ??= this.#collectOnce(options?.timeoutMillis ?? CALLBACK_TIMEOUT_MS).finally(() => {
      this.#collecting = undefined
    })
    return this.#collecting
  }

  async #collectOnce(timeoutMillis: number): Promise<CollectionResult> {
    const nothing: CollectionResult = { resourceMetrics: { resource: undefined as never, scopeMetrics: [] }, errors: [] }
    if (!this.#producer || this.#shutdown) return nothing
    try {
      const result = await this.#producer.collect({ timeoutMillis })
      this.#merge(this.#streams.ingest(result.resourceMetrics, this.#clock.monotonicMs()))
      this.#reportOverflow()
      if (result.errors.length > 0) this.#report(result.errors[0])
      return result
    } catch (error) {
      this.#report(error)
      return { ...nothing, errors: [error] }
    }
  }

  /** A delta reader is given only what changed; what did not still is what it was. */
  #merge(samples: readonly Sample[]): void {
    for (const sample of samples) this.#bySeries.set(sample.series, sample)
    this.#latest = [...this.#bySeries.values()]
  }

  #reportOverflow(): void {
    if (this.#saidOverflow || this.#streams.overflowed === 0) return
    this.#saidOverflow = true
    diag.warn(`otel-health: a metric has more than ${SERIES_LIMIT} series; what comes in further ones is counted together`)
  }

  #report(error: unknown): void {
    this.errors++
    if (this.#saidErrors) return
    this.#saidErrors = true
    diag.warn('otel-health: a metric could not be collected; others are judged all the same. First error:', error)
  }

  async forceFlush(): Promise<void> {
    await this.collect()
  }

  async shutdown(): Promise<void> {
    this.#shutdown = true
  }
}
