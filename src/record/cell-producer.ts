/**
 * Hands the cells to one OTel metric reader as ordinary data points. A producer belongs to one reader: with delta
 * temporality it remembers what that reader was given.
 */
import { ValueType } from '@opentelemetry/api'
import type { HrTime } from '@opentelemetry/api'
import type { CollectionResult, DataPoint, Histogram, MetricData, MetricProducer } from '@opentelemetry/sdk-metrics'

import type { InstrumentKind, MetricDefinition } from '../catalogue.ts'
import { SCOPE } from '../catalogue.ts'
import type { Clock } from '../types.ts'
import type { Cell, CellStore, LevelCell } from './cells.ts'
import { CounterCell, HistogramCell, toHrTime } from './cells.ts'

// The SDK's enums by value (equal in 2.x and 3.x): importing them would load a copy of the SDK that is not the host's.
const DELTA = 0
const CUMULATIVE = 1
const HISTOGRAM_POINT = 0
const GAUGE_POINT = 2
const SUM_POINT = 3

/** The SDK's names of our instrument kinds, as `selectAggregationTemporality` is asked with. */
const INSTRUMENT_TYPE: Record<InstrumentKind, string> = {
  counter: 'COUNTER',
  histogram: 'HISTOGRAM',
  observable_up_down_counter: 'OBSERVABLE_UP_DOWN_COUNTER',
  observable_gauge: 'OBSERVABLE_GAUGE',
}

const POINT_SHAPE: Record<InstrumentKind, object> = {
  counter: { dataPointType: SUM_POINT, isMonotonic: true },
  histogram: { dataPointType: HISTOGRAM_POINT },
  observable_up_down_counter: { dataPointType: SUM_POINT, isMonotonic: false },
  observable_gauge: { dataPointType: GAUGE_POINT },
}

export interface CellProducerOptions {
  readonly store: CellStore
  readonly clock: Clock
  readonly version: string
  /** The reader's choice per SDK instrument type, normally its exporter's `selectAggregationTemporality`. */
  readonly selectTemporality: (instrumentType: string) => number
}

export function createCellProducer(options: CellProducerOptions): MetricProducer {
  const { store, clock, selectTemporality } = options
  const scope = { name: SCOPE, version: options.version, schemaUrl: '' }
  const given = new Map<Cell, Given>()
  const temporalities = new Map<InstrumentKind, number>()
  let lastCollectedAt: HrTime | undefined

  function temporalityOf(kind: InstrumentKind): number {
    // Cells hold levels; the delta of a level is of no use to anybody, and no OTLP preference asks for it.
    if (kind === 'observable_up_down_counter') return CUMULATIVE
    let temporality = temporalities.get(kind)
    if (temporality === undefined) temporalities.set(kind, (temporality = selectTemporality(INSTRUMENT_TYPE[kind])))
    return temporality
  }

  function collect(): CollectionResult {
    store.refresh()
    store.beginSeries(lastCollectedAt)
    const now = toHrTime(clock.epochMs())
    const metrics: MetricData[] = []
    for (const { metric, cells } of store.families()) {
      const temporality = temporalityOf(metric.instrument)
      const data = temporality === DELTA ? deltaData(metric, cells, now, lastCollectedAt, given) : cumulativeData(metric, cells, now)
      if (data.dataPoints.length > 0) metrics.push(data)
    }
    lastCollectedAt = now
    return {
      // Readers use the resource of their provider; a producer's own is ignored.
      resourceMetrics: { resource: undefined as never, scopeMetrics: metrics.length > 0 ? [{ scope, metrics }] : [] },
      errors: [],
    }
  }

  return { collect: async () => collect() }
}

/** Cumulative values at the reader's previous collection. */
interface Given {
  value: number
  sum: number
  counts: number[]
}

function cumulativeData(metric: MetricDefinition, cells: ReadonlyMap<string, Cell>, now: HrTime): MetricData {
  const points: DataPoint<unknown>[] = []
  for (const cell of cells.values()) {
    if (cell instanceof CounterCell) {
      if (cell.value > 0) points.push(point(cell.attributes, cell.startTime, now, cell.value))
    } else if (cell instanceof HistogramCell) {
      if (cell.count > 0) {
        points.push(point(cell.attributes, cell.startTime, now, histogram(cell, cell.counts.slice(), cell.count, cell.sum)))
      }
    } else pushLevel(points, cell, now)
  }
  return metricData(metric, CUMULATIVE, points)
}

function deltaData(
  metric: MetricDefinition,
  cells: ReadonlyMap<string, Cell>,
  now: HrTime,
  since: HrTime | undefined,
  given: Map<Cell, Given>,
): MetricData {
  const points: DataPoint<unknown>[] = []
  for (const cell of cells.values()) {
    if (!(cell instanceof CounterCell || cell instanceof HistogramCell)) {
      pushLevel(points, cell, now)
      continue
    }
    let last = given.get(cell)
    const start = last && since ? since : cell.startTime
    if (!last) given.set(cell, (last = { value: 0, sum: 0, counts: [] }))
    if (cell instanceof CounterCell) {
      if (cell.value > last.value) points.push(point(cell.attributes, start, now, cell.value - last.value))
      last.value = cell.value
    } else if (cell.count > last.value) {
      const counts = cell.counts.map((count, bucket) => count - (last.counts[bucket] ?? 0))
      points.push(point(cell.attributes, start, now, histogram(cell, counts, cell.count - last.value, cell.sum - last.sum)))
      last.value = cell.count
      last.sum = cell.sum
      last.counts = cell.counts.slice()
      cell.min = Infinity
      cell.max = -Infinity
    }
  }
  return metricData(metric, DELTA, points)
}

function pushLevel(points: DataPoint<unknown>[], cell: LevelCell, now: HrTime): void {
  if (cell.value !== undefined) points.push(point(cell.attributes, now, now, cell.value))
}

function point(attributes: Cell['attributes'], startTime: HrTime, endTime: HrTime, value: unknown): DataPoint<unknown> {
  return { attributes, startTime, endTime, value }
}

// Plain arrays: the JSON serializer turns typed arrays into objects.
function histogram(cell: HistogramCell, counts: number[], count: number, sum: number): Histogram {
  return { min: cell.min, max: cell.max, sum, count, buckets: { boundaries: cell.bounds as number[], counts } }
}

function metricData(metric: MetricDefinition, temporality: number, dataPoints: DataPoint<unknown>[]): MetricData {
  const descriptor = { name: metric.name, description: metric.description, unit: metric.unit, valueType: ValueType.DOUBLE }
  return { descriptor, aggregationTemporality: temporality, dataPoints, ...POINT_SHAPE[metric.instrument] } as MetricData
}
