/**
 * The owned recording: one mutable cell per series, the single source of what is judged and what is exported.
 * A cell is its own `Series`, so a reader knows a series by object identity and never derives a key.
 */
import type { HrTime } from '@opentelemetry/api'

import { diag } from '../diag.ts'
import type { MetricDefinition } from '../catalogue.ts'
import type { Attributes, Clock, Sample, Series } from '../types.ts'
import type { CounterHandle, HistogramHandle, LevelHandle, Recording } from './recording.ts'

/** Series per metric, the overflow series among them, as in the OTel SDK's default cardinality limit. */
export const CARDINALITY_LIMIT = 2000

const OVERFLOW: Attributes = { 'otel.metric.overflow': 'true' }

export class CounterCell implements Series, CounterHandle {
  readonly metric: string
  readonly attributes: Attributes
  /** When it was made, or later: when it is known to have been 0 still. */
  startTime: HrTime
  value = 0

  constructor(metric: string, attributes: Attributes, startTime: HrTime) {
    this.metric = metric
    this.attributes = attributes
    this.startTime = startTime
  }

  add(n: number): void {
    this.value += n
  }
}

export class HistogramCell implements Series, HistogramHandle {
  readonly metric: string
  readonly attributes: Attributes
  /** When it was made, or later: when it is known to have been empty still. */
  startTime: HrTime
  readonly bounds: readonly number[]
  readonly counts: number[]
  count = 0
  sum = 0
  min = Infinity
  max = -Infinity

  constructor(metric: string, attributes: Attributes, startTime: HrTime, bounds: readonly number[]) {
    this.metric = metric
    this.attributes = attributes
    this.startTime = startTime
    this.bounds = bounds
    this.counts = new Array<number>(bounds.length + 1).fill(0)
  }

  record(value: number): void {
    const bounds = this.bounds
    let bucket = 0
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++
    this.counts[bucket]!++
    this.count++
    this.sum += value
    if (value < this.min) this.min = value
    if (value > this.max) this.max = value
  }
}

export class LevelCell implements Series, LevelHandle {
  readonly metric: string
  readonly attributes: Attributes
  readonly #clock: Clock
  value: number | undefined = undefined
  /** On the monotonic clock. */
  setAt = 0

  constructor(metric: string, attributes: Attributes, clock: Clock) {
    this.metric = metric
    this.attributes = attributes
    this.#clock = clock
  }

  set(value: number): void {
    this.value = value
    this.setAt = this.#clock.monotonicMs()
  }
}

export type Cell = CounterCell | HistogramCell | LevelCell

export interface CellFamily {
  readonly metric: MetricDefinition
  readonly cells: Map<string, Cell>
}

export class CellStore implements Recording {
  readonly #clock: Clock
  readonly #families = new Map<string, CellFamily>()
  readonly #refreshers: (() => void)[] = []
  /** Series that had no value yet when somebody looked. */
  #unbegun: (CounterCell | HistogramCell)[] = []
  /** Requests for a series beyond the limit; they were given the overflow series of their metric. */
  overflowed = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  counter(metric: MetricDefinition, attributes: Attributes): CounterCell {
    return this.#resolve(metric, attributes, (attrs) =>
      this.#unbegunOne(new CounterCell(metric.name, attrs, toHrTime(this.#clock.epochMs()))),
    )
  }

  histogram(metric: MetricDefinition, attributes: Attributes): HistogramCell {
    return this.#resolve(metric, attributes, (attrs) =>
      this.#unbegunOne(new HistogramCell(metric.name, attrs, toHrTime(this.#clock.epochMs()), metric.bounds ?? [])),
    )
  }

  level(metric: MetricDefinition, attributes: Attributes): LevelCell {
    return this.#resolve(metric, attributes, (attrs) => new LevelCell(metric.name, attrs, this.#clock))
  }

  onCollect(refresh: () => void): void {
    this.#refreshers.push(refresh)
  }

  refresh(): void {
    for (const refresh of this.#refreshers) refresh()
  }

  /**
   * Series that got their first value since `zeroAt`, when all was collected, began then: they were 0. A backend that knows when a series
   * was 0 sees its first increments; with a start long before the first point they would be spread over all that time. `undefined`: nobody
   * has collected before, and they began when they were made.
   */
  beginSeries(zeroAt: HrTime | undefined): void {
    this.#unbegun = this.#unbegun.filter((cell) => {
      if (cell instanceof CounterCell ? cell.value === 0 : cell.count === 0) return true
      if (zeroAt && isBefore(cell.startTime, zeroAt)) cell.startTime = zeroAt
      return false
    })
  }

  /** Every metric with its cells, in order of first use. Untouched cells are included. */
  families(): Iterable<CellFamily> {
    return this.#families.values()
  }

  /** One sample per series that has been recorded, as of now; of all metrics, or of those named. */
  samples(metrics?: ReadonlySet<string>): Sample[] {
    const samples: Sample[] = []
    for (const { metric, cells } of this.#families.values()) {
      if (metrics && !metrics.has(metric.name)) continue
      for (const cell of cells.values()) {
        if (cell instanceof CounterCell) {
          if (cell.value > 0) samples.push({ series: cell, kind: 'sum', value: cell.value })
        } else if (cell instanceof HistogramCell) {
          if (cell.count > 0) samples.push({ series: cell, kind: 'histogram', value: cell })
        } else if (cell.value !== undefined) {
          samples.push({ series: cell, kind: 'level', value: cell.value, setAt: cell.setAt })
        }
      }
    }
    return samples
  }

  #unbegunOne<C extends CounterCell | HistogramCell>(cell: C): C {
    this.#unbegun.push(cell)
    return cell
  }

  #resolve<C extends Cell>(metric: MetricDefinition, attributes: Attributes, create: (attributes: Attributes) => C): C {
    let family = this.#families.get(metric.name)
    if (!family) this.#families.set(metric.name, (family = { metric, cells: new Map() }))
    const key = seriesKey(attributes)
    let cell = family.cells.get(key)
    if (!cell && family.cells.size >= CARDINALITY_LIMIT - 1) {
      if (this.overflowed++ === 0) {
        diag.warn(
          `otel-health: ${metric.name} has more than ${CARDINALITY_LIMIT} series; further ones are counted together as otel.metric.overflow`,
        )
      }
      return this.#overflow(family, create)
    }
    if (!cell) family.cells.set(key, (cell = create(Object.freeze({ ...attributes }))))
    return cell as C
  }

  #overflow<C extends Cell>(family: CellFamily, create: (attributes: Attributes) => C): C {
    const key = seriesKey(OVERFLOW)
    let cell = family.cells.get(key)
    if (!cell) family.cells.set(key, (cell = create(OVERFLOW)))
    return cell as C
  }
}

export function toHrTime(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1000)
  return [seconds, Math.round((epochMs - seconds * 1000) * 1e6)]
}

function isBefore(a: HrTime, b: HrTime): boolean {
  return a[0] < b[0] || (a[0] === b[0] && a[1] < b[1])
}

function seriesKey(attributes: Attributes): string {
  return JSON.stringify(Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
