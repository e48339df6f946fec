/**
 * How many of a window's events are one piece of evidence: failures come in bursts, and work in jobs. It is estimated from how uneven the share
 * was over the day before, and within the window.
 */
import { ofPast } from './share-notes.ts'
import type { Share, Window } from './share-window.ts'

const MINUTE = 60
const HOUR = 3600

/** Without any past, bad events that came within so many seconds are one piece of evidence. */
export const BURST_SECONDS = 28
/** That assumption weighs as much as so many bad events of the past. */
const BURST_WEIGHT = 10
/** After so many seconds it is known how a service fails. */
const PAST_ENOUGH = 6 * HOUR
/** Seldom is a burst as long as this. Seconds. */
const LONGER_THAN_BURSTS = 420
/** However seldom events are, two that came together by chance are a little more than one piece of evidence. */
const LEAST_USUAL = 1.25
/**
 * A run of so many seconds and pieces is an outage, however long the bursts of the past were; and so was a stretch of the past with so many bad
 * events, if they were this share of all and came in as many of its minutes.
 */
export const OUTAGE = { seconds: 360, busy: 8, events: 10, share: 0.4 } as const
/** An outage is looked for in stretches of so many seconds, the longer the fewer events there are. */
const OUTAGE_STRETCHES = [300, 900, HOUR] as const
/** The share of a service without a past: half a bad event in ten. */
export const PRIOR = { bad: 0.5, good: 9.5 } as const
/** A window is cut into so many blocks to see how even it is; by chance they are uneven by this factor. */
const BLOCKS = 8
const UNEVEN_BY_CHANCE = 1.3

/** What came before a window, without outages: one that is over does not make the next one usual. */
export interface Past {
  /** Seconds ago, from where on it is known. */
  readonly from: number
  readonly n: number
  readonly bad: number
  /** Of stretches as long as the window. */
  readonly moments: Moments
}

interface CutPast extends Omit<Past, 'moments'> {
  /** It is cut into stretches of so many seconds, the newest first; of those of outages nothing is left. */
  readonly step: number
  readonly stretches: readonly Stretch[]
}

interface Stretch {
  readonly n: number
  readonly bad: number
}

const NOTHING: Stretch = { n: 0, bad: 0 }

export function pastOf(share: Share, to: number, step: number = OUTAGE_STRETCHES[0]): Past {
  return ofPast(share, noteOf('past', to, step), () => {
    const cut = cutPast(share, to, step)
    return { from: cut.from, n: cut.n, bad: cut.bad, moments: momentsOf(cut, Math.max(step, stretchFor(to))) }
  })
}

function cutPast(share: Share, to: number, step: number): CutPast {
  const from = Math.max(to, share.reachSeconds)
  const stretches: Stretch[] = []
  let [all, bad] = [share.all(to), share.bad(to)]
  const past = { from, n: share.all(from) - all, bad: share.bad(from) - bad, step, stretches }
  for (let older = to + step; older <= from; older += step) {
    const [olderAll, olderBad] = [share.all(older), share.bad(older)]
    stretches.push({ n: olderAll - all, bad: olderBad - bad })
    ;[all, bad] = [olderAll, olderBad]
  }
  if (past.bad < OUTAGE.events) return past
  for (const place of outagesIn(share, to, past)) {
    const left = stretches[place]
    if (!left) continue
    past.n -= left.n
    past.bad -= left.bad
    stretches[place] = NOTHING
  }
  return past
}

/** The places of stretches that outages, or what is next to them, lie in. The past ended `to` seconds ago. */
function outagesIn(share: Share, to: number, { n: all, step, stretches }: CutPast): ReadonlySet<number> {
  const usual = all / Math.max(1, stretches.length)
  const known = OUTAGE_STRETCHES.map((seconds) => Math.max(1, seconds / step))
  // Long enough that an outage has enough events in it.
  const together = known.find((each) => each * usual >= 2 * OUTAGE.events) ?? known.at(-1)!
  const places = new Set<number>()
  let [n, bad] = [0, 0]
  for (const [last, newest] of stretches.entries()) {
    n += newest.n
    bad += newest.bad
    const first = last - together + 1
    if (first < 0) continue
    const isOutage = bad >= OUTAGE.events && bad >= OUTAGE.share * n && lasts(share, to + step * (last + 1), to + step * first)
    if (isOutage) for (let place = first - 1; place <= last + 1; place++) places.add(place)
    n -= stretches[first]!.n
    bad -= stretches[first]!.bad
  }
  return places
}

/** Bad events came in many of its minutes: what comes at once, as a job does it, is no outage. */
function lasts(share: Share, from: number, to: number): boolean {
  let minutes = 0
  for (let newer = to; newer < from; newer += MINUTE) if (share.bad(newer + MINUTE) > share.bad(newer)) minutes++
  return minutes >= Math.min(OUTAGE.busy, (OUTAGE.share * (from - to)) / MINUTE)
}

export interface Clumping {
  /** How many events are worth one: 1 where they are independent. */
  readonly worth: number
  /** The same as far as the past shows it, without what is assumed. */
  readonly shown: number
}

/**
 * The variance of the count of bad events over that of independent ones (the index of dispersion), in stretches of the past as long as the
 * window; more where the window is denser than the past, or uneven itself.
 */
