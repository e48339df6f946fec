/** What may be recorded, by its name. */
import type { MetricDefinition } from '../catalogue.ts'
import type { Drop } from '../record/drop.ts'
import type { Recording } from '../record/recording.ts'
import { type Fields, Tallies } from '../record/tallies.ts'
import { shownValue } from '../rules/shown-value.ts'
import type { AttemptOf, Profile } from '../types.ts'

export interface RecordsOptions extends Pick<Profile, 'records'> {
  readonly recording: Recording
  readonly drop: Drop
}

export class Records {
  /** Those that records go into: nobody else is to export them. */
  readonly metrics: readonly MetricDefinition[]
  readonly #known: ReadonlyMap<string, { readonly tallies: Tallies; readonly is: AttemptOf | undefined }>
  readonly #drop: Drop

  constructor({ records = {}, recording, drop }: RecordsOptions) {
    const meanings = Object.entries(records)
    this.metrics = meanings.flatMap(([, { tallies }]) => tallies.map(({ metric }) => metric))
    this.#known = new Map(meanings.map(([name, { tallies, is }]) => [name, { tallies: new Tallies(recording, name, tallies, drop), is }]))
    this.#drop = drop
  }

  /** Never throws: a record of a name that is not known is dropped and counted. Returns which attempt it is besides, if any. */
  add(name: string, fields: Fields): AttemptOf | undefined {
    const known = this.#known.get(name)
    if (!known) {
      this.#drop(
        `a record called ${typeof name === 'string' ? name : shownValue(name)}, which neither the kind of service nor health.config has,`,
      )
      return undefined
    }
    if (typeof fields !== 'object' || fields === null) {
      this.#drop(`a record of ${name} without fields`)
      return undefined
    }
    known.tallies.add(fields)
    return known.is
  }
}
