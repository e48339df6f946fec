/**
 * Alerts as Alertmanager has them. Labels are identity there, so that one alert of ours has a label set for each severity it has had: the
 * present one is open, the others are over. What is open ends by itself some minutes after it was last said; what is over is said again
 * for a while, so that whoever missed it hears of it. Pure.
 */
import { isOpen } from '../judge/alert.ts'
import { cleanText } from '../wire/clean-text.ts'
import { toIso } from '../wire/iso-time.ts'
import type { AlertView } from '../wire/alert-view.ts'
import { isQuiet } from '../wire/overlays-view.ts'
import { severityWord, type Affected } from './delivery.ts'
import { type PostableAlert, type ToldElsewhere, type ToldRecord, withTold } from './told.ts'
import { figuresText, instancesText, nameOf, servicesText, toldText, whyText } from './wording.ts'

/** What is over is said again for this long, as Prometheus does. */
export const ENDED_FOR_MS = 15 * 60_000

export interface Facts {
  /** The alert as it stands; left out where Redis no longer knows it. */
  readonly alert?: AlertView
  readonly epoch: string
  /** What was sent of it before. */
  readonly record?: ToldRecord | undefined
  readonly services?: Affected | undefined
  /** What other targets were told of it. */
  readonly told: readonly ToldElsewhere[]
  /** Labels of the target, on every alert. */
  readonly labels: Readonly<Record<string, string>>
  /** Epoch milliseconds. */
  readonly now: number
}

/**
 * What Alertmanager is to be told of the alert from now on; `undefined` once there is nothing more to say. Of an alert that Redis has
 * forgotten nobody knows whether it is over: it is not said to be, and not said any more.
 */
export function nextRecord(facts: Facts): ToldRecord | undefined {
  const { alert, record, now } = facts
  if (!alert) {
    const sets = ofLate(record?.sets ?? [], now)
    return record && sets.length > 0 ? { ...record, sets } : undefined
  }
  const before = record?.sets ?? []
  const open = before.find(({ endsAt }) => endsAt === undefined)
  if (!isOpen(alert)) {
    const sets = ofLate(
      open ? [...before.filter((set) => set !== open), ended({ ...open, annotations: annotationsOf({ ...facts, alert }) }, facts)] : before,
      now,
    )
    if (!record || sets.length === 0) return undefined
    return open ? told('resolved', { ...facts, alert }, sets) : { ...record, sets }
  }
  // What was said stands, as it was said.
  if (alert.rev === record?.rev && facts.epoch === record.epoch && open) return { ...record, sets: [...ofLate(before, now), open] }
  // Of one of which people are not told nothing new is said.
  if (!open && isQuiet(alert)) return record && ofLate(before, now).length > 0 ? { ...record, sets: ofLate(before, now) } : undefined
  const labels = labelsOf(alert, facts.labels)
  const same = open !== undefined && equal(open.labels, labels)
  const startsAt = same ? open.startsAt : toIso(open ? now : Math.min(Date.parse(alert.since), now))
  const present: PostableAlert = { labels, annotations: annotationsOf({ ...facts, alert }), startsAt }
  // Said to be over and open again, of one label set, within the same request, would be told in any order.
  const others = before.filter((set) => set !== open && !equal(set.labels, labels))
  const sets = [...ofLate(open && !same ? [...others, ended(open, facts)] : others, now), present]
  return told(same ? undefined : typeOf(alert, record), { ...facts, alert }, sets)
}

/** As it goes out now: what is open holds until `until` unless it is said again. */
export function posted(record: ToldRecord, untilEpochMs: number): readonly PostableAlert[] {
  return (record.sets ?? []).map((set) => (set.endsAt === undefined ? { ...set, endsAt: toIso(untilEpochMs) } : set))
}

function told(type: string | undefined, facts: Facts & { readonly alert: AlertView }, sets: readonly PostableAlert[]): ToldRecord {
  const { record, alert, epoch, now } = facts
  const next =
    type === undefined && record
      ? { ...record, epoch, rev: alert.rev }
      : withTold(record, { ...alert, epoch }, { type: type ?? 'updated', severity: alert.severity, at: toIso(now) })
  return { ...next, sets }
}

function typeOf(alert: AlertView, record: ToldRecord | undefined): string {
  if (!record || record.told.at(-1)?.type === 'resolved') return 'fired'
  if (record.severity === alert.severity) return 'updated'
  return alert.severity === 'CRITICAL' ? 'escalated' : 'deescalated'
}

/** Never before it began, or Alertmanager refuses it. By our clock, but for the last minute of the clock of Redis: it may be another. */
function ended(set: PostableAlert, { alert, now }: Facts): PostableAlert {
  const at = alert && !isOpen(alert) ? Math.max(Math.min(Date.parse(alert.since), now), now - 60_000) : now
  return { ...set, endsAt: toIso(Math.max(at, Date.parse(set.startsAt))) }
}

/** Those that are over, and not for so long that they need not be said again. */
function ofLate(sets: readonly PostableAlert[], now: number): readonly PostableAlert[] {
  return sets.filter(({ endsAt }) => endsAt !== undefined && now - Date.parse(endsAt) < ENDED_FOR_MS)
}

function labelsOf(alert: AlertView, more: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const own = Object.entries(alert.labels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
  const labels: Record<string, string> = { ...more }
  for (const [name, value] of own) labels[freeName(`label_${name.replaceAll(/[^a-zA-Z0-9_]/g, '_')}`, labels)] = cleanText(value)
  return { ...labels, alertname: cleanText(alert.rule), service: alert.service, severity: severityWord(alert.severity) }
}

/** Two labels may become the same when what Prometheus does not allow is replaced. */
function freeName(name: string, taken: Readonly<Record<string, string>>): string {
  let free = name
  for (let i = 2; free in taken; i++) free = `${name}_${i}`
  return free
}

function annotationsOf({ alert, services, told: before }: Facts & { readonly alert: AlertView }): Readonly<Record<string, string>> {
  const all: Readonly<Record<string, string | undefined>> = {
    summary: cleanText(`${nameOf(alert)} of ${alert.service}`),
    description: cleanText(alert.message),
    value: figuresText(alert.value),
    state: alert.state,
    runbook_url: alert.runbook && cleanText(alert.runbook),
    services: servicesText(services),
    instances: instancesText(alert),
    told_before: toldText(before),
    why: whyText(alert),
    alert_id: alert.alert_id,
  }
  return Object.fromEntries(Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== ''))
}

function equal(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}
