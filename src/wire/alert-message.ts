/** `health:system:alerts`: one message per transition, equal to its entry in the stream. The writing side is in alert-document.ts. */
import type { TransitionType } from '../types.ts'
import { isAlertView, type AlertView } from './alert-view.ts'
import { isTime, type Fields } from './fields.ts'

export interface AlertMessage extends AlertView {
  readonly channel: 'alerts'
  readonly id: string
  readonly epoch: string
  readonly seq: number
  readonly type: TransitionType
  readonly deliver: boolean
  readonly timestamp: string
}

export function toAlertMessage(fields: Fields): AlertMessage | undefined {
  return isAlertMessage(fields) ? ({ ...fields, channel: 'alerts' } as unknown as AlertMessage) : undefined
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
