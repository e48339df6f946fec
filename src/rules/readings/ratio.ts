/** Percent of some events in others, honest about small numbers and bursts unless it is to be plain. */
import { inconclusive } from '../../judge/verdicts.ts'
import type { Readings } from '../../types.ts'
import { countsOf, isWatching, shareIn } from '../counted-share.ts'
import type { Context, JudgedReading, JudgedRule, Lines } from '../judged-reading.ts'
import { judgeShare, type BadShareLimit, type Conclusive } from '../judge-share.ts'
import { measuredReading } from '../measured.ts'
import { checkReachable } from '../reachable.ts'
import type { RatioReading } from '../rule-data.ts'
import { shareOf } from '../share.ts'
import { toldApart } from '../told-apart.ts'
import type { Limit } from '../unit.ts'

/** Throws one sentence if the two count different things. */
export function ratioReading({ of, in: whole, over }: RatioReading, isPlain: boolean, context: Context): JudgedReading {
  const share = shareOf(of, whole, context)
  const windowSeconds = context.window(over)
  const plan = {
    needs: share.needs,
    unit: '%',
    scope: 'any',
    title: of.metric === whole.metric ? `The ratio in ${of.metric}` : `The ratio of ${of.metric} in ${whole.metric}`,
    check: (limits: Lines) => checkReachable(limits, { what: 'a ratio', least: 0, most: 100, suffix: ' %' }, context.whose),
  } as const
  const plain = measuredReading(plan, (readings) => {
    const { n, count, isKnown } = share.look(readings, windowSeconds)
    if (!isKnown) return 'starting'
    return n === 0 ? 'no_data' : { value: (100 * count) / n, n, count, windowSeconds }
  })
  if (isPlain) return plain
  const counts = countsOf(share.all, share.some)
  let known: { readonly of: JudgedRule['limits']; readonly limits: readonly Told[] } | undefined
  return {
    ...plain,
    needs: [...share.needs, counts],
    judge(rule, readings, open) {
      if (!isWatching(readings, context.tickSeconds)) return inconclusive(rule.name, 'starting')
      if (known?.of !== rule.limits) known = { of: rule.limits, limits: badShares(rule) }
      const evidence = shareIn(readings.counts(counts), rule.limits!.breach === 'above' ? 'those' : 'others')
      return judgeShare({ name: rule.name, limits: known!.limits, share: evidence, open, least: windowSeconds, tell: tellerOf(rule) })
    },
    figure: (readings: Readings, unit) => plain.figure(readings, unit),
  }
}

interface Told extends BadShareLimit {
  readonly limit: Limit
}

function badShares({ limits }: JudgedRule): readonly Told[] {
  const { breach, warning, critical, clear } = limits!
  const bad = (percent: number) => (breach === 'above' ? percent : 100 - percent) / 100
  const of = (severity: Told['severity'], limit: Limit): Told => ({
    severity,
    share: bad(limit.value),
    clear: bad((severity === 'WARNING' ? clear : undefined)?.value ?? limit.value),
    limit,
  })
  return [...(critical ? [of('CRITICAL', critical)] : []), of('WARNING', warning)]
}

function tellerOf({ sentence, limits }: JudgedRule) {
  return ({ seconds, n, bad }: Conclusive, { limit }: BadShareLimit & { readonly limit?: Limit }) => {
    const { shown, unit } = limit!
    return () => {
      const count = limits!.breach === 'above' ? bad : n - bad
      const current = toldApart((100 * count) / n / unit.factor, shown)
      return {
        message: sentence({ current, limit: shown, unit, n, count, failures: bad, windowSeconds: seconds }),
        value: { current, threshold: shown, unit: unit.name, n, failures: bad, window_seconds: seconds },
      }
    }
  }
}
