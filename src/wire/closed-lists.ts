/** The words that a field of a message may hold. A reader takes none other: what it has no colour or place for it must not show as well. */
import type { AlertState, Phase, Severity, Status } from '../types.ts'

const STATUSES: ReadonlySet<unknown> = new Set<Status>(['healthy', 'degraded', 'unhealthy'])
const PHASES: ReadonlySet<unknown> = new Set<Phase>(['starting', 'running', 'paused', 'draining', 'stopped'])
const SEVERITIES: ReadonlySet<unknown> = new Set<Severity>(['WARNING', 'CRITICAL'])
const STATES: ReadonlySet<unknown> = new Set<AlertState>(['inactive', 'pending', 'firing', 'recovering', 'unknown', 'resolved'])

export function isStatus(value: unknown): value is Status {
  return STATUSES.has(value)
}

export function isPhase(value: unknown): value is Phase {
  return PHASES.has(value)
}

export function isSeverity(value: unknown): value is Severity {
  return SEVERITIES.has(value)
}

export function isAlertState(value: unknown): value is AlertState {
  return STATES.has(value)
}
