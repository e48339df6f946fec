/** Limits that what is measured can pass, and be clear of again. */
import type { Lines } from './judged-reading.ts'
import { rounded } from './told-apart.ts'

export interface Range {
  /** In messages: "a rate". */
  readonly what: string
  /** Nothing that is measured is less. */
  readonly least: number
  /** Nothing that is measured is more. */
  readonly most?: number
  /** Of both, as people see it: " %". */
  readonly suffix?: string
}

/** Throws one sentence if a limit is never passed or always is, or if the clear limit can never be met. */
export function checkReachable(
  { breach, warning, critical, clear }: Lines,
  { what, least, most = Infinity, suffix = '' }: Range,
  whose: string,
): void {
  const end = (word: string) => (most === Infinity ? '' : `, and ${word} ${rounded(most)}${suffix}`)
  const use = breach === 'above' ? `${least}${suffix} or more${end('less than')}` : `more than ${least}${suffix}${end('at most')}`
  for (const [name, limit] of Object.entries({ limit: warning, 'critical limit': critical, 'clear limit': clear })) {
    if (!limit) continue
    const { value, shown, unit } = limit
    const isClear = limit === clear
    const isPassable = breach === 'above' ? value < most : value > least
    const isMet = breach === 'above' ? value >= least : value <= most
    if ((isPassable || isClear) && isMet) continue
    const why = isClear ? 'never clear of it' : isMet ? `never ${breach} it` : `always ${breach} it`
    throw new Error(`The ${name} of the ${whose} is ${shown}${unit.suffix}, but ${what} is ${why}: use ${use}.`)
  }
}
