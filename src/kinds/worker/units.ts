/**
 * The evidence behind attempts. One bad call fails a whole batch and is still one piece of evidence, a unit; rules judge
 * units, and how many of the same outcome came last.
 */
import type { MetricDefinition } from '../../catalogue.ts'
import type { Attributes } from '../../types.ts'
import type { CounterHandle, Recording } from '../../record/recording.ts'

export interface UnitMetrics {
  readonly units: MetricDefinition
  /** Attribute of `units` that says `ok` or `failed`. */
  readonly outcome: string
  readonly streak: MetricDefinition
}

export class Units {
  readonly #ok: CounterHandle
  readonly #failed: CounterHandle
  #streak = 0

  /** `of`: attributes of all its series. */
  constructor(recording: Recording, { units, outcome, streak }: UnitMetrics, of: Attributes = {}) {
    this.#ok = recording.counter(units, { ...of, [outcome]: 'ok' })
    this.#failed = recording.counter(units, { ...of, [outcome]: 'failed' })
    const level = recording.level(streak, of)
    // Set when somebody looks: a level takes the time, which would cost more than all the rest of an attempt.
    recording.onCollect(() => {
      if (this.#streak !== 0) level.set(this.#streak)
    })
  }

  add(ok: boolean): void {
    if (ok) this.#ok.add(1)
    else this.#failed.add(1)
    this.#streak = ok ? Math.max(0, this.#streak) + 1 : Math.min(0, this.#streak) - 1
  }

  /** All attempts of one batch: one unit, failed if more than half of them failed; none if there were none. */
  addBatch(attempts: number, failures: number): void {
    if (attempts > 0) this.add(failures * 2 <= attempts)
  }
}
