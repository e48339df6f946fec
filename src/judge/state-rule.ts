import type { Readings, Rule, RuleTiming, Verdict } from '../types.ts'
import { breach, inconclusive, ok } from './verdicts.ts'

export interface StateRuleOptions extends RuleTiming {
  readonly name: string
  /** A `state` selector. */
  readonly selector: string
  /** The one state that is fine. `unknown` is no data; every other state is CRITICAL. */
  readonly healthy: string
  /** What people are told, by state. */
  readonly messages: Readonly<Record<string, string>>
}

/** CRITICAL while a state metric is in any known state but the healthy one, on any instance. */
export function stateRule({ name, selector, healthy, messages, forSeconds, keepFiringSeconds }: StateRuleOptions): Rule {
  return {
    name,
    scope: 'any',
    forSeconds,
    keepFiringSeconds,
    needs: [selector],
    judge(readings: Readings): Verdict {
      const state = readings.state(selector)
      if (!state || state.value === 'unknown') return inconclusive(name, 'no_data')
      if (state.stale) return inconclusive(name, 'stale')
      const finding = {
        message: messages[state.value] ?? `State is ${state.value}`,
        value: { current: state.value, threshold: healthy, unit: 'state' },
      }
      return state.value === healthy ? ok(name, finding) : breach(name, 'CRITICAL', finding)
    },
  }
}
