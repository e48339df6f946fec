/**
 * What one instance says of an alert, as it is sent to the script that folds it, and read back by the instance after a restart. Timers are
 * kept as ages at the moment of saving, which the server dates: no clock of a machine has a say in them.
 */
import type { Instant } from '../judge/alert.ts'
import type { AlertEntry } from '../judge/fold.ts'
import type { Alert, Evidence, RuleScope } from '../types.ts'
import { isLabelsOrAbsent } from './alert-view.ts'
import { shortened, type Tally, toJson } from './bounded-json.ts'
import { isAlertState, isSeverity } from './closed-lists.ts'
import { isFields, isTextOrAbsent, parseFields, type Fields } from './fields.ts'
import { LONGEST_NAME, LONGEST_TEXT, MOST_LABELS } from './sizes.ts'

/** Of the time in which nobody evaluated, this much counts: a longer gap says nothing about whether a breach lasted. */
export const LONGEST_GAP_MS = 3_600_000

type Timer = Extract<keyof Alert, `${string}At`>
const TIMERS: readonly Timer[] = ['breachAt', 'criticalAt', 'lowerAt', 'okAt', 'frozenAt', 'clearedAt', 'evaluatedAt']

/** What the script makes an entry of; the rest is the writer's. */
export interface EncodedEntry {
  /** Begins the entry: JSON, up to `keep`. */
  readonly head: string
  /** After what the writer counts: JSON, up to the time, which is the server's. */
  readonly counted: string
  /** After the time: JSON to the end, what people read last. */
  readonly tail: string
  /** What people read. */
  readonly said: { readonly labels: unknown; readonly message: string; readonly runbook: string | undefined; readonly value: unknown }
  /** Fields of JSON: which alert it is. */
  readonly about: string
  /** Texts shortened and entries left out. */
  readonly cut: number
}

/** This is done between a change of state and its message, which is to be as fast as Redis is. */
export function encodeEntry(alert: Alert, now: Instant): EncodedEntry {
  const tally = { cut: 0 }
  const { state, severity, value } = alert
  const known = alert.frozenAt === undefined && state !== 'unknown'
  const breaching = known && (state === 'pending' || state === 'firing')
  const said = {
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
  }
  const labels = alert.labels && shortLabels(alert.labels, tally)
  const about = toJson({
    alert_id: shortName(alert.id, tally),
    service: shortName(alert.service, tally),
    rule: shortName(alert.rule, tally),
    labels,
  })
  const age = Math.max(Math.round(now.epochMs - alert.since), 0)
  return {
    head: `{"state":"${state}","severity":"${severity}","breaching":${breaching},"known":${known},`,
    counted: `"episode":${alert.episode},"age":${age},`,
    tail: `"timers":${encodeTimers(alert, now)},"says":${toJson(said)}}`,
    said: { labels, ...said },
    about: about.slice(1, -1),
    cut: tally.cut,
  }
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

function encodeTimers(alert: Alert, { monotonicMs }: Instant): string {
  const ages = TIMERS.flatMap((timer) => {
    const at = alert[timer]
    return at === undefined ? [] : [`"${timer}":${Math.max(Math.round(monotonicMs - at), 0)}`]
  })
  return `{${ages.join(',')}}`
}

/**
 * Reads back what this instance said, by the server's `serverNow` (epoch milliseconds), of the alert whose document is given. Timers go on from where they stood, plus the time
 * since then, of which at most an hour counts. `undefined` for what is none, and for what others have found to be gone: it begins anew.
 */
export function decodeEntry(entry: string, document: string, serverNow: number, now: Instant): Alert | undefined {
  const saved = parseFields(entry)
  const which = parseFields(document)
  const says = saved?.['says']
  if (!saved || !which || !isFields(says)) return undefined
  const { state, severity, age, at, episode } = saved
  const { alert_id: id, service, rule, labels, scope } = which
  const { message, runbook, value } = says
  if (typeof id !== 'string' || typeof service !== 'string' || typeof rule !== 'string' || typeof message !== 'string') return undefined
  if (!isSeverity(severity) || !isAlertState(state) || !isLabelsOrAbsent(labels) || !isTextOrAbsent(runbook)) return undefined
  if (typeof age !== 'number' || typeof at !== 'number' || typeof episode !== 'number') return undefined
  const timers = restoreTimers(saved['timers'], Math.min(Math.max(serverNow - at, 0), LONGEST_GAP_MS), now)
  if (!timers) return undefined
  return {
    id,
    rule,
    service,
    ...(labels !== undefined && { labels }),
    // Or it would be folded as one of scope `any` until it is over.
    ...(isScope(scope) && { scope }),
    state,
    severity,
    episode,
    since: now.epochMs - Math.max(serverNow - at, 0) - Math.max(age, 0),
    message,
    ...(runbook !== undefined && { runbook }),
    value: isFields(value) ? (value as unknown as Evidence) : null,
    ...timers,
  }
}

function isScope(value: unknown): value is RuleScope {
  return value === 'any' || value === 'all' || value === 'shared'
}

type Timers = Pick<Alert, Timer>

function restoreTimers(saved: unknown, gapMs: number, now: Instant): Timers | undefined {
  if (!isFields(saved)) return undefined
  const timers: Partial<Record<Timer, number>> = {}
  for (const name of TIMERS) {
    const age = saved[name]
    if (typeof age === 'number') timers[name] = now.monotonicMs - gapMs - Math.max(age, 0)
  }
  return timers.breachAt === undefined || timers.evaluatedAt === undefined ? undefined : (timers as Timers)
}

/** An entry as the fold sees it; `score`: the last beat of its instance, if it is on the list. Epoch milliseconds of the server. */
export function parseEntry(instance: string, entry: string, score: number | undefined, now: number): AlertEntry | undefined {
  const fields: Fields | undefined = parseFields(entry)
  if (!fields) return undefined
  const { state, severity, age, breaching, known, at, keep, episode } = fields
  if ((state !== 'gone' && !isAlertState(state)) || !isSeverity(severity) || typeof breaching !== 'boolean' || typeof known !== 'boolean')
    return undefined
  if (typeof age !== 'number' || typeof at !== 'number' || typeof keep !== 'number' || typeof episode !== 'number') return undefined
  const seen = score !== undefined && score <= now + FURTHEST_AHEAD_MS ? Math.max(score, at) : at
  return { instance, state, severity, since: at - age, breaching, known, at, seen, keep, episode }
}

/** A sign of life this far in the future is none. */
export const FURTHEST_AHEAD_MS = 60_000
