/** Is it healthy, and should someone know? Every rule against the readings, every alert one step on. */
import type { Alert, Attributes, InconclusiveReason, OpenAlert, Readings, Rule, Transition, Verdict } from '../types.ts'
import type { Instant } from './alert.ts'
import { removeAlert, stepAlert } from './alert.ts'
import { breach, inconclusive, ok } from './verdicts.ts'

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
export function judge({ rules, readings, alerts, partly = false, service, alertId, now }: JudgeInput): Judgement {
  const verdicts: Verdict[] = []
  const next = new Map<string, Alert>()
  const transitions: Transition[] = []
  const errors: RuleError[] = []
  const judgeOne = (rule: Rule, own: Readings, labels: Attributes | undefined, of: string | undefined): void => {
    const key = alertKey(rule.name, labels)
    const alert = alerts.get(key)
    const verdict = verdictOf(rule, own, openAlert(alert, now), errors, of)
    const identity = {
      id: alert?.id ?? alertId(rule.name, labels),
      rule: rule.name,
      service,
      labels,
      runbook: rule.runbook,
      scope: rule.scope,
    }
    const step = stepAlert(alert, verdict, rule, identity, now)
    verdicts.push(labels ? { ...verdict, labels } : verdict)
    if (step.transitions.length > 0) transitions.push(...step.transitions)
    if (step.alert) next.set(key, step.alert)
  }
  for (const rule of rules) {
    const { by } = rule
    if (by === undefined) judgeOne(rule, readings, undefined, undefined)
    else
      for (const value of valuesOf(rule, by, readings, alerts))
        judgeOne(rule, readings.within(by, value), value === '' ? undefined : { [by]: value }, value)
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
function valuesOf(rule: Rule, by: string, readings: Readings, alerts: ReadonlyMap<string, Alert>): ReadonlySet<string> {
  const values = new Set(readings.groups(by, rule.needs))
  for (const alert of alerts.values()) if (alert.rule === rule.name) values.add(alert.labels?.[by] ?? '')
  return values.size === 0 ? values.add('') : values
}

function openAlert(alert: Alert | undefined, now: Instant): OpenAlert | undefined {
  if (!alert) return undefined
  const { state, severity, clearedAt } = alert
  return { state, severity, ...(clearedAt !== undefined && { sinceClearSeconds: (now.monotonicMs - clearedAt) / 1000 }) }
}

function verdictOf(rule: Rule, readings: Readings, open: OpenAlert | undefined, errors: RuleError[], of?: string): Verdict {
  try {
    return checked(rule.name, rule.judge(readings, open, of))
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
  const finding = { message, value: { ...value } }
  if (kind === 'ok') return ok(name, finding)
  if (kind === 'breach' && (verdict.severity === 'WARNING' || verdict.severity === 'CRITICAL'))
    return breach(name, verdict.severity, finding)
  throw new TypeError(`Rule ${name} gave no verdict: expected ok, inconclusive, or breach with severity WARNING or CRITICAL.`)
}

function isShown(figure: unknown): boolean {
  return figure === null || typeof figure === 'string' || Number.isFinite(figure)
}

const REASONS: ReadonlySet<InconclusiveReason> = new Set([
  'no_data',
  'starting',
  'low_sample',
  'stale',
  'evaluator_error',
  'clock_jump',
  'paused',
  'dependency_unknown',
])
