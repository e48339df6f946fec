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
}

export function isAlertView(fields: Fields): boolean {
  return (
    typeof fields['alert_id'] === 'string' &&
    Number.isSafeInteger(fields['episode']) &&
    Number.isSafeInteger(fields['rev']) &&
    isServiceName(fields['service']) &&
    isStateOfAlert(fields) &&
    (fields['value'] === null || isFields(fields['value']))
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
