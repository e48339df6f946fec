/**
 * What recorders write to. Two implementations, chosen once at start: cells (owned provider) and API instruments
 * (foreign provider). A handle is resolved once per series; recording through it derives no key and allocates nothing.
 */
import type { MetricDefinition } from '../catalogue.ts'
import type { Attributes } from '../types.ts'

export interface CounterHandle {
  /** `n` is a finite number >= 0; recorders check before they call. */
  add(n: number): void
}

export interface HistogramHandle {
  /** `value` is a finite number >= 0; recorders check before they call. */
  record(value: number): void
}

export interface LevelHandle {
  /** Sets the current level; it is collected until it is set again. */
  set(value: number): void
}

export interface Recording {
  counter(metric: MetricDefinition, attributes: Attributes): CounterHandle
  histogram(metric: MetricDefinition, attributes: Attributes): HistogramHandle
  level(metric: MetricDefinition, attributes: Attributes): LevelHandle
  /** Runs before each collection, for levels that are cheaper to read than to keep, such as process memory. */
  onCollect(refresh: () => void): void
}
