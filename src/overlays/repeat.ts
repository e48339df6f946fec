/** When a maintenance window comes again: on days of the week, at a time of day, as clocks in a zone show it. Pure. */

export interface Repeat {
  /** As it was given: `Sun 02:00`, `Mon-Fri 22:30`, `daily 03:00`. */
  readonly every: string
  /** Length of each window. */
  readonly forSeconds: number
  /** IANA name, such as `Europe/Berlin`. */
  readonly zone: string
}

/** Begin and end, epoch milliseconds; the end is not in it. */
export type Window = readonly [from: number, until: number]

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
const EVERY = /^([a-z,-]+) (\d{1,2}):(\d{2})$/
const DAY_MS = 86_400_000
const LONGEST_SECONDS = 7 * 86_400

/** Throws one sentence if it cannot be used. */
export function checkRepeat({ every, forSeconds, zone }: Repeat): void {
  parseEvery(every)
  if (!(forSeconds >= 1 && forSeconds <= LONGEST_SECONDS)) {
    throw new Error(`The maintenance window lasts ${forSeconds} s, expected between 1 second and 7 days: such as 2h.`)
  }
  partsIn(zone)
}

/** The next windows that end after `now` (epoch milliseconds), the first first. */
export function windowsAfter({ every, forSeconds, zone }: Repeat, now: number, count: number): readonly Window[] {
  const { days, hour, minute } = parseEvery(every)
  const format = partsIn(zone)
  const lengthMs = forSeconds * 1000
  const windows: Window[] = []
  // As clocks there show it; a window that has begun is one still.
  const first = Math.floor((now + offsetAt(format, now) - lengthMs) / DAY_MS) - 1
  for (let day = first; windows.length < count && day < first + 7 * (count + 3); day++) {
    if (!days.has(new Date(day * DAY_MS).getUTCDay())) continue
    const from = epochOf(format, day * DAY_MS + (hour * 60 + minute) * 60_000)
    if (from + lengthMs > now) windows.push([from, from + lengthMs])
  }
  return windows
}

function parseEvery(every: string): { readonly days: ReadonlySet<number>; readonly hour: number; readonly minute: number } {
  const [, days = '', hour = '', minute = ''] = EVERY.exec(every.trim().toLowerCase()) ?? []
  const found = days === 'daily' ? new Set(DAYS.keys()) : daysOf(days)
  if (!found || Number(hour) > 23 || Number(minute) > 59) {
    throw new Error(
      `The maintenance window is every ${JSON.stringify(every)}, expected days and a time such as "Sun 02:00", "Mon-Fri 22:30" or "daily 03:00".`,
    )
  }
  return { days: found, hour: Number(hour), minute: Number(minute) }
}

function daysOf(text: string): ReadonlySet<number> | undefined {
  const days = new Set<number>()
  for (const part of text.split(',')) {
    const [from = -1, until = from, ...more] = part.split('-').map((name) => DAYS.indexOf(name as (typeof DAYS)[number]))
    if (from < 0 || until < 0 || more.length > 0) return undefined
    for (let day = from; ; day = (day + 1) % 7) {
      days.add(day)
      if (day === until) break
    }
  }
  return days
}

function partsIn(zone: string): Intl.DateTimeFormat {
  try {
    const numeric = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const
    return new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', era: 'short', ...numeric })
  } catch {
    throw new Error(`The time zone is ${JSON.stringify(zone)}, expected an IANA name such as Europe/Berlin or UTC.`)
  }
}

/** How far clocks there are ahead of UTC. Milliseconds. */
function offsetAt(format: Intl.DateTimeFormat, epochMs: number): number {
  const parts = Object.fromEntries(format.formatToParts(epochMs).map(({ type, value }) => [type, Number(value)]))
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(epochMs / 1000) * 1000
}

/** When clocks there show it: the first time of two, and as much later as they are put forward where they never do. */
function epochOf(format: Intl.DateTimeFormat, shown: number): number {
  const [before, after] = [offsetAt(format, shown - DAY_MS), offsetAt(format, shown + DAY_MS)]
  const found = [shown - before, shown - after].filter((at) => at + offsetAt(format, at) === shown)
  return found.length > 0 ? Math.min(...found) : shown - before
}
