/** A change of some metrics, judged at once: only the rules that read them, and no alert that has nothing to do with them. */
import type { Profile, Rule } from '../types.ts'
import type { JudgeInput, Judgement } from './judge.ts'
import { judge } from './judge.ts'

export interface JudgeChangedInput extends Omit<JudgeInput, 'rules' | 'alerts'> {
  readonly profile: Profile
  /** Names of the metrics that changed. */
  readonly changed: ReadonlySet<string>
  readonly last: Judgement
}

/** Transitions and errors are those of this judgement; verdicts and alerts are the last ones with the newer in their place. */
export function judgeChanged({ profile, changed, last, ...input }: JudgeChangedInput): Judgement {
  const rules = rulesOn(changed, profile)
  const judged = judge({ ...input, rules, alerts: new Map([...last.alerts].filter(([name]) => rules.some((rule) => rule.name === name))) })
  const newer = new Map(judged.verdicts.map((verdict) => [verdict.rule, verdict]))
  return {
    ...judged,
    alerts: new Map([...last.alerts, ...judged.alerts]),
    verdicts: last.verdicts.map((verdict) => newer.get(verdict.rule) ?? verdict),
  }
}

/** The rules that read a selector of one of the metrics. */
function rulesOn(changed: ReadonlySet<string>, { rules, selectors }: Profile): readonly Rule[] {
  return rules.filter(({ needs }) =>
    needs.some((name) => {
      const selector = selectors[name]
      return selector && selector.kind !== 'time_above' && changed.has(selector.metric)
    }),
  )
}
