/** What comes over the channels, checked: anybody may publish there, and a reader must not fall over it. */
import { SERVICE_SILENT } from '../catalogue.ts'
import { toAlertMessage, type AlertMessage } from './alert-message.ts'
import { parseFields, type Fields } from './fields.ts'
import { toMetricsMessage, type MetricsMessage } from './metrics-message.ts'
import { kindOfChannel, shardNames } from './names.ts'
import { isSaid, isSigned, NOT_SIGNED } from './signature.ts'
import { fitsMessage } from './sizes.ts'
import { toStatusMessage, type StatusMessage } from './status-message.ts'

/** `channel` tells them apart. */
export type HealthMessage = StatusMessage | MetricsMessage | AlertMessage

/**
 * `undefined` for what is too large, no JSON, of another version, not of this channel, or lacks what a reader relies on; and, with a key, for
 * what is not signed with it.
 */
export function parseMessage(channel: string, text: string, hmacKey?: string): HealthMessage | undefined {
  const fields = fitsMessage(text) ? parseFields(text) : undefined
  if (fields?.['v'] !== 1) return undefined
  const of = kindOfChannel(channel)
  if (of && hmacKey !== undefined && !isBelieved(hmacKey, of.kind, text, fields)) return undefined
  if (of?.kind === 'alerts') return toAlertMessage(fields)
  if (of === undefined || (of.service !== undefined && of.service !== fields['service'])) return undefined
  return of.kind === 'status' ? toStatusMessage(fields) : toMetricsMessage(fields)
}

function isBelieved(key: string, kind: 'status' | 'metrics' | 'alerts', text: string, fields: Fields): boolean {
  return kind === 'alerts' ? isSaid(key, fields, SERVICE_SILENT) : isSigned(key, kind, text)
}

/** Why a text is no message of that channel: half a sentence that names nothing of it but its version. */
export function whyNoMessage(channel: string, text: string, hmacKey?: string): string {
  const isMessage = hmacKey !== undefined && parseMessage(channel, text) !== undefined
  return whyNotRead(text) ?? (isMessage ? NOT_SIGNED : `is no ${kindOfChannel(channel)?.kind ?? 'health'} message`)
}

/** What keeps any text of ours from being read; `undefined` if nothing does. */
export function whyNotRead(text: string): string | undefined {
  if (!fitsMessage(text)) return 'is larger than 64 KB'
  const fields = parseFields(text)
  if (!fields) return 'is no JSON object'
  const { v } = fields
  if (v === 1) return undefined
  return Number.isSafeInteger(v) ? `has version ${String(v)}, which this otel-health does not know` : 'has no version'
}

/** The status message that is kept under a key. */
export function parseStatus(service: string, text: string, hmacKey?: string): StatusMessage | undefined {
  const message = parseMessage(shardNames().statusChannel(service), text, hmacKey)
  return message?.channel === 'status' ? message : undefined
}
