/** What has changed between two states of the screen Now, and how it is applied. Pure. */
import type { Change, Head, Now } from '../protocol.ts'
import { byUrgency } from './alert-row.ts'

/** Rows are compared as objects: what is another object counts as changed. `before` left out: everything is in it. */
export function changeBetween(before: Now | undefined, after: Now): Change {
  const services = new Map(before?.services.map((row) => [row.service, row]))
  const alerts = new Map(before?.alerts.map((row) => [row.id, row]))
  return {
    ...headOf(after),
    services: after.services.filter((row) => services.get(row.service) !== row),
    servicesGone: missingFrom(services, new Set(after.services.map(({ service }) => service))),
    alerts: after.alerts.filter((row) => alerts.get(row.id) !== row),
    alertsGone: missingFrom(alerts, new Set(after.alerts.map(({ id }) => id))),
  }
}

/** One that carries everything: whoever applies it ends up with `after`, whatever was missed before. */
export function wholeChange(before: Now | undefined, after: Now): Change {
  return { ...changeBetween(before, after), services: after.services, alerts: after.alerts }
}

/** Whether anything but the time is another. */
export function saysSomething(before: Now, change: Change): boolean {
  const rows = change.services.length + change.servicesGone.length + change.alerts.length + change.alertsGone.length
  return rows > 0 || JSON.stringify({ ...headOf(before), at: 0 }) !== JSON.stringify({ ...headOf(change), at: 0 })
}

export function applyChange(now: Now, change: Change): Now {
  const services = new Map(now.services.map((row) => [row.service, row]))
  const alerts = new Map(now.alerts.map((row) => [row.id, row]))
  for (const service of change.servicesGone) services.delete(service)
  for (const id of change.alertsGone) alerts.delete(id)
  for (const row of change.services) services.set(row.service, row)
  for (const row of change.alerts) alerts.set(row.id, row)
  return {
    ...headOf(change),
    services: [...services.values()].toSorted((a, b) => (a.service < b.service ? -1 : 1)),
    alerts: [...alerts.values()].toSorted(byUrgency),
  }
}

function headOf({ at, staleSince, staleReason, epoch, seq, problems }: Head): Head {
  return {
    at,
    ...(staleSince !== undefined && { staleSince }),
    ...(staleReason !== undefined && { staleReason }),
    ...{ epoch, seq, problems },
  }
}

function missingFrom(before: ReadonlyMap<string, unknown>, after: ReadonlySet<string>): readonly string[] {
  return [...before.keys()].filter((key) => !after.has(key))
}
