/** What comes over the channels, checked: anybody may publish there, and a reader must not fall over it. */
import type { AlertState, Phase, Severity, Status, TransitionType } from '../types.ts'
import { ALERTS_CHANNEL } from './names.ts'

export interface AlertSummary {
  readonly id: string
  readonly rule: string
  readonly severity: Severity
  readonly state: AlertState
  readonly since: string
  readonly message: string
}

export interface StatusMessage {
  readonly kind: 'status'
  readonly service: string
  readonly instance: string
  readonly beat: number
  readonly timestamp: string
  readonly status: Status
  readonly instance_status: Status
  readonly phase: Phase
  readonly since: string
  readonly uptime_seconds: number
  readonly reasons: readonly string[]
  readonly checks: Readonly<Record<string, { readonly status: Status; readonly latency_ms: number | null; readonly error?: string }>>
  readonly metrics: Readonly<Record<string, unknown>>
  readonly alerts: readonly AlertSummary[]
}

export interface MetricsMessage {
  readonly kind: 'metrics'
  readonly service: string
  readonly instance: string
  readonly beat: number
  readonly timestamp: string
  readonly metrics: Readonly<Record<string, unknown>>
  readonly evidence: Readonly<Record<string, unknown>>
  readonly totals: Readonly<Record<string, unknown>>
}

/** The state of an alert: from a message, or from its saved document. */
export interface AlertView {
  readonly alert_id: string
  readonly episode: number
  readonly rev: number
  readonly service: string
  readonly rule: string
  readonly severity: Severity
  readonly state: AlertState
  readonly since: string
  readonly message: string
  readonly value: Readonly<Record<string, unknown>> | null
}

export interface AlertMessage extends AlertView {
  readonly kind: 'alert'
  readonly id: string
  readonly epoch: string
  readonly seq: number
  readonly type: TransitionType
  readonly deliver: boolean
  readonly timestamp: string
}

export type HealthMessage = StatusMessage | MetricsMessage | AlertMessage

/** The largest message, in bytes of UTF-8. */
const MAX_BYTES = 64 * 1024

const STATUSES: readonly unknown[] = ['healthy', 'degraded', 'unhealthy'] satisfies Status[]
const PHASES: readonly unknown[] = ['starting', 'running', 'paused', 'draining', 'stopped'] satisfies Phase[]
const SEVERITIES: readonly unknown[] = ['WARNING', 'CRITICAL'] satisfies Severity[]
const STATES: readonly unknown[] = ['inactive', 'pending', 'firing', 'recovering', 'unknown', 'resolved'] satisfies AlertState[]
const SERVICE = /^[a-z0-9._-]{1,64}$/
const SERVICE_CHANNEL = /^health:service:([a-z0-9._-]{1,64}):(status|metrics)$/

type Fields = Readonly<Record<string, unknown>>

/** `undefined` for what is too large, no JSON, of another version, not of this channel, or lacks what a reader relies on. */
export function parseMessage(channel: string, text: string): HealthMessage | undefined {
  const fields = parseFields(text)
  if (fields?.['v'] !== 1 || !isService(fields['service'])) return undefined
  if (channel === ALERTS_CHANNEL) return isAlertMessage(fields) ? ({ ...fields, kind: 'alert' } as unknown as AlertMessage) : undefined
  const [, service, kind] = SERVICE_CHANNEL.exec(channel) ?? []
  if (service !== fields['service']) return undefined
  if (kind === 'status') return isStatusMessage(fields) ? ({ ...fields, kind } as unknown as StatusMessage) : undefined
  return isMetricsMessage(fields) ? ({ ...fields, kind: 'metrics' } as unknown as MetricsMessage) : undefined
}

/** The status message that is kept under a key. */
export function parseStatus(service: string, text: string): StatusMessage | undefined {
  const message = parseMessage(`health:service:${service}:status`, text)
  return message?.kind === 'status' ? message : undefined
}

/** A saved alert. */
export function parseAlertDocument(rev: string | null | undefined, text: string | null | undefined): AlertView | undefined {
  const fields = typeof text === 'string' ? parseFields(text) : undefined
  if (fields?.['v'] !== 1) return undefined
  const view = { ...fields, rev: Number(rev ?? 0) }
  return isAlertView(view) ? (view as unknown as AlertView) : undefined
}

function parseFields(text: string): Fields | undefined {
  if (Buffer.byteLength(text) > MAX_BYTES) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isStatusMessage(fields: Fields): boolean {
  return (
    isFromInstance(fields) &&
    STATUSES.includes(fields['status']) &&
    STATUSES.includes(fields['instance_status']) &&
    PHASES.includes(fields['phase']) &&
    isTime(fields['since']) &&
    typeof fields['uptime_seconds'] === 'number' &&
    isListOf(fields['reasons'], (reason) => typeof reason === 'string') &&
    isFields(fields['checks']) &&
    isListOf(Object.values(fields['checks']), isCheck) &&
    isFields(fields['metrics']) &&
    isListOf(fields['alerts'], isAlertSummary)
  )
}

function isMetricsMessage(fields: Fields): boolean {
  return isFromInstance(fields) && isFields(fields['metrics']) && isFields(fields['evidence']) && isFields(fields['totals'])
}

function isAlertMessage(fields: Fields): boolean {
  return (
    isAlertView(fields) &&
    /^\d{1,15}-\d{1,15}$/.test(String(fields['id'])) &&
    typeof fields['epoch'] === 'string' &&
    Number.isSafeInteger(fields['seq']) &&
    typeof fields['type'] === 'string' &&
    typeof fields['deliver'] === 'boolean' &&
    isTime(fields['timestamp'])
  )
}

function isAlertView(fields: Fields): boolean {
  return (
    typeof fields['alert_id'] === 'string' &&
    Number.isSafeInteger(fields['episode']) &&
    Number.isSafeInteger(fields['rev']) &&
    isService(fields['service']) &&
    isStateOfAlert(fields) &&
    (fields['value'] === null || isFields(fields['value']))
  )
}

function isAlertSummary(value: unknown): boolean {
  return isFields(value) && typeof value['id'] === 'string' && isStateOfAlert(value)
}

function isStateOfAlert(fields: Fields): boolean {
  return (
    typeof fields['rule'] === 'string' &&
    SEVERITIES.includes(fields['severity']) &&
    STATES.includes(fields['state']) &&
    isTime(fields['since']) &&
    typeof fields['message'] === 'string'
  )
}

function isCheck(value: unknown): boolean {
  return isFields(value) && STATUSES.includes(value['status']) && (value['latency_ms'] === null || typeof value['latency_ms'] === 'number')
}

function isFromInstance(fields: Fields): boolean {
  return (
    typeof fields['instance'] === 'string' &&
    fields['instance'].length <= 128 &&
    Number.isSafeInteger(fields['beat']) &&
    isTime(fields['timestamp'])
  )
}

function isService(value: unknown): value is string {
  return typeof value === 'string' && SERVICE.test(value)
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value))
}

function isListOf(value: unknown, is: (entry: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(is)
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
