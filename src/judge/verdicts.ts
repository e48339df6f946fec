/** The three kinds of verdict. */
import type { Attributes, Evidence, InconclusiveReason, Severity, Verdict } from '../types.ts'

/** What is judged by, and the sentence that says it to people. */
export interface Finding {
  readonly message: string
  readonly value: Evidence
}

/** What is well is seldom read: its words and figures are put together when somebody does. */
class WellVerdict {
  readonly rule: string
  readonly kind = 'ok'
  declare readonly labels?: Attributes
  #tell: (() => Finding) | undefined
  #told: Finding | undefined

  constructor(rule: string, tell: () => Finding, labels: Attributes | undefined) {
    this.rule = rule
    if (labels) this.labels = labels
    this.#tell = tell
  }

  get message(): string {
    return this.#finding().message
  }

  get value(): Evidence {
    return this.#finding().value
  }

  #finding(): Finding {
    if (this.#tell) {
      this.#told = this.#tell()
      this.#tell = undefined
    }
    return this.#told!
  }
}

/** A function is called once, when the verdict is read, and must give what it would have given at once. */
export function ok(rule: string, finding: Finding | (() => Finding)): Verdict {
  if (typeof finding === 'function') return new WellVerdict(rule, finding, undefined)
  return { rule, kind: 'ok', message: finding.message, value: finding.value }
}

export function breach(rule: string, severity: Severity, finding: Finding): Verdict {
  return { rule, kind: 'breach', severity, message: finding.message, value: finding.value }
}

export function inconclusive(rule: string, reason: InconclusiveReason): Verdict {
  return { rule, kind: 'inconclusive', reason }
}

/** Made by `ok` of a function: nobody but this package has made it, and it is not put together yet. */
export function isToldLater(verdict: Verdict): boolean {
  return verdict instanceof WellVerdict
}

/** The same, with labels. */
export function labelled(verdict: Verdict, labels: Attributes): Verdict {
  if (!isToldLater(verdict) || verdict.kind !== 'ok') return { ...verdict, labels }
  return new WellVerdict(verdict.rule, () => verdict, labels)
}

/** The same as plain data, for whoever copies or compares it. */
export function plainVerdict(verdict: Verdict): Verdict {
  if (!isToldLater(verdict) || verdict.kind !== 'ok') return verdict
  const { rule, labels, kind, message, value } = verdict
  return { rule, ...(labels && { labels }), kind, message, value }
}
