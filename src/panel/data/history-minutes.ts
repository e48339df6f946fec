/** Minutes of instances out of the history stream of a service: only the figures that are wanted are kept of each. */
import { isStatus } from '../../wire/closed-lists.ts'
import type { Status } from '../../types.ts'
import type { RedisClient } from '../../wire/redis-client.ts'
import { pagesBackward, timeOf, type StreamEntry } from './read-stream.ts'

export interface Minute {
  /** Its end. Epoch milliseconds of the server. */
  readonly at: number
  readonly instance: string
  readonly status: Status | undefined
  /** By figure; `null`: it was not known. */
  readonly values: ReadonlyMap<string, number | null>
}

export interface ReadHistory {
  /** Oldest first. */
  readonly minutes: readonly Minute[]
  /** The figures that were wanted. */
  readonly figures: readonly string[]
  /** Where not all was read that there is: since when. Epoch milliseconds. */
  readonly cutAt?: number
}

/** Entries that are read of one service: a day of ten instances and more. */
const MOST_ENTRIES = 20_000
const GAUGE = 'gauges.'

/** `choose`: of all figures that are numbers those that are wanted. `from`: epoch milliseconds of the server. */
export async function readHistory(
  client: RedisClient,
  key: string,
  from: number,
  choose: (figures: readonly string[]) => readonly string[],
): Promise<ReadHistory> {
  const minutes: Minute[] = []
  let figures: readonly string[] | undefined
  let wanted: ReadonlySet<string> = new Set()
  for await (const page of pagesBackward(client, key, String(Math.max(Math.floor(from), 0)))) {
    if (!figures) {
      figures = choose(figuresIn(page))
      wanted = new Set(figures.map((name) => GAUGE + name))
    }
    for (const entry of page) {
      const minute = minuteOf(entry, wanted)
      if (minute) minutes.push(minute)
    }
    if (minutes.length >= MOST_ENTRIES) return { minutes: minutes.toReversed(), figures, cutAt: minutes.at(-1)!.at }
  }
  return { minutes: minutes.toReversed(), figures: figures ?? [] }
}

/** Those that are a number in any of the entries, in the order of their names. */
export function figuresIn(entries: readonly StreamEntry[]): readonly string[] {
  const names = new Set<string>()
  for (const [, fields] of entries) {
    for (let i = 0; i + 1 < fields.length; i += 2) {
      if (fields[i]!.startsWith(GAUGE) && numberOf(fields[i + 1]!) !== null) names.add(fields[i]!.slice(GAUGE.length))
    }
  }
  return [...names].toSorted()
}

/** `wanted`: names of fields. `undefined`: it is no minute. */
export function minuteOf([id, fields]: StreamEntry, wanted: ReadonlySet<string>): Minute | undefined {
  let instance: string | undefined
  let status: string | undefined
  const values = new Map<string, number | null>()
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i]!
    if (name === 'instance') instance = fields[i + 1]
    else if (name === 'status') status = fields[i + 1]
    else if (wanted.has(name)) values.set(name.slice(GAUGE.length), numberOf(fields[i + 1]!))
  }
  const at = timeOf(id)
  if (instance === undefined || !Number.isSafeInteger(at)) return undefined
  return { at, instance, status: isStatus(status) ? status : undefined, values }
}

function numberOf(text: string): number | null {
  const value = text === '' ? NaN : Number(text)
  return Number.isFinite(value) ? value : null
}
