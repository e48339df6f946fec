/** Metrics as rules name them: one that a service records itself is declared by name, instrument and unit. */
import type { InstrumentKind, MetricDefinition } from '../catalogue.ts'
import { shownValue } from './shown-value.ts'
import type { DistributionSelector, EventsSelector, LevelSelector, StateSelector, Where } from '../types.ts'
import type { MetricRef } from './rule-data.ts'

export interface MetricOptions {
  /** UCUM, as given to the instrument: `s`, `By`, `1`, `{request}`. Default `1`. */
  readonly unit?: string
  readonly description?: string
  /** Its attributes; a value list where the set is closed. What is declared here is what rules may select by. */
  readonly attributes?: Readonly<Record<string, readonly string[]>>
  /** Upper bounds of the buckets of a histogram; default: those of the SDK. */
  readonly bounds?: readonly number[]
}

/** A metric, or some of its series. */
export class Metric {
  readonly ref: MetricRef & { readonly definition: MetricDefinition }

  constructor(definition: MetricDefinition, where?: Where) {
    this.ref = { metric: definition.name, definition, ...(where && { where }) }
  }

  /** Those series alone whose attributes are as given: a value, any of several, or `{ not: value }`. */
  where(where: Where): Metric {
    return new Metric(this.ref.definition, { ...this.ref.where, ...where })
  }

  /** The selector of its events, or of how many values a histogram has. */
  get events(): EventsSelector {
    return { kind: 'events', ...this.#selected }
  }

  /** The selector of a histogram's values. */
  get values(): DistributionSelector {
    return { kind: 'distribution', ...this.#selected }
  }

  /** The selector of the last value of a gauge or up-down counter. */
  level(staleAfterSeconds?: number): LevelSelector {
    return { kind: 'level', ...this.#selected, ...(staleAfterSeconds !== undefined && { staleAfterSeconds }), fold: 'sum' }
  }

  /** The selector of the state that carries a 1. */
  state(attribute: string): StateSelector {
    return { kind: 'state', ...this.#selected, attribute }
  }

  get #selected(): { metric: string; where?: Where } {
    const { metric, where } = this.ref
    return { metric, ...(where && { where }) }
  }
}

/** A metric as whoever writes a rule has it: declared, or by the name under which the kind or health.config declares it. */
export type AnyMetric = Metric | MetricRef | string

/** By what it is made of: a metric may come from another copy of this package than the one that judges it. */
export function isMetric(value: unknown): value is Metric {
  return typeof (value as { ref?: { definition?: unknown } } | undefined)?.ref?.definition === 'object'
}

export function refOf(metric: AnyMetric): MetricRef {
  if (isMetric(metric)) return metric.ref
  return typeof metric === 'string' ? { metric } : metric
}

export function counter(name: string, options?: MetricOptions): Metric {
  return declared(name, 'counter', options)
}

export function histogram(name: string, options?: MetricOptions): Metric {
  return declared(name, 'histogram', options)
}

/** Synchronous or observable, which is all one to who judges. */
export function gauge(name: string, options?: MetricOptions): Metric {
  return declared(name, 'observable_gauge', options)
}

/** Synchronous or observable. */
export function upDownCounter(name: string, options?: MetricOptions): Metric {
  return declared(name, 'observable_up_down_counter', options)
}

/** Of OTel's specification, "Instrument name syntax". */
const NAME = /^[A-Za-z][A-Za-z0-9_./-]{0,254}$/

function declared(name: string, instrument: InstrumentKind, options: MetricOptions = {}): Metric {
  return new Metric(defineMetric(name, instrument, options))
}

/** Throws one sentence if the name is none that OTel allows, a field is of the wrong type, or the bounds do not rise. */
export function defineMetric(name: string, instrument: InstrumentKind, options: MetricOptions): MetricDefinition {
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new Error(
      `The metric ${shownValue(name)} has no name that OpenTelemetry allows: use letters, digits and _ . - / after a letter, 255 at most.`,
    )
  }
  const { unit = '1', description = '', attributes = {}, bounds } = options
  if (typeof unit !== 'string' || unit === '') {
    throw new Error(
      `The unit of the metric ${name} is ${shownValue(unit)}, expected a text as it is given to the instrument, such as "s" or "By".`,
    )
  }
  if (typeof description !== 'string')
    throw new Error(`The description of the metric ${name} is ${shownValue(description)}, expected a text.`)
  if (!isAttributes(attributes)) {
    throw new Error(
      `The attributes of the metric ${name} are ${shownValue(attributes)}, expected an object from attribute to the list of its values, empty where there is no such list.`,
    )
  }
  if (bounds === undefined) return { name, instrument, unit, description, attributes }
  if (instrument !== 'histogram') throw new Error(`The metric ${name} has bounds, which are of use to a histogram only: leave them out.`)
  if (!areBounds(bounds)) {
    throw new Error(`The bounds of the metric ${name} are ${shownValue(bounds)}, expected a list of finite numbers that rise.`)
  }
  return { name, instrument, unit, description, attributes, bounds }
}

function isAttributes(attributes: unknown): boolean {
  const isList = (values: unknown) => Array.isArray(values) && values.every((value) => typeof value === 'string')
  return typeof attributes === 'object' && attributes !== null && !Array.isArray(attributes) && Object.values(attributes).every(isList)
}

function areBounds(bounds: unknown): boolean {
  return (
    Array.isArray(bounds) && bounds.length > 0 && bounds.every((bound, index) => Number.isFinite(bound) && !(bound <= bounds[index - 1]))
  )
}
