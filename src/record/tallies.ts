/** One record of a service, added to the metrics that its meaning names. Nothing here throws, whatever is given. */
import { ERROR_TYPE } from '../catalogue.ts'
import type { Attributes, Tally } from '../types.ts'
import { isAmount } from './amount.ts'
import { BoundedValues, cleanErrorType, cleanName } from './bounded-values.ts'
import type { Drop } from './drop.ts'
import type { Recording } from './recording.ts'

/** What a record says, by field. */
export type Fields = Readonly<Record<string, unknown>>

/** Values told apart of an attribute whose values nobody listed: a name times an error type is a series of its own. */
const NAMES = 50
const ERRORS = 30

type Add = (amount: number) => void

export class Tallies {
  readonly #writers: readonly TallyWriter[]
  readonly #drop: Drop
  readonly #meaning: string

  /** `meaning`: what the records are called where one is dropped. */
  constructor(recording: Recording, meaning: string, tallies: readonly Tally[], drop: Drop) {
    this.#writers = tallies.map((tally) => new TallyWriter(recording, tally, meaning, drop))
    this.#meaning = meaning
    this.#drop = drop
  }

  add(fields: Fields): void {
    try {
      for (const writer of this.#writers) writer.add(fields)
    } catch {
      this.#drop(`a record of ${this.#meaning} that cannot be read`)
    }
  }
}

class TallyWriter {
  readonly #recording: Recording
  readonly #tally: Tally
  readonly #meaning: string
  readonly #drop: Drop
  readonly #values: readonly { readonly attribute: string; readonly field: string; readonly of: (raw: string) => string }[]
  /** By the values of its attributes. */
  readonly #series = new Map<string, Add>()

  constructor(recording: Recording, tally: Tally, meaning: string, drop: Drop) {
    this.#recording = recording
    this.#tally = tally
    this.#meaning = meaning
    this.#drop = drop
    this.#values = tally.by.map(([attribute, field]) => ({ attribute, field, of: valuesOf(attribute, tally) }))
  }

  add(fields: Fields): void {
    const { each } = this.#tally
    if (each === undefined) return this.#addOne(fields)
    const list = fields[each]
    if (list === undefined || list === null) return
    if (!Array.isArray(list)) return this.#drop(`${each} of ${this.#meaning} that is no list`)
    for (const entry of list as readonly unknown[]) this.#addOne((entry ?? {}) as Fields)
  }

  #addOne(fields: Fields): void {
    const { of, factor } = this.#tally
    const given = of === undefined ? 1 : fields[of]
    if (given === undefined || given === null) return
    const amount = Array.isArray(given) ? given.length : given
    if (!isAmount(amount)) return this.#drop(`${of} of ${this.#meaning} that is no amount`)
    this.#seriesOf(fields)(amount * factor)
  }

  #seriesOf(fields: Fields): Add {
    let key = ''
    const values = this.#values.map(({ field, of }) => {
      const raw = fields[field]
      const value = typeof raw === 'string' || typeof raw === 'number' || typeof raw === 'boolean' ? of(String(raw)) : undefined
      key += `${value ?? ''}\n`
      return value
    })
    let add = this.#series.get(key)
    if (!add) this.#series.set(key, (add = this.#adder(values)))
    return add
  }

  #adder(values: readonly (string | undefined)[]): Add {
    const { metric, always } = this.#tally
    const attributes: Record<string, string> = { ...always }
    for (const [index, value] of values.entries()) if (value !== undefined) attributes[this.#values[index]!.attribute] = value
    return adderTo(this.#recording, metric, attributes)
  }
}

function adderTo(recording: Recording, metric: Tally['metric'], attributes: Attributes): Add {
  switch (metric.instrument) {
    case 'counter': {
      const counter = recording.counter(metric, attributes)
      return (amount) => counter.add(amount)
    }
    case 'histogram': {
      const histogram = recording.histogram(metric, attributes)
      return (amount) => histogram.record(amount)
    }
    default: {
      const level = recording.level(metric, attributes)
      return (amount) => level.set(amount)
    }
  }
}

/** Where the metric lists the values, any other is `_OTHER`. */
function valuesOf(attribute: string, { metric }: Tally): (raw: string) => string {
  const listed = metric.attributes[attribute] ?? []
  if (listed.length > 0) return (raw) => (listed.includes(raw) ? raw : '_OTHER')
  const bounded = attribute === ERROR_TYPE ? new BoundedValues(ERRORS, cleanErrorType) : new BoundedValues(NAMES, cleanName)
  return (raw) => bounded.of(raw)
}
