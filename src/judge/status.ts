/**
 * The status fold: the same words from the same facts in the service, the panel and the command line. An instance folds
 * its own checks and verdicts; whoever sees the whole service folds its alerts and instances.
 */
import { DEPENDENCY, DEPENDENCY_DOWN, SERVICE_SILENT } from '../catalogue.ts'
import type { Alert, CheckResult, Phase, Status, Verdict } from '../types.ts'
import { isOpen } from './alert.ts'

/** What the fold needs of an alert; the entries of a status message have it too. */
export type AlertEntry = Pick<Alert, 'rule' | 'labels' | 'severity' | 'state' | 'message'>

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
  const told = dependenciesDown(alerts)
  for (const [name, { status, error }] of Object.entries(checks)) {
    if (status !== 'healthy' && !told.includes(name)) reasons.push(`${failingCheck(name)}${error ? `: ${error}` : ''}`)
  }
  const watched = new Set([...required, ...alerts.filter(isOpen).map(({ rule }) => rule)])
  for (const verdict of verdicts) {
    if (verdict.kind !== 'inconclusive' || !watched.has(verdict.rule)) continue
    if (verdict.reason === 'stale') reasons.push(`${verdict.rule} cannot be judged: its data is stale`)
    if (verdict.reason === 'evaluator_error') reasons.push(`${verdict.rule} cannot be judged: the rule failed`)
  }
  if (phase === 'starting') reasons.push('starting')
  const open = byUrgency(alerts)
  return {
    status: worst(open, reasons.length > 0 ? 'degraded' : 'healthy'),
    reasons: [...new Set([...open.map(alertReason), ...reasons])],
  }
}

function failingCheck(name: string): string {
  return `${name} check is failing`
}

/** Whether it is for this check that an instance or a service is not well. */
export function isReasonOfCheck(reason: string, name: string): boolean {
  const alert = alertName({ rule: DEPENDENCY_DOWN, labels: { [DEPENDENCY]: name } })
  return reason === failingCheck(name) || [failingCheck(name), alert].some((begins) => reason.startsWith(`${begins}: `))
}

/** Checks of which an open alert says already that they fail. */
function dependenciesDown(alerts: readonly AlertEntry[]): readonly string[] {
  return alerts.flatMap((alert) => (alert.rule === DEPENDENCY_DOWN && isOpen(alert) ? (alert.labels?.[DEPENDENCY] ?? []) : []))
}

/** One instance as others see it. */
export interface InstanceEntry {
  readonly instance: string
  readonly phase: Phase
  readonly status: Status
  /** Its own, or as it said them of the whole service: what repeats an alert or speaks of other instances is not taken over. */
  readonly reasons: readonly string[]
  /** No beat for 3 publishing intervals although it did not say that it stops. */
  readonly missing: boolean
}

export interface ServiceFacts {
  /** Of this service, whatever their state. */
  readonly alerts: readonly AlertEntry[]
  /** That there are none is silence, too: whoever asks has heard of the service. */
  readonly instances: readonly InstanceEntry[]
}

/**
 * Status of a service: an open CRITICAL alert or silence (no instance gives a sign of life and none has said that it stops) makes it
 * unhealthy; an open WARNING, a missing instance or one that is not well, however bad, degrades it. The reasons are the same whatever
 * the order of alerts and instances: critical alerts, silence, warnings, missing instances, then what instances say.
 */
export function serviceStatus({ alerts, instances }: ServiceFacts): StatusReport {
  const open = byUrgency(alerts)
  const critical = open.filter(({ severity }) => severity === 'CRITICAL')
  const isSilent = instances.every(({ missing }) => missing)
  const saysSilence = open.some(({ rule }) => rule === SERVICE_SILENT)
  const troubled = instances
    .filter(({ missing, phase, status }) => missing || (phase !== 'stopped' && status !== 'healthy'))
    .toSorted((a, b) => (a.instance < b.instance ? -1 : 1))
  const missing = isSilent ? [] : troubled.filter((each) => each.missing).map(({ instance }) => `instance ${instance} is missing`)
  const said = troubled.filter((each) => !each.missing).flatMap((each) => reasonsToRepeat(each, open))
  const reasons = [
    ...critical.map(alertReason),
    ...(isSilent && !saysSilence ? [SILENCE] : []),
    ...open.slice(critical.length).map(alertReason),
    ...missing,
    ...said,
  ]
  return {
    status: isSilent ? 'unhealthy' : worst(open, troubled.length > 0 ? 'degraded' : 'healthy'),
    reasons: [...new Set(reasons)],
  }
}

const SILENCE = 'silent: no instance gives a sign of life'

/** An alert that is not told apart by labels is called as its rule. */
export function alertName({ rule, labels = {} }: Pick<Alert, 'rule' | 'labels'>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  return [rule, ...pairs.toSorted()].join(' ')
}

/** The alert as it stands among the reasons. */
export function alertReason(alert: Pick<Alert, 'rule' | 'labels' | 'message'>): string {
  return `${alertName(alert)}: ${alert.message}`
}

/**
 * What an instance says besides the alerts that are known to be open (their figures may have moved on since) and besides what it has
 * heard of other instances, which would go round for ever if it were said of those who said it.
 */
export function ownReasons({ instance, reasons }: Pick<InstanceEntry, 'instance' | 'reasons'>, alerts: readonly AlertEntry[]): string[] {
  const names = alerts.filter(isOpen).map((alert) => `${alertName(alert)}: `)
  const down = dependenciesDown(alerts)
  const isTold = (reason: string) => names.some((name) => reason.startsWith(name)) || down.some((check) => isReasonOfCheck(reason, check))
  const isOfOthers = (reason: string) => OF_AN_INSTANCE.test(reason) && !reason.startsWith(`instance ${instance} is `)
  return reasons.filter((reason) => !isOfOthers(reason) && !isTold(reason))
}

const OF_AN_INSTANCE = /^instance \S+ is (missing|degraded|unhealthy)$/

/** An instance that is not well and does not say why is not well for an alert that is open, if there is one. */
function reasonsToRepeat(entry: InstanceEntry, open: readonly AlertEntry[]): readonly string[] {
  const own = ownReasons(entry, open)
  return own.length > 0 || open.length > 0 ? own : [`instance ${entry.instance} is ${entry.status}`]
}

/** Those that are open, CRITICAL first. */
function byUrgency(alerts: readonly AlertEntry[]): readonly AlertEntry[] {
  return alerts.filter(isOpen).toSorted((a, b) => a.severity.localeCompare(b.severity) || (alertReason(a) < alertReason(b) ? -1 : 1))
}

/** Of open alerts, worst first, and what is known besides. */
function worst([first]: readonly AlertEntry[], besides: Status): Status {
  if (first === undefined) return besides
  return first.severity === 'CRITICAL' ? 'unhealthy' : 'degraded'
}
