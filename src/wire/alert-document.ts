/**
 * An alert as it is saved, and as it is told. The document keeps its timers as epoch times, for the monotonic clock ends with the
 * process; reading it back turns them into the reader's monotonic clock.
 */
import type { Instant } from '../judge/alert.ts'
import type { Alert, Evidence, StoredAlert, Transition } from '../types.ts'
import { isAlertView, isLabelsOrAbsent, type AlertView } from './alert-view.ts'
import { shortened, type Tally, toJson } from './bounded-json.ts'
import { isAlertState, isSeverity } from './closed-lists.ts'
import { isFields, isTextOrAbsent, parseFields, type Fields } from './fields.ts'
import { fromIso, toIso } from './iso-time.ts'
import { fitsMessage, LONGEST_NAME, LONGEST_TEXT, MOST_LABELS } from './sizes.ts'

/** An alert as it is sent: the script makes of it the document it saves and the message it tells. */
export interface EncodedAlert {
  /** The fields of document and message, in JSON without braces; a message has `id`, `epoch`, `seq`, `rev` and `timestamp` before them. */
  readonly fields: string
  /** JSON of what only the document has. */
  readonly timers: string
  readonly cut: number
}

/** Of the time in which nobody evaluated, this much counts: a longer gap says nothing about whether a breach lasted. */
export const LONGEST_GAP_MS = 3_600_000

type Timer = Extract<keyof Alert, `${string}At`>
const TIMERS: readonly Timer[] = ['breachAt', 'criticalAt', 'lowerAt', 'okAt', 'frozenAt', 'clearedAt', 'evaluatedAt']

/** One object of one shape: this is done between a change of state and its message, which is to be as fast as Redis is. */
export function encodeTransition(transition: Transition, instance: string, now: Instant): EncodedAlert {
  return encode(transition.alert, transition, instance, now)
}

/** For an alert that changed without a message. */
export function encodeAlert(alert: Alert, instance: string, now: Instant): EncodedAlert {
  return encode(alert, undefined, instance, now)
}

/** The document that the script makes of it. */
export function documentOf({ fields, timers }: EncodedAlert): string {
  return `{"v":1,${fields},"timers":${timers}}`
}

/** What is `undefined` is left out. */
function encode(alert: Alert, told: Transition | undefined, instance: string, now: Instant): EncodedAlert {
  const tally = { cut: 0 }
  const { state, value } = alert
  const since = toIso(alert.since)
  const json = toJson({
    type: told?.type,
    deliver: told?.deliver,
    alert_id: shortName(alert.id, tally),
    episode: alert.episode,
    service: shortName(alert.service, tally),
    rule: shortName(alert.rule, tally),
    labels: alert.labels && shortLabels(alert.labels, tally),
    severity: alert.severity,
    state,
    since,
    message: shortText(alert.message, tally),
    runbook: alert.runbook && shortText(alert.runbook, tally),
    value: value && {
      current: evidenceValue(value.current, tally),
      threshold: evidenceValue(value.threshold, tally),
      unit: shortName(value.unit, tally),
      n: value.n,
      failures: value.failures,
      window_seconds: value.window_seconds,
    },
    instances: { [shortName(instance, tally)]: { state, since } },
    overlays: {},
    cause: told?.cause,
    actor: told?.actor ? shortText(told.actor, tally) : told?.actor,
    told: told?.told,
  })
  return { fields: json.slice(1, -1), timers: encodeTimers(alert, now), cut: tally.cut }
}

function shortName(value: string, tally: Tally): string {
  return shortened(value, LONGEST_NAME, tally)
}

function shortText(value: string, tally: Tally): string {
  return shortened(value, LONGEST_TEXT, tally)
}

function shortLabels(labels: Readonly<Record<string, string>>, tally: Tally): Readonly<Record<string, string>> {
  const entries = Object.entries(labels)
  tally.cut += Math.max(entries.length - MOST_LABELS, 0)
  return Object.fromEntries(entries.slice(0, MOST_LABELS).map(([name, value]) => [shortName(name, tally), shortName(value, tally)]))
}

function evidenceValue(value: number | string | null, tally: Tally): number | string | null {
  return typeof value === 'string' ? shortText(value, tally) : value
}

function encodeTimers(alert: Alert, { monotonicMs, epochMs }: Instant): string {
  let json = `{"savedAt":${Math.round(epochMs)}`
  for (const timer of TIMERS) {
    const at = alert[timer]
    if (at !== undefined) json += `,"${timer}":${Math.round(epochMs - (monotonicMs - at))}`
  }
  return `${json}}`
}

/**
 * Reads a document back. Timers go on from where they stood when it was saved, plus the time since then, of which at most an hour
 * counts; none is in the future, however the wall clock was set. `undefined` for what is no alert document of this version.
 */
export function decodeAlert(document: string, now: Instant): Alert | undefined {
  const saved = parseFields(document)
  if (saved?.['v'] !== 1) return undefined
  const { alert_id: id, episode, service, rule, labels, severity, state, message, runbook, value } = saved
  const since = fromIso(saved['since'])
  const timers = restoreTimers(saved['timers'], now)
  if (typeof id !== 'string' || typeof service !== 'string' || typeof rule !== 'string' || typeof message !== 'string') return undefined
  if (!Number.isInteger(episode) || !isSeverity(severity) || !isAlertState(state) || since === undefined || !timers) return undefined
  if (!isLabelsOrAbsent(labels) || !isTextOrAbsent(runbook)) return undefined
  return {
    id,
    rule,
    service,
    ...(labels !== undefined && { labels }),
    state,
    severity,
    episode: episode as number,
    since: Math.min(since, now.epochMs),
    message,
    ...(runbook !== undefined && { runbook }),
    value: isFields(value) ? (value as unknown as Evidence) : null,
    ...timers,
  }
}

type Timers = Pick<Alert, Timer>

function restoreTimers(saved: unknown, now: Instant): Timers | undefined {
  if (!isFields(saved)) return undefined
  const { savedAt } = saved
  if (typeof savedAt !== 'number') return undefined
  const gap = Math.min(Math.max(now.epochMs - savedAt, 0), LONGEST_GAP_MS)
  const timers: Partial<Record<Timer, number>> = {}
  for (const name of TIMERS) {
    const at = saved[name]
    if (typeof at === 'number') timers[name] = now.monotonicMs - gap - Math.max(savedAt - at, 0)
  }
  return timers.breachAt === undefined || timers.evaluatedAt === undefined ? undefined : (timers as Timers)
}

/** What Redis held, if it can be used. */
export function toStoredAlert(rev: string | null, document: string | null, now: Instant): StoredAlert | undefined {
  const alert = document === null ? undefined : decodeAlert(document, now)
  return alert && { alert, rev: Number(rev ?? 0) }
}

/** The document as those read it who judge nothing; `undefined` for what is too large or no alert document of this version. */
export function parseAlertDocument(rev: string | null | undefined, document: string | null | undefined): AlertView | undefined {
  const fields = typeof document === 'string' && fitsMessage(document) ? parseFields(document) : undefined
  if (fields?.['v'] !== 1) return undefined
  const view: Fields = { ...fields, rev: Number(rev ?? 0) }
  return isAlertView(view) ? (view as unknown as AlertView) : undefined
}