export function clumpingOf(share: Share, window: Window, past: Past, limit: number): Clumping {
  const { seconds, n, spanSeconds = seconds } = window
  const p = Math.max(1e-4, Math.min(limit, (past.bad + PRIOR.bad) / (past.n + 1)))
  const { squares, expected } = dispersion(past.moments, p)
  const perSecond = perSecondIn(past, n)
  const assumed = perSecond * BURST_SECONDS
  const denser = Math.max(1, n / Math.max(spanSeconds, MINUTE) / perSecond)
  const within = unevennessWithin(share, window)
  // What fails evenly within the window does not fail in bursts as they are assumed; of a service without a past it may be the middle of one.
  const isEnough = seconds >= LONGER_THAN_BURSTS || past.from >= PAST_ENOUGH
  const weight = isEnough ? Math.min(within.expected, 2 * BURST_WEIGHT) : 0
  const seen = { squares: squares + within.index * weight, expected: expected + weight }
  const found = Math.max(0, (seen.squares + BURST_WEIGHT * (1 + assumed)) / (seen.expected + BURST_WEIGHT) - 1)
  const shown = Math.max(0, (squares + BURST_WEIGHT) / (expected + BURST_WEIGHT) - 1)
  return { worth: Math.max(1 + found * denser, within.index / UNEVEN_BY_CHANCE), shown: 1 + shown * denser }
}

/** Events that come, with those of the window. */
export function perSecondIn(past: Past, n: number): number {
  return Math.max(1e-9, (past.n + n) / Math.max(past.from, MINUTE))
}

/** Seconds of the stretches that the past is cut into. */
function stretchFor(seconds: number): number {
  return seconds <= 300 ? 300 : seconds <= 900 ? 900 : HOUR
}

/** Sums over stretches of the past: of all events, and of the products of their counts. */
interface Moments {
  n: number
  nn: number
  nBad: number
  badBad: number
}

/** Of the counts of bad events: their squared distance from p of all, and what independent ones would have. */
function dispersion({ n, nn, nBad, badBad }: Moments, p: number): { squares: number; expected: number } {
  return { squares: Math.max(0, badBad - 2 * p * nBad + p * p * nn), expected: n * p * (1 - p) }
}

function momentsOf({ stretches, step }: CutPast, stretch: number): Moments {
  const together = stretch / step
  const moments = { n: 0, nn: 0, nBad: 0, badBad: 0 }
  for (let first = 0; first + together <= stretches.length; first += together) {
    let [n, bad] = [0, 0]
    for (let place = first; place < first + together; place++) {
      n += stretches[place]!.n
      bad += stretches[place]!.bad
    }
    moments.n += n
    moments.nn += n * n
    moments.nBad += n * bad
    moments.badBad += bad * bad
  }
  return moments
}

/**
 * The index of dispersion within the window, about its own share, 1 where all events are alike; and the variance that independent ones would have.
 * The newest moment is left out, so that what comes now makes nothing look more even.
 */
function unevennessWithin(share: Share, { seconds, n, bad }: Window): { readonly index: number; readonly expected: number } {
  return bad === 0 || bad === n ? EVEN : ofPast(share, noteOf('within', seconds, 0), () => findUnevenness(share, seconds))
}

const EVEN = { index: 1, expected: 0 } as const

function findUnevenness(share: Share, seconds: number): { readonly index: number; readonly expected: number } {
  const step = seconds <= HOUR ? 10 : MINUTE
  const stretch = Math.max(30, Math.ceil(seconds / BLOCKS / step) * step)
  const blocks: Stretch[] = []
  let known = NOTHING
  for (let newer = step; newer < seconds; newer += stretch) {
    const older = Math.min(seconds, newer + stretch)
    const block = { n: share.all(older) - share.all(newer), bad: share.bad(older) - share.bad(newer) }
    if (block.n === 0) continue
    blocks.push(block)
    known = { n: known.n + block.n, bad: known.bad + block.bad }
  }
  const p = known.bad / known.n
  const expected = known.n * p * (1 - p)
  if (blocks.length < 2 || !(expected > 0)) return EVEN
  const squares = blocks.reduce((sum, block) => sum + (block.bad - p * block.n) ** 2, 0)
  return { index: ((squares / expected) * blocks.length) / (blocks.length - 1), expected }
}

/** What is remembered of the past of a window, for `ofPast`. No step is longer than an hour. */
function noteOf(what: 'past' | 'within', seconds: number, step: number): number {
  return 2 * (10_000 * seconds + step) + (what === 'past' ? 0 : 1)
}

interface Pieces {
  /** In so many moments of 10 s, or of windows over an hour minutes, any bad event came. */
  readonly busy: number
  /** In how many pieces they came, at most: a job that fails whole is hardly more than one, however much is in it. */
  readonly most: number
}

/**
 * The bad events of a window. `perSecond`: of all events. Where good ones came at the same time they are no job that failed whole; of the newest
 * moment nobody knows yet.
 */
export function badPiecesIn(share: Share, { seconds, n, bad }: Window, perSecond: number): Pieces {
  const step = seconds <= HOUR ? 10 : MINUTE
  const inFlow = usualIn((step * perSecond * bad) / n)
  let [busy, most] = [0, 0]
  let follows = false
  for (let older = step; older <= seconds; older += step) {
    const newer = older - step
    const failed = share.bad(older) - share.bad(newer)
    if (failed > 0) {
      busy++
      const usual = follows ? inFlow : LEAST_USUAL
      const isMixed = newer > 0 && share.all(older) - share.all(newer) > failed
      most += isMixed ? Math.max(failed, usual) : usual
    }
    follows = failed > 0
  }
  return { busy, most }
}

/** Of events that come by chance one by one, so many on average: how many there are where there are any. */
function usualIn(mean: number): number {
  return Math.max(LEAST_USUAL, mean / -Math.expm1(-mean))
}
