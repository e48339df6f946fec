/**
 * The status fold: the same words from the same facts in the service, the panel and the command line. An instance folds
 * its own checks and verdicts; whoever sees the whole service folds its alerts and instances.
 */
import type { Alert, CheckResult, Phase, Status, Verdict } from '../types.ts'
import { isOpen } from './alert.ts'

/** What the fold needs of an alert; the entries of a status message have it too. */
export type AlertEntry = Pick<Alert, 'rule' | 'severity' | 'state' | 'message'>

export interface StatusReport {
  readonly status: Status
  /** Sentences, worst first; empty if healthy. */
  readonly reasons: readonly string[]
}

export interface InstanceFacts {
  readonly phase: Phase
  readonly alerts: readonly AlertEntry[]
  readonly verdicts: readonly Verdict[]
  /** Required checks only, by name. */
  readonly checks: Readonly<Record<string, CheckResult>>
  /** Rules without whose verdict nobody knows how the service is. */
  readonly required?: readonly string[]
}

/** Status of one instance by itself: `instance_status` on the wire. */
export function instanceStatus({ phase, alerts, verdicts, checks, required = [] }: InstanceFacts): StatusReport {
  const reasons: string[] = []
  for (const [name, { status, error }] of Object.entries(checks)) {
    if (status !== 'healthy') reasons.push(`${name} check is failing${error ? `: ${error}` : ''}`)
  }
  const watched = new Set([...required, ...alerts.filter(isOpen).map(({ rule }) => rule)])
  for (const verdict of verdicts) {
    if (verdict.kind !== 'inconclusive' || !watched.has(verdict.rule)) continue
    if (verdict.reason === 'stale') reasons.push(`${verdict.rule} cannot be judged: its data is stale`)
    if (verdict.reason === 'evaluator_error') reasons.push(`${verdict.rule} cannot be judged: the rule failed`)
  }
  if (phase === 'starting') reasons.push('starting')
  return fold(alerts, reasons)
}

/** One instance as others see it. */
export interface InstanceEntry {
  readonly instance: string
  readonly phase: Phase
  readonly status: Status
  readonly reasons: readonly string[]
  /** No beat for 3 publishing intervals although it did not say that it stops. */
  readonly missing: boolean
}

export interface ServiceFacts {
  readonly alerts: readonly AlertEntry[]
  readonly instances: readonly InstanceEntry[]
}

/** Status of a service: worst of its open alerts, its live instances and those that are missing. */
export function serviceStatus({ alerts, instances }: ServiceFacts): StatusReport {
  const reasons: string[] = []
  for (const { instance, phase, status, reasons: own, missing } of instances) {
    if (missing) reasons.push(`instance ${instance} is missing`)
    else if (phase !== 'stopped' && status !== 'healthy') reasons.push(...own)
  }
  if (instances.length === 0) reasons.push('no instance has reported')
  return fold(alerts, reasons)
}

function fold(alerts: readonly AlertEntry[], others: readonly string[]): StatusReport {
  const open = alerts.filter(isOpen).toSorted((a, b) => a.severity.localeCompare(b.severity))
  const reasons = new Set([...open.map(({ rule, message }) => `${rule}: ${message}`), ...others])
  if (open[0]?.severity === 'CRITICAL') return { status: 'unhealthy', reasons: [...reasons] }
  return { status: reasons.size > 0 ? 'degraded' : 'healthy', reasons: [...reasons] }
}
