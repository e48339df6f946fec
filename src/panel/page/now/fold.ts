/** One message for each cause: what another open alert explains stands beneath that one. Pure. */
import type { AlertRow } from '../../protocol.ts'

export interface Told {
  readonly alert: AlertRow
  readonly beneath: readonly AlertRow[]
}

/** Keeps the order. What explains an alert is said by the alert, else it is the worst of the same service that nothing explains. */
export function foldUnderCauses(alerts: readonly AlertRow[]): readonly Told[] {
  const told = new Map<string, { readonly alert: AlertRow; readonly beneath: AlertRow[] }>()
  const firstOf = new Map<string, string>()
  for (const alert of alerts) {
    if (alert.inhibited) continue
    told.set(alert.id, { alert, beneath: [] })
    if (!firstOf.has(alert.service)) firstOf.set(alert.service, alert.id)
  }
  const alone: { readonly alert: AlertRow; readonly beneath: AlertRow[] }[] = []
  for (const alert of alerts) {
    if (!alert.inhibited) continue
    const cause = told.get(alert.explainedBy ?? '') ?? told.get(firstOf.get(alert.service) ?? '')
    if (cause) cause.beneath.push(alert)
    else alone.push({ alert, beneath: [] })
  }
  return [...told.values(), ...alone]
}
