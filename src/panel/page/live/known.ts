/** What the page knows of all services and alerts, and how news change it. Pure: what has not changed keeps its object. */
import type { AlertRow, Change, Head, Now, ServiceRow } from '../../protocol.ts'

export interface Known {
  readonly head: Head
  readonly services: ReadonlyMap<string, ServiceRow>
  readonly alerts: ReadonlyMap<string, AlertRow>
}

export function knownOf({ services, alerts, ...head }: Now): Known {
  return {
    head,
    services: new Map(services.map((row) => [row.service, row])),
    alerts: new Map(alerts.map((row) => [row.id, row])),
  }
}

/** Several changes, in their order, at once. */
export function withChanges(known: Known, changes: readonly Change[]): Known {
  let { head } = known
  let services: Map<string, ServiceRow> | undefined
  let alerts: Map<string, AlertRow> | undefined
  for (const change of changes) {
    const { services: changed, servicesGone, alerts: changedAlerts, alertsGone, ...newer } = change
    head = newer
    if (changed.length > 0 || servicesGone.length > 0) {
      services ??= new Map(known.services)
      for (const row of changed) services.set(row.service, row)
      for (const name of servicesGone) services.delete(name)
    }
    if (changedAlerts.length > 0 || alertsGone.length > 0) {
      alerts ??= new Map(known.alerts)
      for (const row of changedAlerts) alerts.set(row.id, row)
      for (const id of alertsGone) alerts.delete(id)
    }
  }
  return { head, services: services ?? known.services, alerts: alerts ?? known.alerts }
}
