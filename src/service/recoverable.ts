/** Which of the alerts of this process are evidence that starting it again can help, for who supervises it. */
import { isOpen } from '../judge/alert.ts'
import { alertKey, type Judgement } from '../judge/judge.ts'
import type { Rule } from '../types.ts'

export interface RecoverableAlert {
  readonly rule: string
  readonly message: string
}

/**
 * Those that fire, whose rule is marked `recover: 'restart'`, and that nothing explains which is open as well (`inhibitedBy`). An alert that
 * an earlier process has left counts once this one has found the breach itself for as long as the rule demands: else it would be
 * started again for what its predecessor was started again for.
 */
export class Recoverable {
  readonly #rules: ReadonlyMap<string, Rule>
  /** Since when this process finds it, by the key of the alert. Milliseconds on the monotonic clock. */
  #breachingSince = new Map<string, number>()

  constructor(rules: readonly Rule[]) {
    this.#rules = new Map(rules.filter(({ recover }) => recover !== undefined).map((rule) => [rule.name, rule]))
  }

  /** Of what was judged last; to be asked about once for each evaluation. `now`: milliseconds on the monotonic clock. */
  among({ verdicts, alerts }: Pick<Judgement, 'verdicts' | 'alerts'>, now: number): readonly RecoverableAlert[] {
    if (this.#rules.size === 0) return []
    const before = this.#breachingSince
    this.#breachingSince = new Map()
    const open = new Set([...alerts.values()].filter(isOpen).map(({ rule }) => rule))
    return verdicts.flatMap((verdict) => {
      const rule = this.#rules.get(verdict.rule)
      if (!rule || verdict.kind !== 'breach') return []
      const key = alertKey(verdict.rule, verdict.labels)
      const since = before.get(key) ?? now
      this.#breachingSince.set(key, since)
      const isFound = alerts.get(key)?.state === 'firing' && now - since >= rule.forSeconds * 1000
      const isExplained = rule.inhibitedBy?.some((cause) => open.has(cause)) ?? false
      return isFound && !isExplained ? [{ rule: verdict.rule, message: verdict.message }] : []
    })
  }
}
