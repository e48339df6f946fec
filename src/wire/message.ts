/** What comes over the channels, checked: anybody may publish there, and a reader must not fall over it. */
import { toAlertMessage, type AlertMessage } from './alert-message.ts'
import { parseFields } from './fields.ts'
import { toMetricsMessage, type MetricsMessage } from './metrics-message.ts'
import { ALERTS_CHANNEL, serviceOfChannel, statusChannel } from './names.ts'
import { fitsMessage } from './sizes.ts'
import { toStatusMessage, type StatusMessage } from './status-message.ts'

/** `channel` tells them apart. */
export type HealthMessage = StatusMessage | MetricsMessage | AlertMessage

/** `undefined` for what is too large, no JSON, of another version, not of this channel, or lacks what a reader relies on. */
export function parseMessage(channel: string, text: string): HealthMessage | undefined {
  const fields = fitsMessage(text) ? parseFields(text) : undefined
  if (fields?.['v'] !== 1) return undefined
  if (channel === ALERTS_CHANNEL) return toAlertMessage(fields)
  const of = serviceOfChannel(channel)
  if (of === undefined || of.service !== fields['service']) return undefined
  return of.channel === 'status' ? toStatusMessage(fields) : toMetricsMessage(fields)
}

/** The status message that is kept under a key. */
export function parseStatus(service: string, text: string): StatusMessage | undefined {
  const message = parseMessage(statusChannel(service), text)
  return message?.channel === 'status' ? message : undefined
}
