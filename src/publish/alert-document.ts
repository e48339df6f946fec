/**
 * An alert as it is saved, and as it is told. The document keeps its timers as epoch times, for the monotonic clock ends with the
 * process; reading it back turns them into the reader's monotonic clock.
 */
import type { Alert, AlertState, Evidence, Severity, StoredAlert, Transition } from '../types.ts'
import { encodePart, type Limits, type Tally } from './bounded-json.ts'
import { fromIso, toIso } from './iso-time.ts'

/** One instant on both clocks. */
export interface Instant {
  readonly monotonicMs: number
  readonly epochMs: number
}

/** What a transition becomes: the script puts seq, rev, id, epoch and timestamp between the pieces. */
export interface EncodedTransition {
  /** From `type` to `episode`. */
  readonly head: string
  /** From `service` to `since`. */
  readonly body: string
  /** From `message` to the closing brace. */
  readonly tail: string
  /** The alert to be saved. */
  readonly document: string
  readonly cut: number
}

const NAMES: Limits = { text: 128, entries: 0 }
const TEXTS: Limits = { text: 1024, entries: 16 }

/** Of the time in which nobody evaluated, this much counts: a longer gap says nothing about whether a breach lasted. */
export const LONGEST_GAP_MS = 3_600_000

const TIMERS = ['breachAt', 'criticalAt', 'lowerAt', 'okAt', 'frozenAt', 'evaluatedAt'] as const

export function encodeTransition(transition: Transition, instance: string, now: Instant): EncodedTransition {
  const tally = { cut: 0 }
  const { alert } = transition
  const identity = encodeIdentity(alert, tally)
  const body = encodeState(alert, tally)
  const evidence = encodeEvidence(alert, instance, tally)
  return {
    head: `"type":"${transition.type}","deliver":${transition.deliver},${identity},`,
    body: `${body},`,
    tail: `${evidence},"cause":"${transition.cause}","actor":${encodePart(transition.actor, TEXTS, tally)},"told":${JSON.stringify(transition.told)}}`,
    document: `{"v":1,${identity},${body},${evidence},"timers":${encodeTimers(alert, now)}}`,
    cut: tally.cut,
  }
}

/** The document alone, for an alert that changed without a message. */
export function encodeAlert(alert: Alert, instance: string, now: Instant): string {
  const tally = { cut: 0 }
  return `{"v":1,${encodeIdentity(alert, tally)},${encodeState(alert, tally)},${encodeEvidence(alert, instance, tally)},"timers":${encodeTimers(alert, now)}}`
}

function encodeIdentity(alert: Alert, tally: Tally): string {
  return `"alert_id":${encodePart(alert.id, NAMES, tally)},"episode":${encodePart(alert.episode, NAMES, tally)}`
}

function encodeState(alert: Alert, tally: Tally): string {
  const service = encodePart(alert.service, NAMES, tally)
  const rule = encodePart(alert.rule, NAMES, tally)
  return `"service":${service},"rule":${rule},"severity":"${alert.severity}","state":"${alert.state}","since":"${toIso(alert.since)}"`
}

function encodeEvidence(alert: Alert, instance: string, tally: Tally): string {
  const message = encodePart(alert.message, TEXTS, tally)
  const value = encodePart(alert.value, TEXTS, tally)
  const name = encodePart(instance, NAMES, tally)
  return `"message":${message},"value":${value},"instances":{${name}:{"state":"${alert.state}","since":"${toIso(alert.since)}"}},"overlays":{}`
}

function encodeTimers(alert: Alert, now: Instant): string {
  const timers: Record<string, number> = { savedAt: Math.round(now.epochMs) }
  for (const name of TIMERS) {
    const at = alert[name]
    if (at !== undefined) timers[name] = Math.round(now.epochMs - (now.monotonicMs - at))
  }
  return JSON.stringify(timers)
}

/**
 * Reads a document back. Timers go on from where they stood when it was saved, plus the time since then, of which at most an hour
 * counts; none is in the future, however the wall clock was set. `undefined` for what is no alert document of this version.
 */
export function decodeAlert(document: string, now: Instant): Alert | undefined {
  const saved = parseObject(document)
  if (saved?.['v'] !== 1) return undefined
  const { alert_id: id, episode, service, rule, severity, state, message, value } = saved
  const since = fromIso(saved['since'])
  const timers = restoreTimers(saved['timers'], now)
  if (typeof id !== 'string' || typeof service !== 'string' || typeof rule !== 'string' || typeof message !== 'string') return undefined
  if (!Number.isInteger(episode) || !isSeverity(severity) || !isState(state) || since === undefined || !timers) return undefined
  return {
    id,
    rule,
    service,
    state,
    severity,
    episode: episode as number,
    since: Math.min(since, now.epochMs),
    message,
    value: isObject(value) ? (value as unknown as Evidence) : null,
    ...timers,
  }
}

type Timers = Pick<Alert, (typeof TIMERS)[number]>

function restoreTimers(saved: unknown, now: Instant): Timers | undefined {
  if (!isObject(saved)) return undefined
  const { savedAt } = saved
  if (typeof savedAt !== 'number') return undefined
  const gap = Math.min(Math.max(now.epochMs - savedAt, 0), LONGEST_GAP_MS)
  const timers: Partial<Record<(typeof TIMERS)[number], number>> = {}
  for (const name of TIMERS) {
    const at = saved[name]
    if (typeof at === 'number') timers[name] = now.monotonicMs - gap - Math.max(savedAt - at, 0)
  }
  return timers.breachAt === undefined || timers.evaluatedAt === undefined ? undefined : (timers as Timers)
}

/** What Redis held, if it can be used: a state nobody needs to go on with is left out by the caller. */
export function toStoredAlert(rev: string | null, document: string | null, now: Instant): StoredAlert | undefined {
  const alert = document === null ? undefined : decodeAlert(document, now)
  return alert && { alert, rev: Number(rev ?? 0) }
}

function parseObject(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isSeverity(value: unknown): value is Severity {
  return value === 'WARNING' || value === 'CRITICAL'
}

const STATES: readonly unknown[] = ['inactive', 'pending', 'firing', 'recovering', 'unknown', 'resolved'] satisfies AlertState[]

function isState(value: unknown): value is AlertState {
  return STATES.includes(value)
}
