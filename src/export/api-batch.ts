/**
 * One callback that observes several observables at once. An SDK knows its own observables only, so that the callback is given a result
 * which takes those of the API's and hands on the SDK's.
 */
import type { BatchObservableCallback, Meter, Observable } from '@opentelemetry/api'

import { ApiObservable } from './api-observable.ts'
import type { ApiScope, ApiWays } from './api-ways.ts'

/** An SDK's observable in the place of one that a service has; `undefined` if there is none. */
type Find = (observable: Observable) => Observable | undefined

const exported: Find = (observable) => (observable instanceof ApiObservable ? observable.exported : observable)
const judged: Find = (observable) => (observable instanceof ApiObservable ? observable.judged : undefined)

export class ApiBatch {
  readonly #ways: ApiWays
  readonly #scope: ApiScope
  readonly #callback: BatchObservableCallback
  readonly #observables: readonly Observable[]
  #leave: (() => void) | undefined
  #endJudging: (() => void) | undefined

  constructor(ways: ApiWays, scope: ApiScope, callback: BatchObservableCallback, observables: readonly Observable[]) {
    this.#ways = ways
    this.#scope = scope
    this.#callback = callback
    this.#observables = [...new Set(observables)]
    this.bind()
    this.judge()
  }

  /** Takes the way out if it is known; after its observables have. */
  bind(): void {
    this.#leave ??= this.#addTo(exported, () => this.#ways.exportingMeter(this.#scope))
  }

  /** Observes what is judged by now; after its observables are. */
  judge(): void {
    this.#endJudging?.()
    this.#endJudging = this.#addTo(judged, () => this.#ways.judgingMeter(this.#scope))
  }

  /** Whether it was added with these. */
  is(callback: BatchObservableCallback, observables: readonly Observable[]): boolean {
    const others = new Set(observables)
    return callback === this.#callback && others.size === this.#observables.length && this.#observables.every((each) => others.has(each))
  }

  end(): void {
    this.#leave?.()
    this.#endJudging?.()
  }

  #addTo(find: Find, meterOf: () => Meter | undefined): (() => void) | undefined {
    const found = this.#observables.map(find).filter((observable) => observable !== undefined)
    const meter = found.length > 0 ? meterOf() : undefined
    if (!meter) return undefined
    const callback: BatchObservableCallback = (result) =>
      this.#callback({
        observe(observable, value, attributes) {
          const place = find(observable)
          if (place) result.observe(place, value, attributes)
        },
      })
    meter.addBatchObservableCallback(callback, found)
    return () => meter.removeBatchObservableCallback(callback, found)
  }
}
