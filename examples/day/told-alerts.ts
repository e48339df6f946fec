import type { Severity, TransitionType } from '../../src/types.ts'

/** One message about an alert, expected or told. */
export interface ToldAlert {
  /** Milliseconds after the day began. */
  readonly atMs: number
  /** Where there are several. */
  readonly service?: string
  readonly rule: string
  /** The value that a rule is split by. */
  readonly of?: string
  readonly type: TransitionType
  readonly severity: Severity
}

/** One that is expected. */
export interface ExpectedAlert extends ToldAlert {
  /** How far off it may be, if that is more than usual. Milliseconds. */
  readonly withinMs?: number
}

export interface AlertComparison {
  /** Expected, but not told within the tolerance. */
  readonly missing: readonly ToldAlert[]
  /** Told, but not expected then. */
  readonly unexpected: readonly ToldAlert[]
  /** The largest distance between an expected time and its message, in milliseconds. */
  readonly largestDeviationMs: number
}

/** Pairs expected and told messages of the same alert, type and severity that are at most `toleranceMs` apart, each once. */
export function compareAlerts(expected: readonly ExpectedAlert[], told: readonly ToldAlert[], toleranceMs: number): AlertComparison {
  const unexpected = [...told]
  const missing: ToldAlert[] = []
  let largestDeviationMs = 0
  for (const one of expected) {
    const { withinMs = toleranceMs } = one
    const index = unexpected.findIndex((other) => isSameMessage(one, other) && Math.abs(one.atMs - other.atMs) <= withinMs)
    const [found] = index < 0 ? [] : unexpected.splice(index, 1)
    if (found) largestDeviationMs = Math.max(largestDeviationMs, Math.abs(one.atMs - found.atMs))
    else missing.push(one)
  }
  return { missing, unexpected, largestDeviationMs }
}

function isSameMessage(a: ToldAlert, b: ToldAlert): boolean {
  return (['service', 'rule', 'of', 'type', 'severity'] as const).every((key) => a[key] === b[key])
}
