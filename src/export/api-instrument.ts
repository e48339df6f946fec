/**
 * A counter, up-down counter, histogram or gauge that a service made with the API before anybody knew through which SDK its values
 * leave, or that a rule names. What is recorded goes where it leaves, to be judged besides if a rule names it, and never throws.
 */
import type { Attributes, Context, Counter, Gauge, Histogram, Meter, UpDownCounter } from '@opentelemetry/api'

import type { Asked, Put, Waiting } from './api-ways.ts'

export type RecordingMethod = 'createCounter' | 'createUpDownCounter' | 'createHistogram' | 'createGauge'
type Made = Counter | UpDownCounter | Histogram | Gauge

export class ApiInstrument implements Waiting {
  readonly #asked: Asked<RecordingMethod>
  exported: Put | undefined
  #judged: Put | undefined

  constructor(asked: Asked<RecordingMethod>) {
    this.#asked = asked
    this.bind()
    this.judge()
  }

  /** Of counters and up-down counters. */
  add(value: number, attributes?: Attributes, context?: Context): void {
    this.#put(value, attributes, context)
  }

  /** Of histograms and gauges. */
  record(value: number, attributes?: Attributes, context?: Context): void {
    this.#put(value, attributes, context)
  }

  /** Takes the way out if it is known. */
  bind(): void {
    const { ways, scope, name } = this.#asked
    if (ways.exports(name)) this.exported ??= this.#on(ways.exportingMeter(scope))
  }

  /** Is judged from now on, or no longer. */
  judge(): void {
    const { ways, scope, name } = this.#asked
    const meter = ways.judges(name) ? ways.judgingMeter(scope) : undefined
    this.#judged = meter ? (this.#judged ?? this.#on(meter)) : undefined
  }

  #on(meter: Meter | undefined): Put | undefined {
    if (!meter) return undefined
    const { method, name, options } = this.#asked
    const made: Made = meter[method](name, options)
    return 'add' in made ? made.add.bind(made) : made.record.bind(made)
  }

  #put(value: number, attributes: Attributes | undefined, context: Context | undefined): void {
    const { ways } = this.#asked
    // No closure: this is what the service does most.
    try {
      if (ways.undecided) ways.look()
      if (this.exported) this.exported(value, attributes, context)
      else if (ways.undecided) ways.keepEarly(this, value, attributes, context)
      this.#judged?.(value, attributes, context)
    } catch (error) {
      ways.failed(error)
    }
  }
}
