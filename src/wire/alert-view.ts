/** How an alert stands, as everybody reads it: what message and saved document have in common. */
import type { AlertState, Severity } from '../types.ts'
import { isAlertState, isSeverity } from './closed-lists.ts'
import { isFields, isTextOrAbsent, isTime, type Fields } from './fields.ts'
import { isServiceName } from './names.ts'

export interface AlertView {
  readonly alert_id: string
  readonly episode: number
  readonly rev: number
  readonly service: string
  readonly rule: string
  /** What tells this alert from others of the same rule; none if the rule has one alert. */
  readonly labels?: Readonly<Record<string, string>>
  readonly severity: Severity
  readonly state: AlertState
  readonly since: string
  readonly message: string
  /** Where to read what to do. */
  readonly runbook?: string
  readonly value: Fields | null
  /** Of every instance that has said something of this alert, by name. */
  readonly instances: Readonly<Record<string, InstanceOfAlert>>
  /** So many more than are in `instances`. */
  readonly instances_left_out?: number
}

/** How the alert stands with one instance. */
export interface InstanceOfAlert {
  /** `gone`: for three of its publishing intervals it has given no sign of life. */
  readonly state: AlertState | 'gone'
  readonly severity: Severity
  readonly since: string
  /** Whether the last thing it found was a breach. */
  readonly breaching: boolean
  /** Its last sign of life that whoever folded the alert last knew of. */
  readonly seen: string
}

export function isAlertView(fields: Fields): boolean {
  return (
    typeof fields['alert_id'] === 'string' &&
    Number.isSafeInteger(fields['episode']) &&
    Number.isSafeInteger(fields['rev']) &&
    isServiceName(fields['service']) &&
    isStateOfAlert(fields) &&
    (fields['value'] === null || isFields(fields['value'])) &&
    isFields(fields['instances']) &&
    Object.values(fields['instances']).every(isInstanceOfAlert) &&
    (fields['instances_left_out'] === undefined || Number.isSafeInteger(fields['instances_left_out']))
  )
}

function isInstanceOfAlert(value: unknown): boolean {
  return (
    isFields(value) &&
    (value['state'] === 'gone' || isAlertState(value['state'])) &&
    isSeverity(value['severity']) &&
    isTime(value['since']) &&
    typeof value['breaching'] === 'boolean' &&
    isTime(value['seen'])
  )
}

/** What an entry of a status message has as well. */
export function isStateOfAlert(fields: Fields): boolean {
  return (
    typeof fields['rule'] === 'string' &&
    isLabelsOrAbsent(fields['labels']) &&
    isSeverity(fields['severity']) &&
    isAlertState(fields['state']) &&
    isTime(fields['since']) &&
    typeof fields['message'] === 'string' &&
    isTextOrAbsent(fields['runbook'])
  )
}

export function isLabelsOrAbsent(value: unknown): value is Readonly<Record<string, string>> | undefined {
  return value === undefined || (isFields(value) && Object.values(value).every((label) => typeof label === 'string'))
}
