/** What a service depends on, as OTel metrics: what each required check makes of the service. Rules read them. */
import { DEPENDENCY, HEALTH_DEPENDENCY_STATUS, HEALTH_STATE } from '../catalogue.ts'
import type { Status } from '../types.ts'
import type { Recording } from './recording.ts'
import { StateMetric } from './state-metric.ts'

export class DependencyMetrics {
  readonly #recording: Recording
  readonly #onChange: (metric: string) => void
  readonly #metrics = new Map<string, StateMetric>()

  /** `onChange`: called in the same tick with the name of the metric when a state has changed. */
  constructor(recording: Recording, onChange: (metric: string) => void) {
    this.#recording = recording
    this.#onChange = onChange
  }

  /** All that are known, by the name of the check. What is not checked any more is well: nothing is known to be wrong with it. */
  set(dependencies: ReadonlyMap<string, Status>): void {
    for (const [name, status] of dependencies) this.#metricOf(name).set(status)
    for (const [name, metric] of this.#metrics) if (!dependencies.has(name)) metric.set('healthy')
  }

  #metricOf(name: string): StateMetric {
    const known = this.#metrics.get(name)
    if (known) return known
    const metric = new StateMetric(this.#recording, {
      metric: HEALTH_DEPENDENCY_STATUS,
      attribute: HEALTH_STATE,
      of: { [DEPENDENCY]: name },
      onChange: this.#onChange,
    })
    this.#metrics.set(name, metric)
    return metric
  }
}
