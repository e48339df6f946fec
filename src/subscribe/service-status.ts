/** How a service in view is: its instances and open alerts, folded as the service itself folds them. */
import { alertReason, serviceStatus as fold, type InstanceEntry } from '../judge/status.ts'
import type { Status } from '../types.ts'
import type { AlertView } from '../wire/alert-view.ts'
import type { InstanceView, ServiceView } from './health-view.ts'

/** `stopped`: all of its instances said that they stop. `unknown`: nobody is there who could say, and nobody said that it stops. */
export type FoldedStatus = Status | 'stopped' | 'unknown'

export interface ServiceStatus {
  /** What was told last of its alerts stands where nobody is there who could say more. */
  readonly status: FoldedStatus
  /** Sentences, worst first; empty if healthy. */
  readonly reasons: readonly string[]
  /** Those of `reasons` that are no alerts, for whoever lists the alerts anyway. */
  readonly otherReasons: readonly string[]
  /** That give signs of life, whether they can be read or not. */
  readonly live: readonly InstanceView[]
  readonly missing: readonly InstanceView[]
  /** CRITICAL first, then the oldest. */
  readonly alerts: readonly AlertView[]
}

export function serviceStatus(service: ServiceView, openAlerts: readonly AlertView[]): ServiceStatus {
  const alerts = byService(openAlerts).get(service.service) ?? []
  const live = service.instances.filter((instance) => !isMissing(instance))
  const missing = service.instances.filter(isMissing)
  const told = new Set(alerts.map(alertReason))
  const report =
    service.instances.length === 0 ? foldDeserted(service, alerts) : fold({ alerts, instances: service.instances.map(toEntry) })
  return { ...report, otherReasons: report.reasons.filter((reason) => !told.has(reason)), live, missing, alerts }
}

/** An alert that is critical is as bad when nobody is left to say so. */
function foldDeserted({ lastBeatAt }: ServiceView, alerts: readonly AlertView[]): Pick<ServiceStatus, 'status' | 'reasons'> {
  const isCritical = alerts.some(({ severity }) => severity === 'CRITICAL')
  const [status, reason] = lastBeatAt === undefined ? (['unknown', NOBODY] as const) : (['stopped', STOPPED] as const)
  return { status: isCritical ? 'unhealthy' : status, reasons: [...alerts.map(alertReason), reason] }
}

const NOBODY = 'no instance is on the list of services'
const STOPPED = 'no instance is left, and none is missed'

function isMissing({ status, problem }: InstanceView): boolean {
  return status === undefined && problem === undefined
}

function toEntry({ instance, status: said, problem }: InstanceView): InstanceEntry {
  if (said) return { instance, phase: said.phase, status: said.instance_status, reasons: said.reasons, missing: false }
  const reasons = problem === undefined ? [] : [`the status of instance ${instance} ${problem}`]
  return { instance, phase: 'running', status: 'degraded', reasons, missing: problem === undefined }
}

/** By the list itself: whoever asks for every service of a view does not go through all alerts for each. */
const BY_SERVICE = new WeakMap<readonly AlertView[], ReadonlyMap<string, readonly AlertView[]>>()

function byService(alerts: readonly AlertView[]): ReadonlyMap<string, readonly AlertView[]> {
  const known = BY_SERVICE.get(alerts)
  if (known) return known
  const grouped = Map.groupBy(alerts.toSorted(byUrgency), ({ service }) => service)
  BY_SERVICE.set(alerts, grouped)
  return grouped
}

function byUrgency(a: AlertView, b: AlertView): number {
  if (a.severity !== b.severity) return a.severity === 'CRITICAL' ? -1 : 1
  return Date.parse(a.since) - Date.parse(b.since)
}
