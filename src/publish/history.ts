/** What is kept of a minute of one instance: how it was, what happened in it, and the gauges as they were last. */
import type { KeyMetrics, Status } from '../types.ts'
import { encodeMessage } from '../wire/bounded-json.ts'

type Totals = Readonly<Record<string, unknown>>

export interface Minute {
  readonly instance: string
  readonly status: Status
  /** What `increaseOf` says of the totals. */
  readonly counts: Totals
  readonly gauges: KeyMetrics
}

/** Fields of an entry; the rest is left out. */
const MOST_FIELDS = 1000
/** Of a number that is not whole. */
const DIGITS = 4

/**
 * Names and values of a stream entry, in turns: `instance`, `status`, then `counts.<name>` and `gauges.<name>` in the order of their names. In
 * counts what is 0 is left out; of gauges whole numbers are exact, others have 4 digits, and what is not known is empty. A gauge that is
 * several has a field for each: `gauges.queue_sizes.hot`.
 *
 * Redis keeps the names of an entry only where they differ from those of the first one in its node, so every minute has the same fields,
 * whatever is 0 or unknown: a third of what the same costs as JSON.
 */
export function historyEntry({ instance, status, counts, gauges }: Minute): { readonly fields: readonly string[]; readonly cut: number } {
  const bounded = { counts: encodeMessage(counts), gauges: encodeMessage(gauges) }
  const fields = [
    ...Object.entries(parsed(bounded.counts.json)).map(([name, value]) => [`counts.${name}`, countText(value)] as const),
    ...flattened('gauges', parsed(bounded.gauges.json)),
  ].toSorted(([a], [b]) => (a < b ? -1 : 1))
  const left = Math.max(fields.length - MOST_FIELDS, 0)
  return {
    fields: ['instance', instance, 'status', status, ...fields.slice(0, MOST_FIELDS).flat()],
    cut: bounded.counts.cut + bounded.gauges.cut + left,
  }
}

/** The numbers of `totals` less those of `before`, in the same shape; a number that fell began anew. What is not a number is left out. */
export function increaseOf(totals: Totals, before: Totals): Totals {
  const increase: [string, unknown][] = []
  for (const [name, value] of Object.entries(totals)) {
    const old = before[name]
    if (typeof value === 'number') increase.push([name, typeof old === 'number' && old <= value ? value - old : value])
    else if (isObject(value)) increase.push([name, increaseOf(value, isObject(old) ? old : {})])
  }
  return Object.fromEntries(increase)
}

function countText(value: unknown): string {
  return isObject(value) ? JSON.stringify(withoutZeros(value)) : gaugeText(value)
}

function withoutZeros(counts: Totals): Totals {
  const entries = Object.entries(counts).map(([name, value]) => [name, isObject(value) ? withoutZeros(value) : value] as const)
  return Object.fromEntries(entries.filter(([, value]) => (isObject(value) ? Object.keys(value).length > 0 : value !== 0)))
}

function flattened(prefix: string, gauges: Totals): (readonly [string, string])[] {
  return Object.entries(gauges).flatMap(([name, value]) => {
    const path = `${prefix}.${name}`
    return isObject(value) ? flattened(path, value) : [[path, gaugeText(value)] as const]
  })
}

function gaugeText(value: unknown): string {
  if (typeof value === 'number') return String(Number.isInteger(value) ? value : Number(value.toPrecision(DIGITS)))
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : ''
}

function parsed(json: string): Totals {
  return JSON.parse(json) as Totals
}

function isObject(value: unknown): value is Totals {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
