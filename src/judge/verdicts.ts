/** The three kinds of verdict. */
import type { Evidence, InconclusiveReason, Severity, Verdict } from '../types.ts'

/** What is judged by, and the sentence that says it to people. */
export interface Finding {
  readonly message: string
  readonly value: Evidence
}

export function ok(rule: string, finding: Finding): Verdict {
  return { rule, kind: 'ok', message: finding.message, value: finding.value }
}

export function breach(rule: string, severity: Severity, finding: Finding): Verdict {
  return { rule, kind: 'breach', severity, message: finding.message, value: finding.value }
}

export function inconclusive(rule: string, reason: InconclusiveReason): Verdict {
  return { rule, kind: 'inconclusive', reason }
}
