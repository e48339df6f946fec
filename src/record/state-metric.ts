/** A state as a metric: one series per state, 1 for the current one, 0 for the others. */
import type { MetricDefinition } from '../catalogue.ts'
import type { Attributes } from '../types.ts'
import type { LevelHandle, Recording } from './recording.ts'

export interface StateMetricOptions {
  readonly metric: MetricDefinition
  /** The attribute that names the state; the catalogue lists its values. */
  readonly attribute: string
  /** Attributes besides: of what it is the state. */
  readonly of?: Attributes
  readonly onChange?: (metric: string) => void
}

export class StateMetric {
  readonly #metric: MetricDefinition
  readonly #levels: ReadonlyMap<string, LevelHandle>
  readonly #onChange: ((metric: string) => void) | undefined
  #state: string | undefined

  constructor(recording: Recording, { metric, attribute, of, onChange }: StateMetricOptions) {
    this.#metric = metric
    const states = metric.attributes[attribute] ?? []
    this.#levels = new Map(states.map((state) => [state, recording.level(metric, { ...of, [attribute]: state })]))
    this.#onChange = onChange
  }

  /** `false` if the metric has no such state. */
  set(state: string): boolean {
    const current = this.#levels.get(state)
    if (!current) return false
    if (this.#state === undefined) this.clear()
    current.set(1)
    if (state !== this.#state) {
      if (this.#state !== undefined) this.#levels.get(this.#state)?.set(0)
      this.#state = state
      this.#onChange?.(this.#metric.name)
    }
    return true
  }

  /** In no state any more: all are 0, for a series that stops is not a series that is 0. */
  clear(): void {
    for (const level of this.#levels.values()) level.set(0)
    this.#state = undefined
  }
}
