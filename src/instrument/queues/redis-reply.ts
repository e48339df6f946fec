/** How replies of Redis are understood, over both versions of its protocol. Pure. What cannot be understood is thrown. */
import type { Reply } from './command-client.ts'

/** Throws the error that Redis replied with. */
function answer(reply: Reply | undefined): unknown {
  if (!reply) throw new Error('a reply is missing')
  if (reply[0]) throw reply[0]
  return reply[1]
}

/** A size that is the whole reply: an integer >= 0. */
export function count(reply: Reply | undefined): number {
  return integer(answer(reply))
}

/** A reply that is a list. */
export function list(reply: Reply | undefined): readonly unknown[] {
  const value = answer(reply)
  if (!Array.isArray(value)) throw new Error('a list was expected')
  return value
}

/** A size within a reply: an integer >= 0. */
export function integer(value: unknown): number {
  const number = integerIfAny(value)
  if (number === undefined) throw new Error('a size was expected')
  return number
}

/** `undefined` for what is no size. */
export function integerIfAny(value: unknown): number | undefined {
  const number = finite(value)
  return number !== undefined && Number.isSafeInteger(number) && number >= 0 ? number : undefined
}

/** A number, as such or as text; `undefined` for anything else. */
export function finite(value: unknown): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'bigint' && (typeof value !== 'string' || value.trim() === '')) return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}

/** A text within a reply. */
export function text(value: unknown): string {
  if (typeof value !== 'string') throw new Error('a text was expected')
  return value
}

/** The score of the first member; `undefined` if there is none. RESP2 answers `[member, score]`, RESP3 `[[member, score]]`. */
export function firstScore(reply: Reply | undefined): number | undefined {
  return finite(list(reply).flat()[1])
}
