/** What was counted in a minute, as it is kept in Redis. */
import type { Counted } from '../types.ts'
import { isFields } from './fields.ts'

/** Entries of one minute; what is beyond is left out, the first ones stay. */
const MOST_ENTRIES = 500

/** What `counted` holds beyond `before`; what is less than before began anew. Where nothing grew there is no entry. */
export function countedSince(counted: Counted, before: Counted): Counted {
  const grown = Object.entries(counted).map(([key, amounts]) => {
    const old = before[key] ?? []
    const began = amounts.some((amount, place) => amount < (old[place] ?? 0))
    return [key, began ? amounts : amounts.map((amount, place) => amount - (old[place] ?? 0))] as const
  })
  return Object.fromEntries(grown.filter(([, amounts]) => amounts.some((amount) => amount > 0)).slice(0, MOST_ENTRIES))
}

/** Empty if nothing was counted. */
export function countedText(counted: Counted): string {
  return Object.keys(counted).length === 0
    ? ''
    : JSON.stringify(counted, (_, value: unknown) => (typeof value === 'number' ? Math.round(value) : value))
}

/** `undefined` if it is none. */
export function countedOf(text: string | undefined): Counted | undefined {
  try {
    const parsed: unknown = JSON.parse(text ?? '')
    if (!isFields(parsed)) return undefined
    const isWhole = Object.values(parsed).every(
      (amounts) => Array.isArray(amounts) && amounts.every((each) => Number.isFinite(each) && Number(each) >= 0),
    )
    return isWhole ? (parsed as Counted) : undefined
  } catch {
    return undefined
  }
}
