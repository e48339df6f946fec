/** A share of bad events compared with limits as it is: what a rule does that says `plain: true`. */
import { isOpen } from '../judge/alert.ts'
import { breach, inconclusive, ok } from '../judge/verdicts.ts'
import type { Verdict } from '../types.ts'
import { isAbove } from './beyond.ts'
import type { JudgeShare } from './judge-share.ts'

/** In one window, whatever its number of events is. */
export function plainShare({ name, limits, share, open, seconds, tell }: JudgeShare & { readonly seconds: number }): Verdict {
  const n = share.all(seconds)
  if (n === 0) return inconclusive(name, 'no_data')
  const bad = share.bad(seconds)
  const found = { seconds, n, bad, luck: 1 }
  for (const limit of limits) {
    const isHeld = open !== undefined && isOpen(open) && (open.severity === 'CRITICAL' || limit.severity === 'WARNING')
    const line = [limit.share, ...(isHeld ? [limit.clear] : [])].find((most) => isAbove(bad / n, most))
    if (line !== undefined) return breach(name, limit.severity, tell({ is: 'passed', isRun: false, ...found }, { ...limit, share: line })())
  }
  return ok(name, tell({ is: 'within', ...found }, limits.at(-1)!))
}
