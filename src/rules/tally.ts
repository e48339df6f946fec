/** What a record of a service adds to its metrics: into(lookups).by('cache.result', 'result'), or the same as data. */
import type { MetricDefinition } from '../catalogue.ts'
import type { AttemptOf, Attributes, RecordMeaning, Tally } from '../types.ts'
import type { AnyMetric } from './metric-ref.ts'
import { refOf } from './metric-ref.ts'
import type { MetricRef } from './rule-data.ts'
import { shownValue } from './shown-value.ts'
import { unitOf } from './unit.ts'

/** One metric of one record. Fields are properties of the record, or of the entries of `each`. */
export interface TallyData {
  /** A counter is added to, a histogram records, a gauge or an up-down counter is set. `where`: attributes that are always the same. */
  readonly into: MetricRef | string
  /** The field with the amount, or with a list whose length it is; left out, each record counts 1. One that is not there adds nothing. */
  readonly of?: string
  /** What that field is in, if not in the unit of the metric: `ms`. */
  readonly in?: string
  /** The field with a list: each of its entries is a record of its own. */
  readonly each?: string
  /** Attribute -> the field with its value. */
  readonly by?: Readonly<Record<string, string>>
}

/** Every word gives a new one; whether it makes sense is found out when a monitor is made of it. */
export class TallySentence {
  readonly data: TallyData

  constructor(data: TallyData) {
    this.data = data
  }

  /** The field with the amount, or with a list whose length it is; `unit`: what it is in, if not in the unit of the metric. */
  of(field: string, unit?: string): TallySentence {
    return new TallySentence({ ...this.data, of: field, ...(unit !== undefined && { in: unit }) })
  }

  /** Each entry of the list in this field is a record of its own. */
  each(field: string): TallySentence {
    return new TallySentence({ ...this.data, each: field })
  }

  /** Of values that the metric does not name, the first 50 are told apart, and 30 error types; what is beyond is `_OTHER`. */
  by(attribute: string, field: string): TallySentence {
    return new TallySentence({ ...this.data, by: { ...this.data.by, [attribute]: field } })
  }
}

/** A record adds to this metric; attributes that `where` names are always the same. */
export function into(metric: AnyMetric): TallySentence {
  return new TallySentence({ into: refOf(metric) })
}

export interface RecordData {
  /** What it is about, for the reference. */
  readonly about?: string
  readonly tallies: readonly TallyData[]
  /** Left out: it is no attempt. */
  readonly is?: AttemptOf
}

/** By name: what `records` of a method or channel may say. */
export type RecordsConfig = Readonly<
  Record<
    string,
    readonly (TallySentence | TallyData)[] | { readonly is?: AttemptOf; readonly tallies?: readonly (TallySentence | TallyData)[] }
  >
>

export function readRecords(config: RecordsConfig | undefined): Readonly<Record<string, RecordData>> {
  return Object.fromEntries(
    Object.entries(config ?? {}).map(([name, record]) => {
      if (isList(record)) return [name, { tallies: record.map(dataOf) }]
      const { is, tallies = [] } = record
      return [name, { tallies: tallies.map(dataOf), ...(is !== undefined && { is }) }]
    }),
  )
}

function isList(record: RecordsConfig[string]): record is readonly (TallySentence | TallyData)[] {
  return Array.isArray(record)
}

/** By what it is made of: it may come from another copy of this package. */
function dataOf(tally: TallySentence | TallyData): TallyData {
  return 'data' in tally ? tally.data : tally
}

/** Throws one sentence if one of its tallies cannot be made. */
export function compileRecord(name: string, { tallies, is }: RecordData, metrics: ReadonlyMap<string, MetricDefinition>): RecordMeaning {
  return { tallies: tallies.map((tally) => tallyOf(tally, name, metrics)), ...(is !== undefined && { is }) }
}

/** Throws one sentence if nobody declares the metric, it has no such attribute or value, or the unit does not fit. */
export function tallyOf(data: TallyData, record: string, metrics: ReadonlyMap<string, MetricDefinition>): Tally {
  const ref = typeof data.into === 'string' ? { metric: data.into } : data.into
  const metric = withBounds(ref.definition ?? metrics.get(ref.metric))
  if (!metric) {
    throw new Error(
      `The record ${record} goes into the metric ${shownValue(ref.metric)}, which neither the kind of service nor "metrics" of health.config declares: declare it with its instrument and unit.`,
    )
  }
  const { of, each, by = {} } = data
  const always = alwaysOf(ref, record, metric)
  const known = Object.keys(metric.attributes)
  const strange = [...Object.keys(by), ...Object.keys(always)].find((attribute) => known.length > 0 && !known.includes(attribute))
  if (strange !== undefined) {
    throw new Error(
      `The record ${record} goes into ${metric.name} by ${strange}, but its attributes are ${known.join(', ')}: use one of these.`,
    )
  }
  if (of === undefined && metric.instrument !== 'counter') {
    throw new Error(`The record ${record} goes into ${metric.name}, which is no counter: say with "of" which field holds the value.`)
  }
  return {
    metric,
    always,
    by: Object.entries(by),
    factor: data.in === undefined ? 1 : factorOf(data.in, metric, record),
    ...(of !== undefined && { of }),
    ...(each !== undefined && { each }),
  }
}

/** Those that the OpenTelemetry SDK gives a histogram without any. */
const BOUNDS = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10_000]

function withBounds(metric: MetricDefinition | undefined): MetricDefinition | undefined {
  return metric?.instrument === 'histogram' && !metric.bounds ? { ...metric, bounds: BOUNDS } : metric
}

function alwaysOf({ where = {} }: MetricRef, record: string, { name, attributes }: MetricDefinition): Attributes {
  return Object.fromEntries(
    Object.entries(where).map(([attribute, value]) => {
      const listed = attributes[attribute] ?? []
      if (typeof value === 'string' && (listed.length === 0 || listed.includes(value))) return [attribute, value]
      const expected = listed.length === 0 ? 'one text' : `one of ${listed.join(', ')}`
      throw new Error(`The record ${record} goes into ${name} where ${attribute} is ${shownValue(value)}, expected ${expected}.`)
    }),
  )
}

function factorOf(unit: string, { unit: own, name }: MetricDefinition, record: string): number {
  const factor = unitOf(unit, own)?.factor
  if (factor !== undefined) return factor
  throw new Error(`The record ${record} is in ${shownValue(unit)}, expected a unit that goes with that of ${name} (${own}).`)
}
