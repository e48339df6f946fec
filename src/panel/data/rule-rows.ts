/** Each rule of a service as it reads now: of several instances the one that is nearest to a breach. Pure. */
import type { InstanceView } from '../../subscribe/health-view.ts'
import { ENOUGH_SECONDS } from '../../judge/covered.ts'
import { cleanText } from '../../wire/clean-text.ts'
import { distanceToBreach, type RuleReading } from '../../wire/rule-reading.ts'
import type { StatusMessage } from '../../wire/status-message.ts'
import type { RuleRow } from '../protocol.ts'
import { cleanLabels } from './alert-row.ts'

/** The nearest to a breach first. `at`: now, epoch milliseconds of the server. `undefined`: no instance says its rules. */
export function ruleRows(instances: readonly InstanceView[], at: number): readonly RuleRow[] | undefined {
  const saying = instances.filter(({ status }) => status?.rules !== undefined && status.phase !== 'stopped')
  if (saying.length === 0) return undefined
  const rows = saying.flatMap((view) => view.status!.rules!.map((reading) => ruleRow(reading, view, at)))
  const byRule = Map.groupBy(rows, ({ rule, labels }) => JSON.stringify([rule, labels ?? {}]))
  return Array.from(byRule.values(), (same) => same.toSorted(byDistance)[0]!).toSorted(byDistance)
}

function ruleRow(reading: RuleReading, { instance, lastBeatAt, status }: InstanceView, at: number): RuleRow {
  const { rule, labels, says, reason, current, threshold, unit, for_seconds: forSeconds } = reading
  const heldSeconds = heldFor(reading, status!, at - lastBeatAt)
  const watchedSeconds = Math.floor(status!.uptime_seconds + Math.max(at - lastBeatAt, 0) / 1000)
  const distance = says === 'inconclusive' ? undefined : distanceToBreach(reading)
  return {
    rule: cleanText(rule),
    ...(labels && { labels: cleanLabels(labels) }),
    says,
    ...(reason !== undefined && { reason: cleanText(reason) }),
    ...(current !== undefined && { current: cleanValue(current) }),
    ...(threshold !== undefined && { threshold: cleanValue(threshold) }),
    ...(unit !== undefined && { unit: cleanText(unit) }),
    ...(forSeconds !== undefined && { forSeconds }),
    ...(heldSeconds !== undefined && { heldSeconds }),
    ...(reason === 'starting' && watchedSeconds < ENOUGH_SECONDS && { watched: { seconds: watchedSeconds, of: ENOUGH_SECONDS } }),
    ...(distance !== undefined && Number.isFinite(distance) && { distance }),
    instance: cleanText(instance),
  }
}

/**
 * Seconds for which a breach has held that has not fired yet. Both times of the message are of one clock; what has passed since is of the
 * server's.
 */
function heldFor({ rule, labels, says }: RuleReading, { alerts, timestamp }: StatusMessage, agoMs: number): number | undefined {
  if (says !== 'breach') return undefined
  const key = JSON.stringify(labels ?? {})
  const pending = alerts.find((alert) => alert.rule === rule && alert.state === 'pending' && JSON.stringify(alert.labels ?? {}) === key)
  if (!pending) return undefined
  return Math.max(Math.round((Date.parse(timestamp) - Date.parse(pending.since) + Math.max(agoMs, 0)) / 1000), 0)
}

/** In breach, near to one, well without a distance, and at last what nobody can say. */
function byDistance(a: RuleRow, b: RuleRow): number {
  return weightOf(a) - weightOf(b) || (a.rule < b.rule ? -1 : a.rule > b.rule ? 1 : a.instance < b.instance ? -1 : 1)
}

function weightOf({ says, distance }: RuleRow): number {
  if (says === 'breach') return Math.min(distance ?? 0, 0) - 1e9
  return says === 'ok' ? Math.min(distance ?? 1e6, 1e6) : 1e9
}

function cleanValue(value: number | string | null): number | string | null {
  return typeof value === 'string' ? cleanText(value) : value
}
