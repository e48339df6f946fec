/** What a user changes of a rule that is there already. */
import type { Where } from '../types.ts'
import type { LimitText, RuleData, TimeText } from './rule-data.ts'
import { shownValue } from './shown-value.ts'
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
  /** Rules whose alerts explain this one, instead of those that the kind names; none: []. */
  readonly inhibitedBy?: readonly string[]
  /** Compared with the limit as it is, however small the numbers are. */
  readonly plain?: boolean
  /** What mends it: while its alert fires, `otel-health run` may start the process again. */
  readonly recover?: 'restart'
}

/** What of a rule that is there can be changed. */
export const OVERRIDE_KEYS: readonly (keyof RuleOverride)[] = [
  'limit',
  'critical',
  'clear',
  'for',
  'keepFiring',
  'where',
  'by',
  'runbook',
  'inhibitedBy',
  'plain',
  'recover',
]

/** By rule; `false` switches it off. */
export type RuleOverrides = Readonly<Record<string, RuleOverride | false>>

/**
 * The rule as it is to be judged; `undefined` if it is off. Throws one sentence if something is said of it that would be ignored; whether what
 * is said can be judged is found out when the rule is compiled.
 */
export function overridden(data: RuleData, overrides: RuleOverrides): RuleData | undefined {
  const override = Object.hasOwn(overrides, data.name) ? overrides[data.name] : {}
  if (override === false) return undefined
  if (override !== undefined) checkOverride(data.name, override)
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

function checkOverride(rule: string, override: unknown): void {
  if (typeof override !== 'object' || override === null || Array.isArray(override)) {
    throw new Error(
      `What is to be other in the rule ${rule} is ${shownValue(override)}, expected an object with ${OVERRIDE_KEYS.join(', ')}, or false to switch it off.`,
    )
  }
  const unknown = Object.keys(override).find((key) => !(OVERRIDE_KEYS as readonly string[]).includes(key))
  if (unknown === undefined) return
  throw new Error(
    `The rule ${rule} is there already, and ${shownValue(unknown)} of it cannot be changed: change ${OVERRIDE_KEYS.join(', ')}, or give a rule of your own another name.`,
  )
}
