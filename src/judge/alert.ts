/**
 * The life of one alert as a pure function of its last state, a verdict and the time. It fires only after a breach has
 * held for `forSeconds` and resolves only after `keepFiringSeconds` of ok; what is not known does neither, it stops the
 * timers. Whether people are told (acknowledged, silenced, inhibited, flapping) is decided on top of the transitions,
 * in their `deliver`, and never changes a state.
 */
import type { Alert, Attributes, InconclusiveReason, RuleScope, RuleTiming, Transition, TransitionType, Verdict } from '../types.ts'

export interface AlertIdentity {
  /** Hash of rule, service and scope labels. */
  readonly id: string
  readonly rule: string
  readonly service: string
  readonly labels?: Attributes | undefined
  readonly runbook?: string | undefined
  readonly scope?: RuleScope
}

/** One instant on both clocks, in milliseconds: timers run on `monotonicMs`, people read `epochMs`. */
export interface Instant {
  readonly monotonicMs: number
  readonly epochMs: number
}

export interface AlertStep {
  /** `undefined`: there never was a breach. An alert that is inactive or resolved again is kept for its episode. */
  readonly alert: Alert | undefined
  /** In order; what one evaluation sets off is all here. */
  readonly transitions: readonly Transition[]
}

/** Milliseconds a pending alert outlives the last conclusive verdict, at least. */
const LEAST_PENDING_PATIENCE_MS = 300_000
/** Milliseconds without an evaluation after which nobody knows, at least. */
const LEAST_SILENCE_MS = 60_000

type Mutable = { -readonly [K in keyof Alert]: Alert[K] }

/** Applies the verdict of one evaluation. */
export function stepAlert(
  alert: Alert | undefined,
  verdict: Verdict,
  timing: RuleTiming,
  identity: AlertIdentity,
  now: Instant,
): AlertStep {
  if (verdict.kind === 'inconclusive') return stopTimers(alert, verdict.reason, timing, now)
  if (verdict.kind === 'ok' && !isActive(alert)) return { alert, transitions: [] }

  const next: Mutable = isActive(alert) ? withTimersRunning(alert, now) : newPending(alert, identity, now)
  next.message = verdict.message
  next.value = verdict.value
  next.evaluatedAt = now.monotonicMs
  const transitions: Transition[] = []
  const tell = (type: TransitionType) => void transitions.push(transition(type, next))
  if (verdict.kind === 'ok') stepOk(next, timing, now, tell)
  else stepBreach(next, verdict.severity, timing, now, tell)
  return { alert: next, transitions }
}

function stepBreach(
  alert: Mutable,
  severity: Alert['severity'],
  { forSeconds, keepFiringSeconds }: RuleTiming,
  now: Instant,
  tell: (type: TransitionType) => void,
): void {
  const at = now.monotonicMs
  const held = (since: number | undefined, seconds: number) => since !== undefined && at - since >= seconds * 1000
  if (severity === 'WARNING') alert.criticalAt = undefined
  else alert.criticalAt ??= at

  if (alert.state === 'pending') {
    alert.severity = severity
    if (!held(alert.breachAt, forSeconds)) return
    alert.severity = held(alert.criticalAt, forSeconds) ? 'CRITICAL' : 'WARNING'
    alert.clearedAt = undefined
    enter(alert, 'firing', now)
    return tell('fired')
  }

  if (alert.state === 'recovering' || alert.okAt !== undefined) {
    alert.breachAt = at
    alert.okAt = undefined
  }
  if (alert.state === 'unknown') {
    enter(alert, 'firing', now)
    tell('updated')
  } else if (alert.state === 'recovering') enter(alert, 'firing', now)

  if (alert.severity === 'CRITICAL' && severity === 'WARNING') alert.lowerAt ??= at
  else alert.lowerAt = undefined
  if (alert.severity === 'WARNING' && held(alert.criticalAt, forSeconds)) {
    alert.severity = 'CRITICAL'
    tell('escalated')
  } else if (held(alert.lowerAt, keepFiringSeconds)) {
    alert.severity = 'WARNING'
    alert.lowerAt = undefined
    tell('deescalated')
  }
}

function stepOk(alert: Mutable, { keepFiringSeconds }: RuleTiming, now: Instant, tell: (type: TransitionType) => void): void {
  alert.criticalAt = undefined
  alert.lowerAt = undefined
  if (alert.state === 'pending') return enter(alert, 'inactive', now)

  alert.okAt ??= now.monotonicMs
  const wasUnknown = alert.state === 'unknown'
  if (alert.state !== 'recovering') enter(alert, 'recovering', now)
  if (wasUnknown) tell('updated')
  if (now.monotonicMs - alert.okAt < keepFiringSeconds * 1000) return
  resolve(alert, now)
  tell('resolved')
}

/**
 * An inconclusive verdict. `starting` lets the timer of a pending alert run: such an alert was saved by the process
 * before this one, and the gap of a restart counts. A pending alert is dropped when nothing has been known for long.
 */
