/** Metrics that others record, as they were last collected. */
import type { Sample } from '../types.ts'

export interface MetricSource {
  samples(): readonly Sample[]
  /** Of other metrics nothing is kept. */
  keep(metrics: ReadonlySet<string>): void
}
