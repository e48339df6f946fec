/**
 * Whether the share of bad events among all is over a limit: one test for every number of events, whether they come one by one or in
 * bursts. What it finds and what it costs in false pages is simulated (`npm run simulate`); the candidates it was chosen from are in
 * docs/alert-statistics.md.
 *
 * Events are looked at in windows from two minutes to a day, and as the run of bad ones that came last. A window is over the limit if
 *
 * - a service just at the limit would do as badly at most 3 times in 1,000 (`AT_LIMIT`), and
 * - this service, as it was before the window, would hardly do so in a month (`IN_AN_HOUR`).
 *
 * Both count independent events, not all events: failures come in bursts, so that what happened close together is one piece of evidence.
 * How close is estimated: see clumping.ts.
 */
import { binomialTail } from './binomial.ts'
import { badPiecesIn, BURST_SECONDS, clumpingOf, OUTAGE, pastOf, perSecondIn, PRIOR, type Clumping, type Past } from './clumping.ts'
import { isStale, lastRun, LEAST_BAD, LEAST_RUN, QUIET, spanOf, type Share, type Window } from './share-window.ts'

export interface ShareLimit {
  /** Share of bad events, more than 0 and less than 1. */
  readonly limit: number
  /** An alert is open for this limit: it is within only below this share. */
  readonly clear?: number
  /** Windows may reach back so far: what was before has been told of, and was cleared. Seconds. */
  readonly since?: number
  /** The shortest window, in seconds; runs may be shorter. */
  readonly least?: number
}

export type ShareFinding =
  /** `luck`: how often a service at the limit does as badly, or as well. `isRun`: every one of the last `n` was bad. */
  | {
      readonly is: 'passed'
      readonly seconds: number
      readonly n: number
      readonly bad: number
      readonly luck: number
      readonly isRun: boolean
    }
  | { readonly is: 'within'; readonly seconds: number; readonly n: number; readonly bad: number; readonly luck: number }
  /** Too few independent events to tell. */
  | { readonly is: 'unsure' }

const MINUTE = 60
const HOUR = 3600
const DAY = 24 * HOUR

/** Seconds, shortest first, each about a half longer than the one before: between two the evidence differs little. */
export const WINDOWS = [2, 3, 4, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 540, 720, 1080, 1440].map(
  (minutes) => MINUTE * minutes,
)

/** How often a service at the limit may do as badly. */
const AT_LIMIT = 0.003
/** How often a service that is as it was may do as badly by luck, for each hour of the window; no window counts less than `BRIEF`. */
const IN_AN_HOUR = 6.5e-6
const BRIEF = 300
/** More independent events than this are more chances for a run of bad luck. */
const MANY = 30
/** What could have been seen: a service at the limit does as well at most this often. */
const POWER = 0.1
/** A fault is at least one bad event in twenty: after it, few events tell that it is over, however low the limit is. */
const LEAST_FAULT = 0.05

/** Where failures come in bursts, one that goes on is this likely whatever the share is. */
const GOES_ON = 0.4

export function testShare(share: Share, asked: ShareLimit): ShareFinding {
  const { limit, clear, since = Infinity, least = 0 } = asked
  const reach = Math.max(WINDOWS[0]!, share.reachSeconds)
  let fine: ShareFinding | undefined
  let mayBeFine = true
  for (const seconds of WINDOWS) {
    if (seconds > reach) break
    if (seconds < least) continue
    const window = { seconds, n: share.all(seconds), bad: share.bad(seconds) }
    if (seconds <= Math.max(since, WINDOWS[0]!)) {
      const luck = isOver(share, limit, window)
      if (luck !== undefined) return { is: 'passed', ...window, luck, isRun: window.bad === window.n }
    }
    // What is older does not excuse what came last.
    mayBeFine &&= window.bad <= limit * window.n + 1
    fine ??= mayBeFine ? fineOf(share, clear ?? limit, window) : undefined
    // Of what is open the newest that tells decides: a fault that is over is still in the longer windows.
    if (fine && clear !== undefined) return fine
  }
  const run = lastRun(share, Math.min(share.reachSeconds, since))
  const luck = run && isOver(share, limit, run)
  if (luck !== undefined) return { is: 'passed', seconds: run!.seconds, n: run!.n, bad: run!.bad, luck, isRun: true }
  return fine ?? { is: 'unsure' }
}

