/** A rule as a test says it, compiled as a monitor does it. */
import { compileRule } from '../../src/rules/compile-rule.ts'
import type { RuleSentence } from '../../src/rules/rule.ts'
import type { Rule } from '../../src/types.ts'

/** `tickSeconds`: between two evaluations. */
export function compiled({ data }: RuleSentence, tickSeconds = 1): Rule {
  return compileRule(data, { metrics: new Map(), tickSeconds, showsFigure: true })
}
