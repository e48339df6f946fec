/** A service that says that it is not at its usual work is not judged by it. */
import type { InconclusiveReason, Phase, Rule } from '../types.ts'
import { inconclusive } from './verdicts.ts'

/** Before the work begins, and while it rests, few attempts and growing queues are as they should be. */
const REASONS: Readonly<Partial<Record<Phase, InconclusiveReason>>> = { starting: 'starting', paused: 'paused' }

/**
 * The rules as they are while the service is running; one that is inconclusive neither fires nor resolves. Of a service that is draining only
 * what asks for new work is, for it still does what it had begun, and may fail at it.
 */
export function rulesIn(phase: Phase, rules: readonly Rule[]): readonly Rule[] {
  if (phase === 'draining') return rules.map((rule) => (rule.endsWithDraining ? unjudged(rule, 'paused') : rule))
  const reason = REASONS[phase]
  return reason === undefined ? rules : rules.map((rule) => unjudged(rule, reason))
}

function unjudged(rule: Rule, reason: InconclusiveReason): Rule {
  return { ...rule, judge: () => inconclusive(rule.name, reason) }
}
