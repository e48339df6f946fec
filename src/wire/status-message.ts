/** `health:service:<service>:status`: how a service and one of its instances are. Field names and their order are part of the wire. */
import type { AlertState, CheckResult, Phase, Severity, ShownAlert, Snapshot, Status } from '../types.ts'
import { isStateOfAlert } from './alert-view.ts'
import { encodeMessage } from './bounded-json.ts'
import { CONTROL_ACTIONS, type ControlAction, isAction } from './control-request.ts'
import { isPhase, isStatus } from './closed-lists.ts'
import { isFields, isListOf, isText, isTextOrAbsent, isTime, type Fields } from './fields.ts'
import { hasInstanceHead, instanceHead, type InstanceHead } from './instance-head.ts'
import { toIso } from './iso-time.ts'
import { encodeRules, toRuleReadings, type RuleReading } from './rule-reading.ts'
import { LONGEST_NAME, MAX_MESSAGE_BYTES, MOST_ENTRIES, SIGNATURE_BYTES } from './sizes.ts'

const MOST_INTERRUPTED = 5

export interface StatusMessage extends InstanceHead {
  readonly channel: 'status'
  /** What kind of service it is: a name of a profile. */
  readonly kind?: string
  /** Names of services and of its own checks that it says it depends on; left out where it says nothing. */
  readonly depends_on?: readonly string[]
  readonly status: Status
  readonly instance_status: Status
  readonly phase: Phase
  readonly since: string
  readonly uptime_seconds: number
  /** Why `status` is what it is: of the whole service, as this instance knows it. */
  readonly reasons: readonly string[]
  readonly checks: Readonly<Record<string, CheckEntry>>
  readonly metrics: Fields
  /** Why metrics are `null`, by their name: half a sentence; left out where all are known. */
  readonly unknown?: Readonly<Record<string, string>>
  /** Whether a source of work is watched: at `false` its rates are unknown; left out where there is none to be seen, or the service does not say. */
  readonly working?: boolean
  /** What people may ask of this instance; left out: nothing. */
  readonly control?: readonly ControlAction[]
  /** Seconds that it may take to drain; left out where nobody may ask it to. */
  readonly drain_limit_seconds?: number
  /** A supervisor starts it again when it ends; left out: nothing that we know of does. */
  readonly supervised?: true
  /** It works again after a pause, but for what it pauses itself: `onResume` of its health.config threw. Left out: it is not so. */
  readonly paused_in_part?: true
  /** Work that it has begun and not ended; left out where nobody sees when its work begins. */
  readonly work_in_hand?: { readonly count: number; readonly oldest_seconds: number }
  /** Jobs that were in hand when the process before was killed or crashed, and how often that has happened to each; left out: none. */
  readonly interrupted?: readonly InterruptedOnWire[]
  /** How the process ended, of the last message of one that could not say it itself. */
  readonly exit?: { readonly code: number | null; readonly signal: string | null }
  /** What happens next, then: a sentence without its subject. */
  readonly next?: string
  readonly alerts: readonly AlertSummary[]
  /** Each rule as this instance reads it now, those in breach first, then those nearest to one; left out where it does not say. */
  readonly rules?: readonly RuleReading[]
  /** So many more there are. */
  readonly rules_left_out?: number
}

interface InterruptedOnWire {
  /** Or the kind of work. */
  readonly queue: string
  readonly job: string
  readonly times: number
}

interface CheckEntry {
  readonly status: Status
  readonly latency_ms: number | null
  readonly error?: string
}

interface AlertSummary {
  readonly id: string
  readonly rule: string
  readonly labels?: Readonly<Record<string, string>>
  readonly severity: Severity
  readonly state: AlertState
  readonly since: string
  readonly message: string
  readonly runbook?: string
}

/** `beat` counts this instance's status messages from 1. */
export function encodeStatus(snapshot: Snapshot, beat: number): { readonly json: string; readonly cut: number } {
  const message = encodeMessage({
    ...instanceHead(snapshot, beat),
    kind: snapshot.kind,
    depends_on: snapshot.dependsOn,
    status: snapshot.status,
    instance_status: snapshot.instanceStatus,
    phase: snapshot.phase,
    since: toIso(snapshot.since),
    uptime_seconds: Math.floor(snapshot.uptimeSeconds),
    reasons: snapshot.reasons,
    checks: Object.fromEntries(Object.entries(snapshot.checks).map(([name, check]) => [name, checkOnWire(check)])),
    metrics: snapshot.metrics,
    unknown: snapshot.unknown,
    working: snapshot.working,
    control: snapshot.control,
    drain_limit_seconds: snapshot.drainLimitSeconds,
    supervised: snapshot.supervised,
    paused_in_part: snapshot.pausedInPart,
    work_in_hand: inHandOnWire(snapshot.inHand),
    interrupted: snapshot.interrupted?.map(({ name, id, times }) => ({ queue: name, job: id, times })),
    alerts: snapshot.alerts.map(alertInStatus),
  })
  const room = MAX_MESSAGE_BYTES - SIGNATURE_BYTES - Buffer.byteLength(message.json)
  const rules = encodeRules(snapshot.verdicts, snapshot.rules, room)
  return { json: `${message.json.slice(0, -1)}${rules.json}}`, cut: message.cut + rules.cut }
}

