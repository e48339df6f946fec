/** Times as people say them. Pure; times are epoch milliseconds. */
import { duration } from '../../../subscribe/duration.ts'

const DAY_MS = 86_400_000

/** `just now`, `12 s ago`, `3 min ago`, `2 h 5 min ago`; from two days on the day itself. */
export function ago(at: number, now: number): string {
  const ms = now - at
  if (ms < 1000) return 'just now'
  return ms < 2 * DAY_MS ? `${duration(ms)} ago` : dayAndTime(at)
}

/** `3 h left`, and when nothing is left `over`. */
export function left(until: number, now: number): string {
  return until <= now ? 'over' : `${duration(until - now)} left`
}

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' })
const date = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const seconds = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const whole = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZoneName: 'short',
})

/** `30 Nov, 14:02`, where the reader is. */
export function dayAndTime(at: number): string {
  return day.format(at)
}

/** `14:02`, where the reader is. */
export function timeOfDay(at: number): string {
  return time.format(at)
}

/** `30 Nov`, where the reader is. */
export function dayOf(at: number): string {
  return date.format(at)
}

/** `14:02:31`, where the reader is. */
export function timeToTheSecond(at: number): string {
  return seconds.format(at)
}

/** Everything, with the zone. */
export function exactly(at: number): string {
  return whole.format(at)
}
