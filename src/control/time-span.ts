const MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 }
const LONGEST_MS = 366 * 86_400_000

/** Milliseconds of `90s`, `30m`, `2h` or `1d`. Throws one sentence if it is none, or longer than a year. `what` names it. */
export function timeSpan(text: string, what: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*(s|m|min|h|d)$/.exec(text.trim()) ?? []
  const ms = Math.round(Number(number) * (MS[unit] ?? NaN))
  if (ms >= 1000 && ms <= LONGEST_MS) return ms
  throw new Error(`${what} is ${JSON.stringify(text)}, expected a time from a second to a year, such as 30m, 2h or 1d.`)
}
