/** How a service in view is: its instances and open alerts, folded as the service itself folds them. */
import { alertReason, serviceStatus as fold, type InstanceEntry, type StatusReport } from '../judge/status.ts'
import type { AlertView } from '../wire/alert-view.ts'
import type { InstanceView, ServiceView } from './snapshot.ts'

export interface ServiceStatus extends StatusReport {
  /** Those of `reasons` that are no alerts, for whoever lists the alerts anyway. */
  readonly otherReasons: readonly string[]
  readonly live: readonly InstanceView[]
  readonly missing: readonly InstanceView[]
  /** CRITICAL first, then the oldest. */
  readonly alerts: readonly AlertView[]
}

export function serviceStatus(service: ServiceView, openAlerts: readonly AlertView[]): ServiceStatus {
  const alerts = openAlerts.filter((alert) => alert.service === service.service).toSorted(byUrgency)
  const report = fold({ alerts, instances: service.instances.map(toEntry) })
  const told = new Set(alerts.map(alertReason))
  return {
    ...report,
    otherReasons: report.reasons.filter((reason) => !told.has(reason)),
    live: service.instances.filter(({ status }) => status !== undefined),
    missing: service.instances.filter(({ status }) => status === undefined),
    alerts,
  }
}

function toEntry({ instance, status: said }: InstanceView): InstanceEntry {
  if (!said) return { instance, phase: 'running', status: 'degraded', reasons: [], missing: true }
  return { instance, phase: said.phase, status: said.instance_status, reasons: said.reasons, missing: false }
}

function byUrgency(a: AlertView, b: AlertView): number {
  if (a.severity !== b.severity) return a.severity === 'CRITICAL' ? -1 : 1
  return Date.parse(a.since) - Date.parse(b.since)
}
