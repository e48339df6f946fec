/** How long to wait before the next attempt. Pure. */

const FIRST_MS = 1000
const LONGEST_MS = 60_000
/** What a target may ask for at most. */
const LONGEST_ASKED_MS = 15 * 60_000

/**
 * Doubles from 1 s to 60 s, less up to a half at random, so that those who failed together do not come back together. `failures`: in a
 * row, from 1; `random`: from 0 to 1; `askedMs`: what the target asked for, which is kept to, up to 15 min.
 */
export function backoffMs(failures: number, random: number, askedMs: number = 0): number {
  const wait = Math.min(FIRST_MS * 2 ** Math.min(failures - 1, 16), LONGEST_MS) * (1 - random / 2)
  return Math.max(wait, Math.min(askedMs, LONGEST_ASKED_MS))
}

/** Milliseconds that a Retry-After header asks for: seconds, or a date; `undefined` where it is neither (RFC 9110, 10.2.3). */
export function retryAfterMs(header: string | null, nowEpochMs: number): number | undefined {
  if (header === null) return undefined
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header) * 1000
  const at = Date.parse(header)
  return Number.isNaN(at) ? undefined : Math.max(at - nowEpochMs, 0)
}