function stopTimers(alert: Alert | undefined, reason: InconclusiveReason, timing: RuleTiming, now: Instant): AlertStep {
  if (!isActive(alert)) return { alert, transitions: [] }
  const next: Mutable = { ...alert, evaluatedAt: now.monotonicMs }
  if (alert.state === 'pending' && reason === 'starting') return { alert: next, transitions: [] }
  next.frozenAt ??= now.monotonicMs
  if (alert.state === 'pending') {
    const patience = Math.max(timing.forSeconds * 1000, LEAST_PENDING_PATIENCE_MS)
    if (now.monotonicMs - next.frozenAt >= patience) {
      enter(next, 'inactive', now)
      next.frozenAt = undefined
    }
    return { alert: next, transitions: [] }
  }
  if (alert.state !== 'unknown') return { alert: next, transitions: [] }
  enter(next, next.okAt === undefined ? 'firing' : 'recovering', now)
  return { alert: next, transitions: [transition('updated', next)] }
}

/**
 * Nobody has evaluated this alert for max(4 intervals, 60 s): an open one becomes unknown, its timers standing still
 * since the last evaluation. Not for the evaluator itself but for whoever notices that it is silent.
 */
export function silenceAlert(alert: Alert, intervalSeconds: number, now: Instant): AlertStep {
  const isDue = now.monotonicMs - alert.evaluatedAt >= Math.max(4 * intervalSeconds * 1000, LEAST_SILENCE_MS)
  if (!isDue || (alert.state !== 'firing' && alert.state !== 'recovering')) return { alert, transitions: [] }
  const next: Mutable = { ...alert, frozenAt: alert.frozenAt ?? alert.evaluatedAt }
  enter(next, 'unknown', now)
  return { alert: next, transitions: [transition('unknown', next)] }
}

/** The rule is gone from the profile: its open alert resolves, a pending one is dropped. */
export function removeAlert(alert: Alert, now: Instant): AlertStep {
  if (!isActive(alert)) return { alert, transitions: [] }
  const next: Mutable = { ...alert }
  if (alert.state === 'pending') {
    enter(next, 'inactive', now)
    return { alert: next, transitions: [] }
  }
  resolve(next, now)
  return { alert: next, transitions: [{ ...transition('resolved', next), cause: 'rule_removed' }] }
}

/**
 * Firing, recovering or unknown: what people have been told of and what makes a status. It stands here, not in wire, because judge may
 * import nothing of wire; who writes and reads alerts asks here as well.
 */
export function isOpen(alert: Pick<Alert, 'state'>): boolean {
  return alert.state === 'firing' || alert.state === 'recovering' || alert.state === 'unknown'
}

/**
 * Whether a restart after this step would go on differently from one before it. Such a step must be saved even where it
 * has no transition; every other one only has newer figures.
 */
export function isWorthSaving(before: Alert | undefined, after: Alert | undefined): boolean {
  if (after === undefined) return false
  return SAVED.some((field) => before?.[field] !== after[field])
}

const SAVED = ['state', 'severity', 'episode', 'breachAt', 'criticalAt', 'lowerAt', 'okAt', 'frozenAt'] as const

function isActive(alert: Alert | undefined): alert is Alert {
  return alert !== undefined && (alert.state === 'pending' || isOpen(alert))
}

/** A new episode begins unless the last one was dropped before anybody heard of it. */
function newPending(last: Alert | undefined, identity: AlertIdentity, now: Instant): Mutable {
  return {
    id: identity.id,
    rule: identity.rule,
    service: identity.service,
    ...(identity.labels && { labels: identity.labels }),
    ...(identity.runbook !== undefined && { runbook: identity.runbook }),
    ...(identity.scope && { scope: identity.scope }),
    state: 'pending',
    severity: 'WARNING',
    episode: last ? last.episode + (last.state === 'resolved' ? 1 : 0) : 1,
    since: now.epochMs,
    message: '',
    value: null,
    breachAt: now.monotonicMs,
    criticalAt: undefined,
    lowerAt: undefined,
    okAt: undefined,
    frozenAt: undefined,
    clearedAt: last?.clearedAt,
    evaluatedAt: now.monotonicMs,
  }
}

/** A rule that is found well, or of which nothing is known, as it is said where others have an alert open about it. */
export function wellAlert(last: Alert | undefined, identity: AlertIdentity, verdict: Verdict, now: Instant): Alert {
  const said = verdict.kind === 'ok' ? { message: verdict.message, value: verdict.value } : {}
  return {
    ...newPending(last, identity, now),
    episode: last?.episode ?? 1,
    state: last?.state === 'resolved' ? 'resolved' : 'inactive',
    ...said,
    frozenAt: verdict.kind === 'ok' ? undefined : now.monotonicMs,
  }
}

/** Moves every timer on by the time they stood still. */
function withTimersRunning(alert: Alert, now: Instant): Mutable {
  const { frozenAt } = alert
  if (frozenAt === undefined) return { ...alert }
  const moved = <T extends number | undefined>(at: T) => (at === undefined ? at : at + now.monotonicMs - frozenAt) as T
  return {
    ...alert,
    breachAt: moved(alert.breachAt),
    criticalAt: moved(alert.criticalAt),
    lowerAt: moved(alert.lowerAt),
    okAt: moved(alert.okAt),
    frozenAt: undefined,
  }
}

function resolve(alert: Mutable, now: Instant): void {
  alert.clearedAt = alert.okAt ?? now.monotonicMs
  alert.okAt = undefined
  alert.frozenAt = undefined
  alert.criticalAt = undefined
  alert.lowerAt = undefined
  enter(alert, 'resolved', now)
}

function enter(alert: Mutable, state: Alert['state'], now: Instant): void {
  alert.state = state
  alert.since = now.epochMs
}

function transition(type: TransitionType, alert: Alert): Transition {
  return { type, alert: { ...alert }, deliver: true, cause: 'condition', actor: null, told: null }
}
