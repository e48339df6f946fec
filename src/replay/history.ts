/** What Redis has kept of the last day of a service. Pure: entries of streams in, minutes out. */
import type { Counted } from '../types.ts'
import { countedOf } from '../wire/counted.ts'

/** As XRANGE answers: names and values in turns. */
export type StreamEntry = readonly [id: string, fields: readonly string[]]

/** A minute of one instance, by its end. */
export interface HistoryMinute {
  /** Epoch milliseconds of the server. */
  readonly at: number
  readonly instance: string
  /** By name, as text: what is empty was not known. Of several: `queue_sizes.hot`. */
  readonly gauges: ReadonlyMap<string, string>
}

export interface CountedMinute {
  readonly at: number
  readonly instance: string
  readonly counted: Counted
}

const GAUGE = 'gauges.'

/** In the order of time; what is no minute is left out. */
export function historyMinutes(entries: readonly StreamEntry[]): readonly HistoryMinute[] {
  return entries.flatMap(([id, fields]) => {
    const said = pairsOf(fields)
    const instance = said.get('instance')
    const at = timeOf(id)
    if (instance === undefined || at === undefined) return []
    const gauges = Array.from(said).flatMap(([name, value]) => (name.startsWith(GAUGE) ? [[name.slice(GAUGE.length), value] as const] : []))
    return [{ at, instance, gauges: new Map(gauges) }]
  })
}

/** In the order of time; what cannot be read is left out. */
export function countedMinutes(entries: readonly StreamEntry[]): readonly CountedMinute[] {
  return entries.flatMap(([id, fields]) => {
    const said = pairsOf(fields)
    const [instance, counted, at] = [said.get('instance'), countedOf(said.get('counted')), timeOf(id)]
    return instance === undefined || counted === undefined || at === undefined ? [] : [{ at, instance, counted }]
  })
}

function pairsOf(fields: readonly string[]): ReadonlyMap<string, string> {
  return new Map(Array.from({ length: Math.floor(fields.length / 2) }, (_, i) => [fields[2 * i]!, fields[2 * i + 1]!]))
}

function timeOf(id: string): number | undefined {
  const at = Number(id.split('-')[0])
  return Number.isSafeInteger(at) ? at : undefined
}