function checkOnWire({ status, latencyMs, error }: CheckResult) {
  return { status, latency_ms: latencyMs === undefined ? null : Math.round(latencyMs * 1000) / 1000, error }
}

function inHandOnWire(inHand: Snapshot['inHand']): StatusMessage['work_in_hand'] {
  return inHand && { count: inHand.count, oldest_seconds: Math.round(inHand.oldestSeconds) }
}

function alertInStatus({ id, rule, labels, severity, state, since, message, runbook }: ShownAlert) {
  return { id, rule, labels, severity, state, since: toIso(since), message, runbook }
}

export function toStatusMessage(fields: Fields): StatusMessage | undefined {
  if (!isStatusMessage(fields)) return undefined
  const { depends_on: dependsOn, unknown, working, rules, rules_left_out: leftOut, control, ...rest } = fields
  const {
    drain_limit_seconds: drainLimit,
    work_in_hand: inHand,
    supervised,
    paused_in_part: inPart,
    interrupted,
    exit,
    next,
    ...others
  } = rest
  const readings = toRuleReadings(rules)
  // How the service is does not hang on them: what is none of them is left out, and the message stands.
  return {
    ...others,
    ...(isNames(dependsOn) && { depends_on: dependsOn }),
    ...(isFields(unknown) && isListOf(Object.values(unknown), isText) && { unknown }),
    ...(typeof working === 'boolean' && { working }),
    ...(isListOf(control, isAction) && control.length <= CONTROL_ACTIONS.length && { control }),
    ...(isAmount(drainLimit) && { drain_limit_seconds: drainLimit }),
    ...(supervised === true && { supervised }),
    ...(inPart === true && { paused_in_part: inPart }),
    ...(isExit(exit) && { exit: { code: exit.code, signal: exit.signal } }),
    ...(isText(next) && { next }),
    ...(isListOf(interrupted, isInterrupted) && interrupted.length <= MOST_INTERRUPTED && { interrupted }),
    ...(isInHand(inHand) && { work_in_hand: { count: inHand.count, oldest_seconds: inHand.oldest_seconds } }),
    ...(readings && { rules: readings }),
    ...(readings && Number.isSafeInteger(leftOut) && Number(leftOut) > 0 && { rules_left_out: leftOut }),
    channel: 'status',
  } as unknown as StatusMessage
}

function isExit(value: unknown): value is NonNullable<StatusMessage['exit']> {
  if (!isFields(value)) return false
  const { code, signal } = value
  return (
    (code === null || Number.isSafeInteger(code)) && (signal === null || (typeof signal === 'string' && /^SIG[A-Z0-9]{1,12}$/.test(signal)))
  )
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function isInHand(value: unknown): value is NonNullable<StatusMessage['work_in_hand']> {
  return isFields(value) && Number.isSafeInteger(value['count']) && isAmount(value['count']) && isAmount(value['oldest_seconds'])
}

function isInterrupted(value: unknown): value is InterruptedOnWire {
  if (!isFields(value)) return false
  const { queue, job, times } = value
  return [queue, job].every((name) => isText(name) && name.length <= LONGEST_NAME) && Number.isSafeInteger(times) && Number(times) > 0
}

function isNames(value: unknown): value is readonly string[] {
  return isListOf(value, isText) && value.length <= MOST_ENTRIES && value.every((name) => name.length <= LONGEST_NAME)
}

function isStatusMessage(fields: Fields): boolean {
  return (
    hasInstanceHead(fields) &&
    isTextOrAbsent(fields['kind']) &&
    isStatus(fields['status']) &&
    isStatus(fields['instance_status']) &&
    isPhase(fields['phase']) &&
    isTime(fields['since']) &&
    typeof fields['uptime_seconds'] === 'number' &&
    isListOf(fields['reasons'], isText) &&
    isFields(fields['checks']) &&
    isListOf(Object.values(fields['checks']), isCheck) &&
    isFields(fields['metrics']) &&
    isListOf(fields['alerts'], isAlertSummary)
  )
}

function isCheck(value: unknown): value is CheckEntry {
  return (
    isFields(value) &&
    isStatus(value['status']) &&
    (value['latency_ms'] === null || typeof value['latency_ms'] === 'number') &&
    isTextOrAbsent(value['error'])
  )
}

function isAlertSummary(value: unknown): value is AlertSummary {
  return isFields(value) && typeof value['id'] === 'string' && isStateOfAlert(value)
}
