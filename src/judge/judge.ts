/** Is it healthy, and should someone know? Every rule against the readings, every alert one step on. */
import type { Alert, Attributes, InconclusiveReason, OpenAlert, Readings, Rule, Transition, Verdict } from '../types.ts'
import type { Instant } from './alert.ts'
import { removeAlert, stepAlert } from './alert.ts'
import { breach, inconclusive, isToldLater, labelled, ok } from './verdicts.ts'

export interface JudgeInput {
  readonly rules: readonly Rule[]
  readonly readings: Readings
  /** By `alertKey`. What came out of the last judgement, or of a restart. */
  readonly alerts: ReadonlyMap<string, Alert>
  /** `rules` are not all there are: alerts of others are left alone. */
  readonly partly?: boolean
  readonly service: string
  /** The alert's id: a hash of rule, service and labels. */
  readonly alertId: (rule: string, labels: Attributes | undefined) => string
  readonly now: Instant
  /** Between two evaluations. Default 1. */
  readonly intervalSeconds?: number
}

export interface Judgement {
  /** In the order of the rules: one for each, or for each of the values that a rule is split by. */
  readonly verdicts: readonly Verdict[]
  /** By `alertKey`, for the next judgement; those inactive or resolved included, for their episode and their all-clear. */
  readonly alerts: ReadonlyMap<string, Alert>
  readonly transitions: readonly Transition[]
  /** What rules threw or returned in place of a verdict. */
  readonly errors: readonly RuleError[]
}

export interface RuleError {
  readonly rule: string
  readonly error: unknown
}

/** Never throws, whatever a rule does: one that fails is `inconclusive(evaluator_error)` and its alert stays as it is. */
export function judge({ rules, readings, alerts, partly = false, service, alertId, now, intervalSeconds }: JudgeInput): Judgement {
  const verdicts: Verdict[] = []
  const next = new Map<string, Alert>()
  const transitions: Transition[] = []
  const errors: RuleError[] = []
  const judgeOne = (rule: Rule, own: Readings, hasAlerts: boolean, labels: Attributes | undefined, of: string | undefined): void => {
    const alert = hasAlerts ? alerts.get(alertKey(rule.name, labels)) : undefined
    const verdict = verdictOf(rule, own, openAlert(alert, now), errors, of)
    verdicts.push(labels ? labelled(verdict, labels) : verdict)
    if (!alert && verdict.kind !== 'breach') return
    const identity = {
      id: alert?.id ?? alertId(rule.name, labels),
      rule: rule.name,
      service,
      labels,
      runbook: rule.runbook,
      scope: rule.scope,
    }
    const step = stepAlert(alert, verdict, rule, identity, now, intervalSeconds)
    if (step.transitions.length > 0) transitions.push(...step.transitions)
    if (step.alert) next.set(alertKey(rule.name, labels), step.alert)
  }
  const ofRule = rules.some(({ by }) => by !== undefined) ? alertsByRule(alerts) : undefined
  for (const rule of rules) {
    const { by } = rule
    const own = ofRule?.get(rule.name)
    if (by === undefined) judgeOne(rule, readings, true, undefined, undefined)
    else
      for (const value of valuesOf(rule, by, readings, own))
        judgeOne(rule, readings.within(by, value), own !== undefined, value === '' ? undefined : { [by]: value }, value)
  }
  for (const [key, alert] of partly ? [] : alerts) {
    if (next.has(key)) continue
    const step = removeAlert(alert, now)
    transitions.push(...step.transitions)
    if (step.alert) next.set(key, step.alert)
  }
  return { verdicts, alerts: next, transitions, errors }
}

/** The key of an alert among those of one service. */
export function alertKey(rule: string, labels: Attributes | undefined): string {
  return labels === undefined ? rule : JSON.stringify([rule, ...Object.entries(labels)])
}

/** What a split rule has alerts about: every value that was seen, and those of alerts that an earlier process left. Series without the attribute, as none at all, are the alert without a label. */
function valuesOf(rule: Rule, by: string, readings: Readings, alerts: readonly Alert[] = []): Iterable<string> {
  const seen = readings.groups(by, rule.needs)
  if (seen.length > 0 && alerts.length === 0) return seen
  const values = new Set(seen)
  for (const { labels } of alerts) values.add(labels?.[by] ?? '')
  return values.size === 0 ? values.add('') : values
}

function alertsByRule(alerts: ReadonlyMap<string, Alert>): ReadonlyMap<string, readonly Alert[]> {
  const byRule = new Map<string, Alert[]>()
  for (const alert of alerts.values()) {
    const known = byRule.get(alert.rule)
    if (known) known.push(alert)
    else byRule.set(alert.rule, [alert])
  }
  return byRule
}

/** What a rule may know of its alert. */
export function openAlert(alert: Alert | undefined, now: Instant): OpenAlert | undefined {
  if (!alert) return undefined
  const { state, severity } = alert
  const clearedAt = 'clearedAt' in alert ? alert.clearedAt : undefined
  return { state, severity, ...(clearedAt !== undefined && { sinceClearSeconds: (now.monotonicMs - clearedAt) / 1000 }) }
}

function verdictOf(rule: Rule, readings: Readings, open: OpenAlert | undefined, errors: RuleError[], of?: string): Verdict {
  try {
    const verdict = rule.judge(readings, open, of)
    return isToldLater(verdict) ? verdict : checked(rule.name, verdict)
  } catch (error) {
    errors.push({ rule: rule.name, error })
    return inconclusive(rule.name, 'evaluator_error')
  }
}

/** A copy with nothing in it but what a verdict has. Throws if it is none: rules may be anybody's. */
function checked(name: string, verdict: Verdict): Verdict {
  const { kind } = verdict
  if (kind === 'inconclusive') {
    if (!REASONS.has(verdict.reason))
      throw new TypeError(`Rule ${name} was inconclusive for an unknown reason: use one of ${[...REASONS].join(', ')}.`)
    return inconclusive(name, verdict.reason)
  }
  const { message, value } = verdict
  if (typeof message !== 'string' || !isShown(value.current) || !isShown(value.threshold) || typeof value.unit !== 'string') {
    throw new TypeError(`Rule ${name} gave a verdict without message, current, threshold or unit: numbers must be finite.`)
  }
  if (!isKnown(value.n) || !isKnown(value.failures) || !isKnown(value.window_seconds)) {
    throw new TypeError(`Rule ${name} gave a verdict whose n, failures or window_seconds is no number: leave out what is not known.`)
  }
  const finding = { message, value: { ...value } }
  if (kind === 'ok') return ok(name, finding)
  if (kind === 'breach' && (verdict.severity === 'WARNING' || verdict.severity === 'CRITICAL'))
    return breach(name, verdict.severity, finding)
  throw new TypeError(`Rule ${name} gave no verdict: expected ok, inconclusive, or breach with severity WARNING or CRITICAL.`)
}

function isShown(figure: unknown): boolean {
  return figure === null || typeof figure === 'string' || Number.isFinite(figure)
}

function isKnown(figure: unknown): boolean {
  return figure === undefined || Number.isFinite(figure)
}

const REASONS: ReadonlySet<InconclusiveReason> = new Set([
  'no_data',
  'starting',
  'low_sample',
  'stale',
  'evaluator_error',
  'paused',
  'unwatched',
])