/** How often a service at the limit does as badly, if the window is over the limit. */
function isOver(share: Share, limit: number, window: Window): number | undefined {
  const { seconds, n, bad, spanSeconds } = window
  if (bad < LEAST_BAD || bad <= limit * n || binomialTail(bad, n, limit) > AT_LIMIT || isStale(share, window)) return undefined
  if (spanSeconds !== undefined && spanSeconds < LEAST_RUN) return undefined
  const past = pastOf(share, seconds)
  const { busy, most } = badPiecesIn(share, window, perSecondIn(past, n))
  const isOutage = spanSeconds !== undefined && spanSeconds >= OUTAGE.seconds && n >= OUTAGE.events && busy >= OUTAGE.busy
  if (isOutage) return binomialTail(bad, n, limit)
  // What came at once, as a job does it, is as dense as it came, however long the window around it is.
  const clumped = clumpingOf(share, { ...window, spanSeconds: spanSeconds ?? spanOf(share, window) }, past, limit)
  const independent = Math.min(n / clumped.worth, (most * n) / bad, spanSeconds === undefined ? Infinity : 1 + spanSeconds / BURST_SECONDS)
  const independentBad = (bad / n) * independent
  const luck = binomialTail(independentBad, independent, limit)
  if (luck > AT_LIMIT) return undefined
  // A whole day has no past to be compared with.
  if (seconds >= DAY) return luck
  const usual = asUsual(past, clumped, limit, (p) => binomialTail(independentBad, independent, p))
  return usual <= (IN_AN_HOUR * Math.max(seconds, BRIEF)) / HOUR / (1 + independent / MANY) ? luck : undefined
}

/**
 * The mean of `tail` over the shares that the past makes likely: a beta distribution by its mean and the two points that a Gauss-Hermite
 * quadrature takes (Abramowitz and Stegun, 25.4.46, three points). A share over the limit is none that is usual.
 */
function asUsual({ n, bad }: Past, { worth, shown }: Clumping, limit: number, tail: (p: number) => number): number {
  const alpha = bad / worth + PRIOR.bad
  const beta = (n - bad) / worth + PRIOR.good
  const mean = alpha / (alpha + beta)
  const spread = Math.sqrt((3 * mean * (1 - mean)) / (alpha + beta + 1))
  const least = GOES_ON * (1 - 1 / shown)
  const at = (p: number) => tail(Math.min(limit, Math.max(p, least)))
  return at(mean + spread) / 6 + (2 * at(mean)) / 3 + at(mean - spread) / 6
}

/** Enough events, not clumped together, of which so few are bad that a service at the limit would seldom do as well. */
function fineOf(share: Share, limit: number, window: Window): ShareFinding | undefined {
  const { seconds, n, bad } = window
  const fault = Math.max(limit, LEAST_FAULT)
  if (n === 0 || bad > limit * n || 1 - binomialTail(bad + 1, n, fault) > POWER || isStale(share, window)) return undefined
  // By the hour: bursts look no shorter in longer stretches, and this is asked at each evaluation.
  const { worth } = clumpingOf(share, window, pastOf(share, seconds, HOUR), limit)
  // However long the bursts of the past were, what is well for ten minutes and more tells a piece each minute.
  const independent = seconds < QUIET ? n / worth : Math.max(n / worth, Math.min(n, 1 + spanOf(share, window) / MINUTE))
  const luck = 1 - binomialTail((bad / n) * independent + 1, independent, fault)
  return luck <= POWER ? { is: 'within', seconds, n, bad, luck } : undefined
}
