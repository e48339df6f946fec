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

import { SCOPE } from '../catalogue.ts'
import { diag } from '../diag.ts'
import type { Cancel, Clock, Sample } from '../types.ts'
import { SampleStreams, SERIES_LIMIT } from './samples.ts'

/** Milliseconds an observable callback may take before its metric is left out of this collection. */
const CALLBACK_TIMEOUT_MS = 2000
const INTERVAL_MS = 10_000

const HISTOGRAM = 'HISTOGRAM' as InstrumentType
const EXPONENTIAL = { type: 5, options: { maxSize: 160 } } as unknown as AggregationOption
const DELTA = 0 as AggregationTemporality
const CUMULATIVE = 1 as AggregationTemporality

export interface CollectingReaderOptions {
  readonly clock: Clock
  /** Milliseconds between two collections, > 0; default: 10,000. */
  readonly intervalMs?: number
  /** Names of the metrics of which samples are kept; default: all. */
  readonly metrics?: ReadonlySet<string>
  /** Called after each collection with the samples of every series kept, and the time at which that collection began. What it throws is reported. */
  readonly onSamples?: (samples: readonly Sample[], now: number) => void
  /** Called with each thing that failed in a collection; the first is said besides. */
  readonly onError?: (error: unknown) => void
}

export class CollectingReader implements IMetricReader {
  /** What the MeterProvider gave, once it has taken the reader. */
  protected producer: MetricProducer | undefined
  readonly #options: CollectingReaderOptions
  readonly #streams = new SampleStreams()
  readonly #said = new Set<string>()
  #cancel: Cancel = () => {}
  #collecting: Promise<CollectionResult> | undefined
  #latest: readonly Sample[] = []
  #collectedAt: number | undefined
  #resource: CollectionResult['resourceMetrics']['resource'] | undefined
  #isShutdown = false
  /** Things that failed in collections: callbacks that threw or hung, and whatever `onSamples` threw. */
  errors = 0

  /** Throws if the interval is no number of milliseconds. */
  constructor(options: CollectingReaderOptions) {
    const { intervalMs = INTERVAL_MS } = options
    if (!(intervalMs > 0 && intervalMs < 2 ** 31)) {
      throw new RangeError(`The reader's intervalMs is ${intervalMs}, expected milliseconds above 0: leave it out for ${INTERVAL_MS}.`)
    }
    this.#options = options
    this.#streams.keep(options.metrics)
  }

  /** Called once by the MeterProvider; collections begin. Throws if the reader is given to a second one, as the SDK's specification demands. */
  setMetricProducer(producer: MetricProducer): void {
    if (this.producer) throw new Error('The metric reader already belongs to a MeterProvider: make one reader for each provider.')
    this.producer = producer
    // Always, even if nothing is kept: the SDK stores for a reader what it has not collected.
    this.#cancel = this.#options.clock.every(this.#options.intervalMs ?? INTERVAL_MS, () => {
      if (!this.#collecting) void this.collect()
    })
  }

  /**
   * Histograms are collected with exponential buckets (5 in the SDK), whatever bounds others export them with: a limit between two wide
   * bounds could not be told from either. A View that matches decides for all readers. 0 is the SDK's default.
   */
  selectAggregation(type: InstrumentType): AggregationOption {
    return type === HISTOGRAM ? EXPONENTIAL : { type: 0 }
  }

  /** Deltas for what is counted, so that the SDK forgets idle series, and for gauges, so that one no longer observed is seen to age; levels stay levels. */
  selectAggregationTemporality(type: InstrumentType): AggregationTemporality {
    return type.endsWith('UP_DOWN_COUNTER') ? CUMULATIVE : DELTA
  }

  selectCardinalityLimit(): number {
    return SERIES_LIMIT
  }

  /** Samples of other metrics are neither kept nor given from now on. */
  keep(metrics: ReadonlySet<string> | undefined): void {
    this.#streams.keep(metrics)
    this.#latest = this.#streams.samples()
  }

  /** True once a provider has taken the reader. */
  get attached(): boolean {
    return this.producer !== undefined
  }

  /** The samples of every series kept, as of its last collection. */
  get latest(): readonly Sample[] {
    return this.#latest
  }

  /** When the last collection that ended began, on the monotonic clock; `undefined` before the first. */
  get collectedAt(): number | undefined {
    return this.#collectedAt
  }

  /** Of the provider, as of the last collection: whose metrics these are. Attributes that are found out asynchronously may be missing at first. */
  get resource(): CollectionResult['resourceMetrics']['resource'] | undefined {
    return this.#resource
  }

  /** Points that were no finite number and are in no sample; of a histogram only the sum is left out. */
  get dropped(): number {
    return this.#streams.dropped
  }

  /** Never rejects; what failed is among the result's errors. `timeoutMillis`: of each observable callback, default 2,000. */
  collect(options?: { timeoutMillis?: number }): Promise<CollectionResult> {
    this.#collecting ??= this.#collectOnce(options?.timeoutMillis ?? CALLBACK_TIMEOUT_MS).finally(() => {
      this.#collecting = undefined
    })
    return this.#collecting
  }

  async #collectOnce(timeoutMillis: number): Promise<CollectionResult> {
    const nothing: CollectionResult = { resourceMetrics: { resource: undefined as never, scopeMetrics: [] }, errors: [] }
    if (!this.producer || this.#isShutdown) return nothing
    const now = this.#options.clock.monotonicMs()
    try {
      const result = await this.producer.collect({ timeoutMillis })
      for (const error of result.errors) this.#failed(error)
      this.#take(result, now)
      return result
    } catch (error) {
      // An SDK that wraps what a callback threw fails itself where that was undefined or null.
      this.#failed(error)
      return { ...nothing, errors: [error] }
    }
  }

  #take({ resourceMetrics }: CollectionResult, now: number): void {
    // Whoever records on our own scope judges that by the cells, at once.
    const scopeMetrics = resourceMetrics.scopeMetrics.filter(({ scope }) => scope.name !== SCOPE)
    this.#streams.ingest({ ...resourceMetrics, scopeMetrics }, now)
    this.#latest = this.#streams.samples()
    this.#collectedAt = now
    this.#resource = resourceMetrics.resource
    const { overflowing, dropped } = this.#streams
    if (overflowing !== undefined) {
      this.#sayOnce(`${overflowing} has more than ${SERIES_LIMIT} series; what comes in further ones is counted together`)
    }
    if (dropped > 0) this.#sayOnce('values of a metric that are no finite number are left out of what is judged')
    this.#options.onSamples?.(this.#latest, now)
  }

  #failed(error: unknown): void {
    this.errors++
    this.#sayOnce('a metric could not be collected; others are judged all the same. First error:', error)
    try {
      this.#options.onError?.(error)
    } catch (another) {
      this.#sayOnce('what was to hear of the errors of collections failed itself:', another)
    }
  }

  #sayOnce(message: string, ...details: unknown[]): void {
    if (this.#said.has(message)) return
    this.#said.add(message)
    diag.warn(`otel-health: ${message}`, ...details)
  }

  /** Collects all that was recorded until now; a collection that is under way may have passed some of it. */
  async forceFlush(options?: { timeoutMillis?: number }): Promise<void> {
    await this.#collecting
    await this.collect(options)
  }

  /** Collects for the last time. */
  async shutdown(options?: { timeoutMillis?: number }): Promise<void> {
    this.#cancel()
    await this.forceFlush(options)
    this.#isShutdown = true
  }
}
