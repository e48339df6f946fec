/** A service that says that it is not at its usual work is not judged by it. */
import type { InconclusiveReason, Phase, Rule } from '../types.ts'
import { inconclusive } from './verdicts.ts'

/** Before the work begins, and while it ends, few attempts and growing queues are as they should be. */
const REASONS: Readonly<Partial<Record<Phase, InconclusiveReason>>> = { starting: 'starting', paused: 'paused', draining: 'paused' }

/** The rules as they are while the service is running; otherwise every one is inconclusive, so that nothing fires or resolves. */
export function rulesIn(phase: Phase, rules: readonly Rule[]): readonly Rule[] {
  const reason = REASONS[phase]
  return reason === undefined ? rules : rules.map((rule) => ({ ...rule, judge: () => inconclusive(rule.name, reason) }))
}
