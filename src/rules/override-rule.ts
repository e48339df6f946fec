/** What a user changes of a rule that is there already. */
import type { Where } from '../types.ts'
import type { LimitText, RuleData, TimeText } from './rule-data.ts'
import { inUnitOf } from './unit.ts'

/** Limits in the rule's own unit, or with a unit; times in seconds, or as a text. */
export interface RuleOverride {
  readonly limit?: LimitText
  readonly critical?: LimitText
  readonly clear?: LimitText
  readonly for?: TimeText
  readonly keepFiring?: TimeText
  /** Only these series: one kind of work, one upstream. */
  readonly where?: Where
  /** One alert for each value of this attribute. */
  readonly by?: string
  readonly runbook?: string
}

/** By rule; `false` switches it off. */
export type RuleOverrides = Readonly<Record<string, RuleOverride | false>>

/** The rule as it is to be judged; `undefined` if it is off. */
export function overridden(data: RuleData, overrides: RuleOverrides): RuleData | undefined {
  const override = Object.hasOwn(overrides, data.name) ? overrides[data.name] : {}
  if (override === false) return undefined
  const { limit, where, ...others } = override ?? {}
  const inOwn = (given: LimitText) => inUnitOf(data.above ?? data.below, given)
  return {
    ...data,
    // What the rule says itself stays in its unit, whatever that of the new limit is.
    ...(data.critical !== undefined && { critical: inOwn(data.critical) }),
    ...(data.clear !== undefined && { clear: inOwn(data.clear) }),
    ...others,
    ...(limit !== undefined && (data.above === undefined ? { below: inOwn(limit) } : { above: inOwn(limit) })),
    // What is no object is told of when the rule is compiled.
    ...(where !== undefined && { where: typeof where === 'object' && where !== null ? { ...data.where, ...where } : where }),
  }
}
