/** One message of the alert stream, as pages show it. Pure. */
import type { AlertMessage } from '../../wire/alert-message.ts'
import { cleanText } from '../../wire/clean-text.ts'
import type { Transition } from '../protocol.ts'
import { cleanLabels } from './alert-row.ts'

/** With what only this side needs. */
export interface KnownTransition extends Transition {
  /** Since when the alert has been in this state. */
  readonly since: number
}

export function transitionRow(message: AlertMessage): KnownTransition {
  const { id, timestamp, since, type, alert_id: alertId, episode, service, rule, labels, severity, state, deliver, value } = message
  const { cause, actor, told } = message as { readonly cause?: unknown; readonly actor?: unknown; readonly told?: unknown }
  return {
    ...{ id, at: Date.parse(timestamp), since: Date.parse(since), type: cleanText(type), alertId, episode, service, rule: cleanText(rule) },
    ...(labels && { labels: cleanLabels(labels) }),
    ...{ severity, state, message: cleanText(message.message), deliver },
    cause: textOr(cause, 'condition'),
    actor: textOr(actor, null),
    told: textOr(told, null),
    ...(value && { value }),
  }
}

function textOr<T>(value: unknown, otherwise: T): string | T {
  return typeof value === 'string' ? cleanText(value) : otherwise
}
