/** A state as a metric: one series per state, 1 for the current one, 0 for the others. */
import type { MetricDefinition } from '../catalogue.ts'
import type { LevelHandle, Recording } from './recording.ts'

export class StateMetric {
  readonly #metric: MetricDefinition
  readonly #levels: ReadonlyMap<string, LevelHandle>
  readonly #onChange: (metric: string) => void
  #state: string | undefined

  constructor(
    recording: Recording,
    metric: MetricDefinition,
    attribute: string,
    states: readonly string[],
    onChange: (metric: string) => void,
  ) {
    this.#metric = metric
    this.#levels = new Map(states.map((state) => [state, recording.level(metric, { [attribute]: state })]))
    this.#onChange = onChange
  }

  /** `false` if the metric has no such state. */
  set(state: string): boolean {
    const current = this.#levels.get(state)
    if (!current) return false
    if (this.#state === undefined) for (const level of this.#levels.values()) level.set(0)
    current.set(1)
    if (state !== this.#state) {
      if (this.#state !== undefined) this.#levels.get(this.#state)?.set(0)
      this.#state = state
      this.#onChange(this.#metric.name)
    }
    return true
  }
}
