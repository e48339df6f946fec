/**
 * The life of one alert as a pure function of its last state, a verdict and the time. Which states there are and what leads from one to
 * another is a table (alert-states.ts). Whether people are told (acknowledged, silenced, inhibited, flapping) is decided on top of the
 * transitions, in their `deliver`, and never changes a state.
 */
import type { Alert, Attributes, RuleScope, RuleTiming, Transition, TransitionType, Verdict } from '../types.ts'
import type { AlertTransition, Moment, Occasion, Timers } from './alert-states.ts'
import { TIMERS, TRANSITIONS } from './alert-states.ts'

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

/** Milliseconds between two evaluations up to which the time between them was watched, at least. */
const LEAST_GAP_MS = 60_000
const NOTHING_KNOWN = 'Nothing has been known of this for 24 h; before that: '

/** As it goes through a step: with the timers of any state. */
type Stepping = Omit<Alert, 'state'> & Timers & { readonly state: Alert['state']; readonly clearedAt?: number | undefined }

/** Applies the verdict of one evaluation. `intervalSeconds`: between two evaluations. */
export function stepAlert(
  alert: Alert | undefined,
  verdict: Verdict,
  timing: RuleTiming,
  identity: AlertIdentity,
  now: Instant,
  intervalSeconds = 1,
): AlertStep {
  if (!isActive(alert)) {
    if (verdict.kind !== 'breach') return { alert, transitions: [] }
    return follow(found(alert ?? unheardOf(identity, now), verdict, now), verdict, timing, now)
  }
  const watched = withGapFrozen(alert, intervalSeconds, now)
  const next = verdict.kind === 'inconclusive' ? frozen(watched, verdict.reason, now) : found(watched, verdict, now)
  return follow(next, verdict, timing, now)
}

/** The rule is gone from the profile: its open alert resolves, a pending one is dropped. */
export function removeAlert(alert: Alert, now: Instant): AlertStep {
  const { alert: after, transitions } = follow(alert, undefined, { forSeconds: 0, keepFiringSeconds: 0 }, now)
  return { alert: after, transitions: transitions.map((each) => ({ ...each, cause: 'rule_removed' })) }
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
  const [was, is]: readonly [Stepping | undefined, Stepping] = [before, after]
  return SAVED.some((field) => was?.[field] !== is[field])
}

const SAVED = ['state', 'severity', 'episode', 'breachAt', 'criticalAt', 'lowerAt', 'okAt', 'frozenAt'] as const

/** A rule that is found well, or of which nothing is known, as it is said where others have an alert open about it. */
export function wellAlert(last: Alert | undefined, identity: AlertIdentity, verdict: Verdict, now: Instant): Alert {
  const said = verdict.kind === 'ok' ? { message: verdict.message, value: verdict.value } : {}
  const { clearedAt }: Partial<Stepping> = last ?? {}
  return {
    ...unheardOf(identity, now),
    episode: last?.episode ?? 1,
    state: last?.state === 'resolved' ? 'resolved' : 'inactive',
    ...(clearedAt !== undefined && { clearedAt }),
    ...said,
    frozenAt: verdict.kind === 'ok' ? undefined : now.monotonicMs,
  }
}

function isActive(alert: Alert | undefined): alert is Alert {
  return alert !== undefined && (alert.state === 'pending' || isOpen(alert))
}

function unheardOf(identity: AlertIdentity, now: Instant): Alert {
  return {
    id: identity.id,
    rule: identity.rule,
    service: identity.service,
    ...(identity.labels && { labels: identity.labels }),
    ...(identity.runbook !== undefined && { runbook: identity.runbook }),
    ...(identity.scope && { scope: identity.scope }),
    state: 'inactive',
    severity: 'WARNING',
    episode: 1,
    since: now.epochMs,
    message: '',
    value: null,
    evaluatedAt: now.monotonicMs,
  }
}

/** Time in which nobody evaluated, for whatever reason, is time of which nothing is known. */
function withGapFrozen(alert: Alert, intervalSeconds: number, { monotonicMs }: Instant): Alert {
  const isWatched = monotonicMs - alert.evaluatedAt <= Math.max(4000 * intervalSeconds, LEAST_GAP_MS)
  return isWatched || alert.frozenAt !== undefined ? alert : { ...alert, frozenAt: alert.evaluatedAt }
}

