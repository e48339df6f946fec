/** What the kind of service, or health.config, calls a record: by its name the metrics that it adds to. */
import type { MetricDefinition } from '../catalogue.ts'
import { EVERY_SERVICE } from '../catalogue.ts'
import type { Drop } from '../record/drop.ts'
import type { Recording } from '../record/recording.ts'
import { type Fields, Tallies } from '../record/tallies.ts'
import { shownValue } from '../rules/shown-value.ts'
import type { ServiceKind } from '../rules/service-kind.ts'
import { type AttemptOf, type RecordData, tallyOf } from '../rules/tally.ts'

export interface RecordsOptions {
  readonly kind: ServiceKind
  /** Those of health.config; one that is called as one of the kind's takes its place. */
  readonly own: Readonly<Record<string, RecordData>>
  /** Metrics that health.config declares. */
  readonly metrics: readonly MetricDefinition[]
  readonly recording: Recording
  readonly drop: Drop
}

interface Known extends Pick<RecordData, 'is'> {
  readonly tallies: Tallies
}

export class Records {
  /** Those that records go into: nobody else is to export them. */
  readonly metrics: readonly MetricDefinition[]
  readonly #known: ReadonlyMap<string, Known>
  readonly #drop: Drop

  /** Throws one sentence if a record goes into a metric that nobody declares, or in a way that the metric does not have. */
  constructor({ kind, own, metrics, recording, drop }: RecordsOptions) {
    const declared = new Map([...EVERY_SERVICE, ...kind.metrics, ...metrics].map((metric) => [metric.name, metric]))
    const compiled = Object.entries({ ...kind.records, ...own }).map(([name, { tallies, is }]) => {
      return { name, is, tallies: tallies.map((tally) => tallyOf(tally, name, declared)) }
    })
    this.metrics = compiled.flatMap(({ tallies }) => tallies.map(({ metric }) => metric))
    this.#known = new Map(
      compiled.map(({ name, is, tallies }) => [
        name,
        { tallies: new Tallies(recording, name, tallies, drop), ...(is !== undefined && { is }) },
      ]),
    )
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
