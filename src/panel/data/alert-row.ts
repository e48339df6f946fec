/** An alert as it is listed, with what lies over it. Pure. */
import type { AlertView } from '../../wire/alert-view.ts'
import { cleanText } from '../../wire/clean-text.ts'
import { overlaysOf } from '../../wire/overlays-view.ts'
import type { AlertRow } from '../protocol.ts'

/** Instances in a row, those first that find a breach. */
const MOST_INSTANCES = 20

export function alertRow(alert: AlertView): AlertRow {
  const { alert_id: id, episode, rev, service, rule, labels, severity, state, since, message, runbook, value } = alert
  const { ack, resolved_by_hand: byHand, silenced, inhibited, flapping, held_until: heldUntil } = overlaysOf(alert)
  const instances = Object.entries(alert.instances).toSorted(([, a], [, b]) => Number(b.breaching) - Number(a.breaching))
  const leftOut = Math.max(instances.length - MOST_INSTANCES, 0) + (alert.instances_left_out ?? 0)
  return {
    ...{ id, episode, rev, service, rule: cleanText(rule) },
    ...(labels && { labels: cleanLabels(labels) }),
    ...{ severity, state, since: Date.parse(since), message: cleanText(message) },
    ...(isWebAddress(runbook) && { runbook }),
    ...(value && { value }),
    instances: instances.slice(0, MOST_INSTANCES).map(([instance, said]) => ({
      ...{ instance: cleanText(instance), state: said.state, severity: said.severity, since: Date.parse(said.since) },
    })),
    ...(leftOut > 0 && { instancesLeftOut: leftOut }),
    ...(ack && { ack: { ...person(ack), until: Date.parse(ack.until) } }),
    ...(byHand && { resolvedByHand: person(byHand) }),
    ...(silenced && { silenced }),
    ...(inhibited && { inhibited }),
    ...(flapping && { flapping }),
    ...(heldUntil !== undefined && { heldUntil: Date.parse(heldUntil) }),
  }
}

/** CRITICAL first, then the oldest, then by id: always the same order of the same alerts. */
export function byUrgency(a: Pick<AlertRow, 'severity' | 'since' | 'id'>, b: Pick<AlertRow, 'severity' | 'since' | 'id'>): number {
  if (a.severity !== b.severity) return a.severity === 'CRITICAL' ? -1 : 1
  return a.since - b.since || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}

export function cleanLabels(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [cleanText(name), cleanText(value)]))
}

/** A link is followed by a click: no other scheme may stand behind it. */
function isWebAddress(text: string | undefined): text is string {
  if (text === undefined || !URL.canParse(text)) return false
  const { protocol } = new URL(text)
  return protocol === 'https:' || protocol === 'http:'
}

function person({ by, why, at }: { readonly by: string; readonly why: string; readonly at: string }) {
  return { by: cleanText(by), why: cleanText(why), at: Date.parse(at) }
}
