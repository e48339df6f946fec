/** A share of bad events against the limits of a rule: the same for every rule about a ratio. */
import { isOpen } from '../judge/alert.ts'
import { testShare, type ShareFinding, WINDOWS } from '../judge/share-test.ts'
import type { Share } from '../judge/share-window.ts'
import type { Finding } from '../judge/verdicts.ts'
import { breach, inconclusive, ok } from '../judge/verdicts.ts'
import type { OpenAlert, Severity, Verdict } from '../types.ts'
import { type Noted, notesOf } from '../judge/share-notes.ts'

/** A limit of a rule, as a share of bad events. */
export interface BadShareLimit {
  readonly severity: Severity
  /** 0 to 1; a breach above. */
  readonly share: number
  /** Once it fires, fine only below. */
  readonly clear: number
}

export interface JudgeShare {
  readonly name: string
  /** The furthest first, WARNING last. */
  readonly limits: readonly BadShareLimit[]
  readonly share: Share & Noted
  readonly open: OpenAlert | undefined
  /** The shortest window, in seconds. */
  readonly least?: number
  /** Reads at once whatever it needs: what it gives may be called later. */
  readonly tell: (found: Conclusive, limit: BadShareLimit) => () => Finding
}

/** What a finding that tells something has found. */
export type Conclusive = Exclude<ShareFinding, { readonly is: 'unsure' }>

/** A limit at which nothing may be bad is taken for one bad event in ten thousand. */
const LEAST_SHARE = 1e-4
const MOST_SHARE = 1 - 1e-4

/**
 * Good events make no breach. While there is no alert about it, nobody needs to know at once whether it is fine or nothing can be said: what
 * was found is said again until the next 10 s begin or anything bad comes.
 */
export function judgeShare(asked: JudgeShare): Verdict {
  const { limits, share, open } = asked
  const notes = open === undefined || open.state === 'inactive' || open.state === 'resolved' ? notesOf(share) : undefined
  const { came } = share
  if (!notes || !came) return judged(asked)
  const { kept } = notes
  const stood = standingOf(open, share.reachSeconds)
  const isKnown = kept?.of === limits && kept.stood === stood && kept.bad === came.bad && (kept.isRecent || kept.all === came.all)
  if (isKnown) return kept.verdict
  const verdict = judged(asked)
  if (verdict.kind !== 'breach') notes.kept = { verdict, of: limits, stood, ...came, isRecent: share.all(NOW) > 0 }
  return verdict
}

/** Two alerts that are neither pending nor open are one to `judged` if this is the same. */
function standingOf(open: OpenAlert | undefined, reachSeconds: number): number {
  const { sinceClearSeconds = Infinity } = open ?? {}
  return sinceClearSeconds < reachSeconds ? Math.floor(sinceClearSeconds / NOW) : -1
}

function judged({ name, limits, share, open, least, tell }: JudgeShare): Verdict {
  if (share.all(share.reachSeconds) === 0) return inconclusive(name, 'no_data')
  const fires = open !== undefined && isOpen(open)
  const last = limits.at(-1)!
  const calm = isCalm(share, bounded(last.share))
  let found: ShareFinding = { is: 'unsure' }
  for (const limit of limits) {
    const isHeld = fires && (open.severity === 'CRITICAL' || limit.severity === 'WARNING')
    // Of limits that are not passed the last one decides.
    if (calm && !isHeld && limit !== last) continue
    const line = bounded(limit.share)
    found = testShare(share, {
      limit: line,
      // Where nothing can be passed, the newest window that tells decides as well.
      ...((isHeld || calm) && { clear: isHeld ? bounded(limit.clear) : line }),
      ...(open?.sinceClearSeconds !== undefined && { since: open.sinceClearSeconds }),
      ...(least !== undefined && { least }),
    })
    if (found.is === 'passed') return breach(name, limit.severity, tell(found, limit)())
    // What fires as CRITICAL is no WARNING only because nobody can tell.
    if (isHeld && found.is === 'unsure') return inconclusive(name, 'low_sample')
  }
  return found.is === 'unsure' ? inconclusive(name, 'low_sample') : ok(name, tell(found, last))
}

/** Whether neither a window nor a run is over the limit: in each the share of bad events is within it, and something good came last. */
function isCalm(share: Share & Noted, limit: number): boolean {
  if (share.all(NOW) <= share.bad(NOW)) return false
  const reach = Math.max(WINDOWS[0]!, share.reachSeconds)
  for (const seconds of WINDOWS) {
    if (seconds > reach) break
    if (share.bad(seconds) > limit * share.all(seconds)) return false
  }
  return true
}

/** The shortest window. */
const NOW = 10

function bounded(share: number): number {
  return Math.min(MOST_SHARE, Math.max(LEAST_SHARE, share))
}
