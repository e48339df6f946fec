import type { Alert } from '../../src/types.ts'
import type { Instant } from '../../src/judge/alert.ts'

const TIMERS = ['breachAt', 'criticalAt', 'lowerAt', 'okAt', 'frozenAt', 'evaluatedAt'] as const

/** The document of an alert: JSON, its timers turned to wall time. Only open and pending alerts are loaded again. */
export function saved(alert: Alert, now: Instant): string {
  const { clearedAt: _notSaved, ...document } = alert
  return JSON.stringify(turned(document, now.epochMs - now.monotonicMs))
}

/** What a process finds that starts `now`, with a monotonic clock of its own. */
export function loaded(document: string | undefined, now: Instant): Alert | undefined {
  if (document === undefined) return undefined
  const alert = turned(JSON.parse(document) as Alert, now.monotonicMs - now.epochMs)
  return alert.state === 'inactive' || alert.state === 'resolved' ? undefined : alert
}

function turned(alert: Alert, by: number): Alert {
  return {
    ...alert,
    ...Object.fromEntries(TIMERS.filter((timer) => alert[timer] !== undefined).map((timer) => [timer, alert[timer]! + by])),
  }
}
