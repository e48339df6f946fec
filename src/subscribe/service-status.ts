/** The fold: one status for a service from its open alerts, its live instances and those that are missing. */
import type { Status } from '../types.ts'
import type { AlertView } from '../wire/alert-view.ts'
import type { InstanceView, ServiceView } from './snapshot.ts'

export interface ServiceStatus {
  readonly status: Status
  /** Why it is not healthy, the worst first: rules, missing instances, what the instances say. */
  readonly reasons: readonly string[]
  readonly live: readonly InstanceView[]
  readonly missing: readonly InstanceView[]
  /** CRITICAL first, then the oldest. */
  readonly alerts: readonly AlertView[]
}

const WORSE: readonly Status[] = ['healthy', 'degraded', 'unhealthy']

/** A service none of whose instances gives a sign of life is unhealthy, whatever was said last. */
export function serviceStatus(service: ServiceView, openAlerts: readonly AlertView[]): ServiceStatus {
  const live = service.instances.filter(({ status }) => status !== undefined)
  const missing = service.instances.filter(({ status }) => status === undefined)
  const alerts = openAlerts.filter((alert) => alert.service === service.service).toSorted(byUrgency)
  const findings: { readonly status: Status; readonly reason: string }[] = [
    ...alerts.map(({ severity, rule }) => ({ status: severity === 'CRITICAL' ? 'unhealthy' : 'degraded', reason: rule }) as const),
    ...(live.length === 0 ? [{ status: 'unhealthy', reason: 'silent' } as const] : []),
    ...missing.map(({ instance }) => ({ status: 'degraded', reason: `missing ${instance}` }) as const),
    ...live.flatMap(({ status }) => (status?.reasons ?? []).map((reason) => ({ status: status?.instance_status ?? 'healthy', reason }))),
  ]
  const worst = Math.max(
    0,
    ...findings.map(({ status }) => WORSE.indexOf(status)),
    ...live.map(({ status }) => WORSE.indexOf(status?.instance_status ?? 'healthy')),
  )
  const reasons = findings
    .filter(({ status }) => status !== 'healthy')
    .toSorted((a, b) => WORSE.indexOf(b.status) - WORSE.indexOf(a.status))
  return { status: WORSE[worst] ?? 'unhealthy', reasons: [...new Set(reasons.map(({ reason }) => reason))], live, missing, alerts }
}

function byUrgency(a: AlertView, b: AlertView): number {
  if (a.severity !== b.severity) return a.severity === 'CRITICAL' ? -1 : 1
  return Date.parse(a.since) - Date.parse(b.since)
}