/**
 * After an inconclusive verdict. `starting` lets the timer of a pending alert run: such an alert was saved by the process before this one,
 * and the gap of a restart counts.
 */
function frozen(alert: Alert, reason: string, { monotonicMs }: Instant): Alert {
  const frozenAt = alert.state === 'pending' && reason === 'starting' ? alert.frozenAt : (alert.frozenAt ?? monotonicMs)
  return { ...alert, frozenAt, evaluatedAt: monotonicMs }
}

/** After a conclusive verdict: with what it says, and timers that go on from where they stood. */
function found(alert: Alert, verdict: Exclude<Verdict, { kind: 'inconclusive' }>, { monotonicMs }: Instant): Alert {
  const stepping: Stepping = alert
  const stoodFor = alert.frozenAt === undefined ? 0 : monotonicMs - alert.frozenAt
  const moved: Partial<Record<keyof Timers, number>> = {}
  if (stoodFor > 0) for (const { name } of TIMERS) if (stepping[name] !== undefined) moved[name] = stepping[name] + stoodFor
  const next: Stepping = {
    ...stepping,
    ...moved,
    message: verdict.message,
    value: verdict.value,
    frozenAt: undefined,
    evaluatedAt: monotonicMs,
  }
  return inState(next, next.state, verdict, monotonicMs)
}

/** Makes one transition after the other, as long as one applies. */
function follow(alert: Alert, verdict: Verdict | undefined, timing: RuleTiming, now: Instant): AlertStep {
  const on: Occasion = verdict?.kind ?? 'rule removed'
  const severity = verdict?.kind === 'breach' ? verdict.severity : undefined
  const transitions: Transition[] = []
  let next = alert
  for (;;) {
    const moment: Moment = { alert: next, severity, timing, now: now.monotonicMs }
    const row = ROWS.get(next.state)?.find(({ on: occasion, when }) => occasion === on && (when?.holds(moment) ?? true))
    if (!row) return { alert: next, transitions }
    next = entered(row, moment, verdict, now)
    if (row.tells) transitions.push(transition(row.tells, next))
  }
}

const ROWS = Map.groupBy(TRANSITIONS, ({ from }) => from)

function entered(row: AlertTransition, moment: Moment, verdict: Verdict | undefined, now: Instant): Alert {
  const { alert } = moment
  const last: Stepping = alert
  const next: Stepping = {
    ...last,
    severity: row.severity?.of(moment) ?? last.severity,
    episode: last.episode + (row.begins ? 1 : 0),
    ...(row.to !== row.from && { since: now.epochMs }),
    ...(row.to === 'unknown' && { message: `${NOTHING_KNOWN}${last.message}` }),
    ...(row.to === 'resolved' && { clearedAt: last.okAt ?? now.monotonicMs, frozenAt: undefined }),
  }
  return inState(next, row.to, verdict, now.monotonicMs)
}

/** As an alert of `state`: with the timers of that state only, each begun or ended by the verdict. */
function inState(alert: Stepping, state: Alert['state'], verdict: Verdict | undefined, now: number): Alert {
  const { breachAt: _breach, criticalAt: _critical, lowerAt: _lower, okAt: _ok, clearedAt, ...rest } = alert
  const said = verdict?.kind === 'breach' ? verdict.severity : verdict?.kind
  const severity = state === 'pending' && verdict?.kind === 'breach' ? verdict.severity : rest.severity
  const timers: Partial<Record<keyof Timers, number>> = {}
  for (const { name, states, whileFiring, runsOn } of TIMERS) {
    if (!states.includes(state) || (state === 'firing' && whileFiring !== undefined && whileFiring !== severity)) continue
    const isRunning = said === 'inconclusive' ? alert[name] !== undefined : runsOn === said || runsOn === verdict?.kind
    if (isRunning) timers[name] = alert[name] ?? now
  }
  const keepsClear = clearedAt !== undefined && (state === 'inactive' || state === 'pending' || state === 'resolved')
  // The table of timers has for each state what its type has.
  return { ...rest, state, severity, ...timers, ...(keepsClear && { clearedAt }) } as Alert
}

function transition(type: TransitionType, alert: Alert): Transition {
  return { type, alert: { ...alert }, deliver: true, cause: 'condition', actor: null, told: null }
}
