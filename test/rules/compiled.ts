/** A rule as a test says it, compiled as a monitor does it. */
import { compileRule } from '../../src/rules/compile-rule.ts'
import type { RuleSentence } from '../../src/rules/rule.ts'
import type { Rule } from '../../src/types.ts'

export function compiled({ data }: RuleSentence): Rule {
  return compileRule(data, { metrics: new Map(), tickSeconds: 1, showsFigure: true })
}
