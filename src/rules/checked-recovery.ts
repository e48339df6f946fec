/** Whether starting the process again can mend what a rule finds. */
import { EVERY_SERVICE } from '../catalogue.ts'
import type { RuleScope } from '../types.ts'
import { refsOf } from './checked-by.ts'
import type { Context } from './judged-reading.ts'
import type { RuleData } from './rule-data.ts'

/** Throws one sentence if it cannot: what is outside of the process is as it was after a restart, which only asks it more often. */
export function checkedRecovery(recover: 'restart', { name, when }: RuleData, scope: RuleScope, context: Context): 'restart' {
  const refuse = (why: string): never => {
    throw new Error(`The rule ${name} has recover: "restart", but a restart would mend nothing: ${why}. Leave recover out.`)
  }
  for (const ref of refsOf(when)) {
    const declared = context.metric(ref)
    // Whoever declares a metric of every service anew makes it no other.
    const { name: metric, restartMendsNothing: why } = EVERY_SERVICE.find((each) => each.name === declared.name) ?? declared
    if (why !== undefined) refuse(`it reads ${metric}, and ${why}`)
  }
  if (scope === 'shared') refuse('it is about what all instances share, and each of them would be started again for it')
  return recover
}
