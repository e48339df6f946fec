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

/** Of a gap in which nobody evaluated, this much counts for a pending alert: a longer one says nothing about whether the breach lasted. */
export const LONGEST_GAP_MS = 3_600_000

type Timer = 'breachAt' | 'criticalAt' | 'lowerAt' | 'okAt' | 'frozenAt' | 'clearedAt'
type Timers = { readonly [name in Timer]?: number | undefined }

/** Those of each state, as src/types.ts has them. Entries of earlier versions have more, which are left out. */
const TIMERS_OF: Readonly<Record<Alert['state'], readonly Timer[]>> = {
  inactive: ['frozenAt', 'clearedAt'],
  pending: ['breachAt', 'criticalAt', 'frozenAt', 'clearedAt'],
  firing: ['criticalAt', 'lowerAt', 'frozenAt'],
  recovering: ['okAt', 'frozenAt'],
  unknown: ['frozenAt'],
  resolved: ['frozenAt', 'clearedAt'],
}
/** Without these an alert of that state is none. */
const NEEDED: Readonly<Partial<Record<Alert['state'], Timer>>> = { pending: 'breachAt', recovering: 'okAt' }

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

/** As every message has them. */
export function shortLabels(labels: Readonly<Record<string, string>>, tally: Tally): Readonly<Record<string, string>> {
  const entries = Object.entries(labels)
  tally.cut += Math.max(entries.length - MOST_LABELS, 0)
  return Object.fromEntries(entries.slice(0, MOST_LABELS).map(([name, value]) => [shortName(name, tally), shortName(value, tally)]))
}

function evidenceValue(value: number | string | null, tally: Tally): number | string | null {
  return typeof value === 'string' ? shortText(value, tally) : value
}

function encodeTimers(alert: Alert, { monotonicMs }: Instant): string {
  const timers: Timers = alert
  const written = TIMERS_OF[alert.state].flatMap((timer) => (timers[timer] === undefined ? [] : [[timer, timers[timer]] as const]))
  // Versions before this one read no entry without breachAt.
  const all = [...(alert.state === 'pending' ? [] : [['breachAt', alert.evaluatedAt] as const]), ...written]
  const ages = [...all, ['evaluatedAt', alert.evaluatedAt] as const].map(
    ([timer, at]) => `"${timer}":${Math.max(Math.round(monotonicMs - at), 0)}`,
  )
  return `{${ages.join(',')}}`
}

/** When an entry is read back, by the server's clock in epoch milliseconds. */
export interface ReadBack {
  readonly serverNow: number
  /** The last beat of the instance, if there is one: until then it evaluated. */
  readonly lastBeat?: number | undefined
}

/**
 * Reads back what this instance said of the alert whose document is given. What is pending goes on as if its breach had lasted, at most for
 * an hour; every other timer goes on from where it stood when the instance was last heard of, for `evaluatedAt` says when that was.
 * `undefined` for what is none, and for what others have found to be gone: it begins anew.
 */
export function decodeEntry(entry: string, document: string, { serverNow, lastBeat = 0 }: ReadBack, now: Instant): Alert | undefined {
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
  const heardAt = lastBeat <= serverNow + FURTHEST_AHEAD_MS ? Math.max(at, lastBeat) : at
  const heardAgo = Math.max(serverNow - heardAt, 0)
  const timers = restoreTimers(saved['timers'], state, { gap: Math.max(serverNow - at, 0), heardAgo, now: now.monotonicMs })
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
    // The table has for each state the timers that its type has.
  } as Alert
}

function isScope(value: unknown): value is RuleScope {
  return value === 'any' || value === 'all' || value === 'shared'
}

interface Gap {
  /** Milliseconds since it was said. */
  readonly gap: number
  /** Milliseconds since its instance was last heard of. */
  readonly heardAgo: number
  /** Milliseconds on the monotonic clock. */
  readonly now: number
}

function restoreTimers(
  saved: unknown,
  state: Alert['state'],
  { gap, heardAgo, now }: Gap,
): (Timers & Pick<Alert, 'evaluatedAt'>) | undefined {
  if (!isFields(saved)) return undefined
  const counts = state === 'pending' ? Math.min(gap, LONGEST_GAP_MS) : gap
  const timers: Partial<Record<Timer, number>> = {}
  for (const name of TIMERS_OF[state]) {
    const age = saved[name]
    if (typeof age === 'number') timers[name] = now - counts - Math.max(age, 0)
  }
  const needed = NEEDED[state]
  if (typeof saved['evaluatedAt'] !== 'number' || (needed !== undefined && timers[needed] === undefined)) return undefined
  return { ...timers, evaluatedAt: state === 'pending' ? now : now - heardAgo }
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
