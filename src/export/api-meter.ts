/**
 * A meter that a service has of the API. Once it is known where its metrics leave, what no rule names is made by that SDK alone, as
 * without us.
 */
import type {
  BatchObservableCallback,
  Counter,
  Gauge,
  Histogram,
  Meter,
  MetricOptions,
  Observable,
  ObservableCounter,
  ObservableGauge,
  ObservableUpDownCounter,
  UpDownCounter,
} from '@opentelemetry/api'
import { createNoopMeter } from '@opentelemetry/api'

import { ApiBatch } from './api-batch.ts'
import type { RecordingMethod } from './api-instrument.ts'
import { ApiInstrument } from './api-instrument.ts'
import type { ObservableMethod } from './api-observable.ts'
import { ApiObservable } from './api-observable.ts'
import type { ApiScope, ApiWays, Asked } from './api-ways.ts'

/**
 * Scopes of instrumentations as they are published. These make their instruments twice: as soon as they are there, and again on the meter
 * that the SDK gives them. Called from the first ones too, a callback that takes what came since its last call would take half.
 */
const INSTRUMENTATION = /^(?:@[^/]+\/|opentelemetry-)instrumentation(?:-|$)/u

export class ApiMeter implements Meter {
  readonly #ways: ApiWays
  readonly #scope: ApiScope
  /** By what makes an instrument one in the SDK. */
  readonly #instruments = new Map<string, ApiInstrument>()
  readonly #observables = new Map<string, ApiObservable>()
  readonly #batches = new Set<ApiBatch>()
  /** Of the metrics that are judged here, or would be if a rule named them. */
  readonly names = new Set<string>()

  constructor(ways: ApiWays, scope: ApiScope) {
    this.#ways = ways
    this.#scope = scope
  }

  createCounter(name: string, options?: MetricOptions): Counter {
    return this.#recording('createCounter', name, options) as Counter
  }

  createUpDownCounter(name: string, options?: MetricOptions): UpDownCounter {
    return this.#recording('createUpDownCounter', name, options) as UpDownCounter
  }

  createHistogram(name: string, options?: MetricOptions): Histogram {
    return this.#recording('createHistogram', name, options) as Histogram
  }

  createGauge(name: string, options?: MetricOptions): Gauge {
    return this.#recording('createGauge', name, options) as Gauge
  }

  createObservableCounter(name: string, options?: MetricOptions): ObservableCounter {
    return this.#observing('createObservableCounter', name, options)
  }

  createObservableUpDownCounter(name: string, options?: MetricOptions): ObservableUpDownCounter {
    return this.#observing('createObservableUpDownCounter', name, options)
  }

  createObservableGauge(name: string, options?: MetricOptions): ObservableGauge {
    return this.#observing('createObservableGauge', name, options)
  }

  addBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void {
    this.#ways.safely(() => {
      if ([...this.#batches].some((batch) => batch.is(callback, observables))) return
      this.#batches.add(new ApiBatch(this.#ways, this.#scope, callback, observables))
    })
  }

  removeBatchObservableCallback(callback: BatchObservableCallback, observables: Observable[]): void {
    this.#ways.safely(() => {
      for (const batch of this.#batches) {
        if (!batch.is(callback, observables)) continue
        batch.end()
        this.#batches.delete(batch)
      }
    })
  }

  /** Takes the way out; `joins`: it is an SDK of the service, which hands meters to its instrumentations itself. */
  bind(joins: boolean): void {
    const withCallbacks = !(joins && INSTRUMENTATION.test(this.#scope.name))
    for (const instrument of this.#instruments.values()) this.#ways.safely(() => instrument.bind())
    for (const observable of this.#observables.values()) this.#ways.safely(() => observable.bind(withCallbacks))
    if (withCallbacks) for (const batch of this.#batches) this.#ways.safely(() => batch.bind())
  }

  /** Other metrics are named by rules than before, or another reader sees them. */
  judge(): void {
    for (const instrument of this.#instruments.values()) this.#ways.safely(() => instrument.judge())
    for (const observable of this.#observables.values()) this.#ways.safely(() => observable.judge())
    for (const batch of this.#batches) this.#ways.safely(() => batch.judge())
  }

  #recording(method: RecordingMethod, name: string, options: MetricOptions | undefined): unknown {
    const asked = { ways: this.#ways, scope: this.#scope, method, name, options: options && { ...options } }
    return this.#make(this.#instruments, asked, () => new ApiInstrument(asked))
  }

  #observing(method: ObservableMethod, name: string, options: MetricOptions | undefined): Observable {
    const asked = { ways: this.#ways, scope: this.#scope, method, name, options: options && { ...options } }
    return this.#make(this.#observables, asked, () => new ApiObservable(asked)) as Observable
  }

  #make<I extends object>(
    known: Map<string, I>,
    { method, name, options }: Asked<RecordingMethod | ObservableMethod>,
    create: () => I,
  ): object {
    const made = this.#ways.safely(() => {
      if (this.#ways.undecided) this.#ways.look()
      // The SDK gives another object at each call, of the same metric; of what may be made in each request only one is kept.
      const key = JSON.stringify([method, name, options])
      const before = known.get(key)
      if (before) return before
      if (!this.#ways.undecided && !this.#ways.judges(name)) {
        return this.#ways.exports(name) ? this.#ways.exportingMeter(this.#scope)?.[method](name, options) : undefined
      }
      const instrument = create()
      known.set(key, instrument)
      this.names.add(name)
      return instrument
    })
    return made ?? createNoopMeter()[method](name, options)
  }
}
