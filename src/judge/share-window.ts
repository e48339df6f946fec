/** Bad events among all, in windows that end now, and what came last in them. */
import type { Noted } from './share-notes.ts'

/** Events of the last seconds, and those of them that are bad: see `CountsReading` for the windows that can be asked for. */
export interface Share extends Noted {
  all(seconds: number): number
  bad(seconds: number): number
  readonly reachSeconds: number
}

export interface Window {
  readonly seconds: number
  readonly n: number
  readonly bad: number
  /** From the first bad event to the last one; only of a run. */
  readonly spanSeconds?: number
}

const MINUTE = 60
const HOUR = 3600

/** Fewer bad events are never over a limit. */
export const LEAST_BAD = 3
/** A run shorter than this is a hiccup. Seconds. */
export const LEAST_RUN = 100
/** Without an event for so long, a window may say nothing of now. Seconds. */
export const QUIET = 600

/** Seconds from the first event of the window to the last one. */
export function spanOf(share: Share, { seconds, n }: Window): number {
  const first = longest(seconds, (each) => share.all(each) < n) + 10
  return first - longest(seconds, (each) => share.all(each) === 0)
}

/** Nothing happened for much longer than between two of its events: it says nothing of now. */
export function isStale(share: Share, { seconds, n }: Window): boolean {
  const quiet = Math.max(QUIET, (3 * seconds) / n)
  return quiet < seconds && share.all(quiet <= HOUR ? quiet - (quiet % 10) : quiet - (quiet % MINUTE)) === 0
}

/** The bad events since the last good one: a run to which nothing was added for longer than it lasted says nothing of now. */
export function lastRun(share: Share, reach: number): (Window & { readonly spanSeconds: number }) | undefined {
  const good = (seconds: number) => share.all(seconds) - share.bad(seconds)
  if (good(10) > 0) return undefined
  const seconds = longest(reach, (each) => good(each) === 0)
  const bad = share.bad(seconds)
  if (bad < LEAST_BAD) return undefined
  const first = longest(seconds, (each) => share.bad(each) < bad) + 10
  const last = longest(seconds, (each) => share.bad(each) === 0)
  const spanSeconds = first - last
  return last > Math.max(spanSeconds, LEAST_RUN) ? undefined : { seconds: Math.max(seconds, MINUTE), n: bad, bad, spanSeconds }
}

/** The longest window, at most `reach`, for which `holds`, which holds for every shorter one as well. */
function longest(reach: number, holds: (seconds: number) => boolean): number {
  let [from, to] = [0, reach <= HOUR ? Math.floor(reach / 10) : 360 + Math.floor((reach - HOUR) / MINUTE)]
  while (from < to) {
    const middle = Math.ceil((from + to) / 2)
    if (holds(secondsAt(middle))) from = middle
    else to = middle - 1
  }
  return secondsAt(from)
}

/** The windows that can be asked for, by number: 0 s, 10 s, … 1 h, 61 min, … */
function secondsAt(step: number): number {
  return step <= 360 ? 10 * step : HOUR + MINUTE * (step - 360)
}
