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
    if (!this.#levels.has(state)) return false
    for (const [each, level] of this.#levels) level.set(each === state ? 1 : 0)
    if (state !== this.#state) {
      this.#state = state
      this.#onChange(this.#metric.name)
    }
    return true
  }
}
