/**
 * JSON within bounds, whatever it is made from: no name, text or number that a service records can break a message or make it
 * larger than a reader accepts. What had to be cut is counted.
 */
import { fitsMessage, LONGEST_NAME, LONGEST_TEXT, MOST_ENTRIES, SIGNATURE_BYTES } from './sizes.ts'

interface Bounds {
  /** Characters of a text; a longer one ends in `…`. */
  readonly text: number
  /** Entries of an object or array; the rest is left out. */
  readonly entries: number
}

/** How many texts were shortened and entries left out. */
export interface Tally {
  cut: number
}

const DEEPEST = 6

/** Tried in turn until the message fits; the last one leaves only what is fixed in length. */
const STEPS: readonly Bounds[] = [
  { text: LONGEST_TEXT, entries: MOST_ENTRIES },
  { text: 256, entries: 64 },
  { text: 64, entries: 16 },
  { text: 32, entries: 0 },
]

/** A message of at most 64 KB. Its own fields are all kept; where something inside them was cut, a last field `cut` says how many things. */
export function encodeMessage(fields: Readonly<Record<string, unknown>>): { readonly json: string; readonly cut: number } {
  let json = ''
  let cut = 0
  for (const bounds of STEPS) {
    const tally = { cut: 0 }
    const message: Record<string, unknown> = {}
    for (const name in fields) message[name] = bounded(fields[name], bounds, tally)
    if (tally.cut > 0) message['cut'] = tally.cut
    json = toJson(message)
    cut = tally.cut
    if (fitsMessage(json, SIGNATURE_BYTES)) break
  }
  return { json, cut }
}

const C1 = /[\u007f-\u009f]/

/** JSON escapes the C0 control characters only; DEL and C1 steer terminals as well. */
export function toJson(value: object): string {
  const json = JSON.stringify(value)
  return C1.test(json) ? json.replaceAll(new RegExp(C1, 'g'), (c) => `\\u00${c.charCodeAt(0).toString(16)}`) : json
}

/** What JSON can say of a value, within bounds: a number that is not finite is `null`. */
function bounded(value: unknown, bounds: Bounds, tally: Tally, depth: number = 0): unknown {
  switch (typeof value) {
    case 'string':
      return shortened(value, bounds.text, tally)
    case 'number':
      return Number.isFinite(value) ? value : null
    case 'boolean':
      return value
    case 'bigint':
      return String(value)
    case 'object': {
      if (value === null) return null
      if (depth === DEEPEST) {
        tally.cut++
        return null
      }
      if (Array.isArray(value)) {
        return cutTo(value, bounds.entries, tally).map((entry) => bounded(entry, bounds, tally, depth + 1) ?? null)
      }
      const present = Object.entries(value).filter(([, entry]) => entry !== undefined)
      // Not by assignment: a name may be `__proto__`.
      return Object.fromEntries(
        cutTo(present, bounds.entries, tally).map(([name, entry]) => [
          shortened(name, LONGEST_NAME, tally),
          bounded(entry, bounds, tally, depth + 1),
        ]),
      )
    }
    default:
      return undefined
  }
}

function cutTo<T>(entries: readonly T[], most: number, tally: Tally): readonly T[] {
  if (entries.length <= most) return entries
  tally.cut += entries.length - most
  return entries.slice(0, most)
}

/** At most `most` characters, the last one `…` if there were more. */
export function shortened(text: string, most: number, tally: Tally): string {
  if (text.length <= most) return text.toWellFormed()
  tally.cut++
  return `${text.slice(0, most - 1)}…`.toWellFormed()
}
