/**
 * The recording of a monitor that may find another SDK in its process. Everything goes into cells, which are judged at
 * once; what is recorded goes to that SDK's meter too, from the first value on, however late the SDK is found. Metrics that
 * the conventions name do not: that SDK's own instrumentations record them, and a request would be exported twice.
 */
import type { Meter } from '@opentelemetry/api'

import { diag } from '../diag.ts'
import type { MetricDefinition } from '../catalogue.ts'
import type { Attributes } from '../types.ts'
import type { Cell, CellStore, CounterCell, HistogramCell, LevelCell } from './cells.ts'
import { MeterRecording } from './meter-recording.ts'
import type { CounterHandle, HistogramHandle, LevelHandle, Recording } from './recording.ts'

/** Values of histograms that are kept for a meter that may come; a cell knows their sum and buckets, not the values. */
const EARLY_LIMIT = 10_000

interface TeeHandle {
  /** From now on what is recorded goes to `meter` too, after what the cell holds already. */
  join(meter: MeterRecording): void
}

/** Through whose SDK figures leave: ours alone, or the one that was found in this process. */
export type Decided = 'own' | 'sdk'

/** The search for another SDK. */
interface Search {
  over: boolean
  readonly look: () => void
}

interface EarlyValue {
  readonly handle: TeeHistogram
  readonly value: number
}

export class TeeRecording implements Recording {
  readonly #cells: CellStore
  readonly #findMeter: () => Meter | undefined
  readonly #handles = new Map<Cell, TeeHandle>()
  readonly #early: EarlyValue[] = []
  readonly #onDecided: ((decided: Decided) => void)[] = []
  #meter: MeterRecording | undefined

  /** `findMeter` is asked before each record until it answers or `settle` is called, so that it must be cheap. */
  constructor(cells: CellStore, findMeter: () => Meter | undefined) {
    this.#cells = cells
    this.#findMeter = findMeter
  }

  /** Whether what is recorded leaves through somebody else's meter. */
  get joined(): boolean {
    return this.#meter !== undefined
  }

  get decided(): Decided | 'undecided' {
    if (!this.#search.over) return 'undecided'
    return this.joined ? 'sdk' : 'own'
  }

  /** Calls `listener` in the moment of the decision, which is one for good; at once if that is over. It must not throw. */
  onDecided(listener: (decided: Decided) => void): void {
    const { decided } = this
    if (decided === 'undecided') this.#onDecided.push(listener)
    else listener(decided)
  }

  counter(metric: MetricDefinition, attributes: Attributes): CounterHandle {
    const cell = this.#cells.counter(metric, attributes)
    if (metric.convention) return cell
    return this.#handle(cell, () => new TeeCounter(metric, cell, this.#search))
  }

  histogram(metric: MetricDefinition, attributes: Attributes): HistogramHandle {
    const cell = this.#cells.histogram(metric, attributes)
    if (metric.convention) return cell
    return this.#handle(cell, () => new TeeHistogram(metric, cell, this.#search, this.#keep))
  }

  level(metric: MetricDefinition, attributes: Attributes): LevelHandle {
    const cell = this.#cells.level(metric, attributes)
    if (metric.convention) return cell
    return this.#handle(cell, () => new TeeLevel(metric, cell, this.#search))
  }

  onCollect(refresh: () => void): void {
    this.#cells.onCollect(refresh)
  }

  /** Joins the other SDK if it is there by now. Whether it is joined. */
  join(): boolean {
    if (!this.#search.over) this.#tryToJoin()
    return this.joined
  }

  /** No SDK is joined from now on: something else has begun to export the cells. */
  settle(): void {
    this.#search.over = true
    this.#early.length = 0
    for (const listener of this.#onDecided.splice(0)) listener(this.joined ? 'sdk' : 'own')
  }

  /** What every handle asks before it records; one object, so that asking costs one read. */
  readonly #search: Search = { over: false, look: () => this.#tryToJoin() }

  #tryToJoin(): void {
    try {
      const meter = this.#findMeter()
      if (!meter) return
      this.#meter = new MeterRecording(meter)
      this.#meter.onCollect(() => this.#cells.refresh())
      for (const handle of this.#handles.values()) handle.join(this.#meter)
      for (const { handle, value } of this.#early) handle.foreign?.record(value)
      diag.info('otel-health: figures leave through the OpenTelemetry SDK that was found in this process')
    } catch (error) {
      diag.warn('otel-health: the OpenTelemetry SDK found in this process does not take the figures; health is judged all the same:', error)
    }
    this.settle()
  }

  readonly #keep = (handle: TeeHistogram, value: number): void => {
    if (this.#search.over) return
    if (this.#early.push({ handle, value }) >= EARLY_LIMIT) this.settle()
  }

  #handle<H extends TeeHandle>(cell: Cell, create: () => H): H {
    let handle = this.#handles.get(cell) as H | undefined
    if (!handle) {
      this.#handles.set(cell, (handle = create()))
      if (this.#meter) handle.join(this.#meter)
    }
    return handle
  }
}

class TeeCounter implements CounterHandle, TeeHandle {
  readonly #metric: MetricDefinition
  readonly #cell: CounterCell
  readonly #search: Search
  #foreign: CounterHandle | undefined

  constructor(metric: MetricDefinition, cell: CounterCell, search: Search) {
    this.#metric = metric
    this.#cell = cell
    this.#search = search
  }

  add(n: number): void {
    if (!this.#search.over) this.#search.look()
    this.#cell.add(n)
    this.#foreign?.add(n)
  }

  join(meter: MeterRecording): void {
    this.#foreign = meter.counter(this.#metric, this.#cell.attributes)
    if (this.#cell.value > 0) this.#foreign.add(this.#cell.value)
  }
}

class TeeHistogram implements HistogramHandle, TeeHandle {
  readonly #metric: MetricDefinition
  readonly #cell: HistogramCell
  readonly #search: Search
  readonly #keep: (handle: TeeHistogram, value: number) => void
  foreign: HistogramHandle | undefined

  constructor(metric: MetricDefinition, cell: HistogramCell, search: Search, keep: (handle: TeeHistogram, value: number) => void) {
    this.#metric = metric
    this.#cell = cell
    this.#search = search
    this.#keep = keep
  }

  record(value: number): void {
    if (!this.#search.over) this.#search.look()
    this.#cell.record(value)
    if (this.foreign) this.foreign.record(value)
    else this.#keep(this, value)
  }

  join(meter: MeterRecording): void {
    this.foreign = meter.histogram(this.#metric, this.#cell.attributes)
  }
}

class TeeLevel implements LevelHandle, TeeHandle {
  readonly #metric: MetricDefinition
  readonly #cell: LevelCell
  readonly #search: Search
  #foreign: LevelHandle | undefined

  constructor(metric: MetricDefinition, cell: LevelCell, search: Search) {
    this.#metric = metric
    this.#cell = cell
    this.#search = search
  }

  set(value: number): void {
    if (!this.#search.over) this.#search.look()
    this.#cell.set(value)
    this.#foreign?.set(value)
  }

  join(meter: MeterRecording): void {
    this.#foreign = meter.level(this.#metric, this.#cell.attributes)
    if (this.#cell.value !== undefined) this.#foreign.set(this.#cell.value)
  }
}
