/** A time as people read it in a sentence: in UTC, for who reads it may be anywhere. */
import { toIso } from '../wire/iso-time.ts'

/** With the date unless it is that of `now`. Both in epoch milliseconds. */
export function clockTime(at: number, now: number): string {
  const [date = '', time = ''] = toIso(at).split('T')
  const hours = `${time.slice(0, time.startsWith('00:00') ? 8 : at % 60_000 === 0 ? 5 : 8)} UTC`
  return toIso(now).startsWith(date) ? hours : `${date} ${hours}`
}
