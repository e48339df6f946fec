/** Times on the wire: ISO 8601 in UTC with milliseconds. */

/** The furthest time that has an ISO form (ECMA-262, "Time Values and Time Range"). */
const FURTHEST = 8.64e15

/** Epoch milliseconds as text. Never throws: what is no time at all becomes 1970. */
export function toIso(epochMs: number): string {
  return new Date(Math.abs(epochMs) <= FURTHEST ? epochMs : 0).toISOString()
}

/** Epoch milliseconds of a text, `undefined` if it is no time. */
export function fromIso(text: unknown): number | undefined {
  const epochMs = typeof text === 'string' ? Date.parse(text) : NaN
  return Number.isNaN(epochMs) ? undefined : epochMs
}
