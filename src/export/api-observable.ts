/** An observable that a service made with the API before anybody knew through which SDK it leaves, or that a rule names. */
import type { Meter, Observable, ObservableCallback } from '@opentelemetry/api'

import type { Asked } from './api-ways.ts'

export type ObservableMethod = 'createObservableCounter' | 'createObservableUpDownCounter' | 'createObservableGauge'

export class ApiObservable implements Observable {
  readonly #asked: Asked<ObservableMethod>
  readonly #callbacks = new Set<ObservableCallback>()
  exported: Observable | undefined
  judged: Observable | undefined

  constructor(asked: Asked<ObservableMethod>) {
    this.#asked = asked
    this.bind(true)
    this.judge()
  }

  addCallback(callback: ObservableCallback): void {
    this.#asked.ways.safely(() => {
      this.#callbacks.add(callback)
      this.exported?.addCallback(callback)
      this.judged?.addCallback(callback)
    })
  }

  removeCallback(callback: ObservableCallback): void {
    this.#asked.ways.safely(() => {
      this.#callbacks.delete(callback)
      this.exported?.removeCallback(callback)
      this.judged?.removeCallback(callback)
    })
  }

  /** Takes the way out if it is known; `withCallbacks`: with those that were added before. */
  bind(withCallbacks: boolean): void {
    if (this.exported) return
    const { ways, scope, name } = this.#asked
    if (ways.exports(name)) this.exported = this.#on(ways.exportingMeter(scope))
    if (withCallbacks) for (const callback of this.#callbacks) this.exported?.addCallback(callback)
  }

  /** Is judged from now on, or no longer. */
  judge(): void {
    const { ways, scope, name } = this.#asked
    const meter = ways.judges(name) ? ways.judgingMeter(scope) : undefined
    if (!meter) {
      for (const callback of this.#callbacks) this.judged?.removeCallback(callback)
      this.judged = undefined
    } else if (!this.judged) {
      this.judged = this.#on(meter)
      for (const callback of this.#callbacks) this.judged?.addCallback(callback)
    }
  }

  #on(meter: Meter | undefined): Observable | undefined {
    const { method, name, options } = this.#asked
    return meter?.[method](name, options)
  }
}
