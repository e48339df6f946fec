import type { Readings, Rule, RuleTiming, Verdict } from '../types.ts'
import { breach, inconclusive, ok } from './verdicts.ts'
import { amount } from './wording.ts'

export interface LevelRuleOptions extends RuleTiming {
  readonly name: string
  /** A `level` selector of something all instances share. */
  readonly selector: string
  /** WARNING above. */
  readonly warning: number
  /** CRITICAL above. */
  readonly critical: number
  /** What the figure counts: "12,345 trackers are due". */
  readonly unit: string
  readonly describe: (current: string) => string
}

/** A level against two upper limits. Throws if `critical` is below `warning`. */
export function levelRule({ name, selector, warning, critical, unit, describe, ...timing }: LevelRuleOptions): Rule {
  if (critical < warning) throw new Error(`The critical limit of ${name} is ${critical}, expected at least its limit (${warning}).`)
  return {
    name,
    scope: 'shared',
    ...timing,
    needs: [selector],
    limits: { breach: 'above', warning, critical },
    judge(readings: Readings): Verdict {
      const level = readings.level(selector)
      if (!level) return inconclusive(name, 'no_data')
      if (level.stale) return inconclusive(name, 'stale')
      const isCritical = level.value > critical
      const limit = isCritical ? critical : warning
      const finding = {
        message: `${describe(amount(level.value))} (limit ${amount(limit)})`,
        value: { current: level.value, threshold: limit, unit },
      }
      if (isCritical) return breach(name, 'CRITICAL', finding)
      return level.value > warning ? breach(name, 'WARNING', finding) : ok(name, finding)
    },
  }
}
