/** What of Now is shown. Pure. */
import type { AlertRow, ServiceRow } from '../../protocol.ts'
import type { NowFilter } from '../route/route.ts'

/** Every word of the search stands somewhere in it, large or small. */
export function isFound(q: string, ...texts: readonly (string | undefined)[]): boolean {
  const words = q.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return true
  const text = texts.join('\n').toLowerCase()
  return words.every((word) => text.includes(word))
}

export function showsService({ q, states }: NowFilter, { service, kind, status }: ServiceRow): boolean {
  return (states.length === 0 || states.includes(status)) && isFound(q, service, kind)
}

export function showsAlert({ q, severity, unacked }: NowFilter, alert: AlertRow): boolean {
  if (severity !== undefined && alert.severity !== severity) return false
  if (unacked && alert.ack) return false
  return isFound(q, alert.service, alert.rule, ...Object.values(alert.labels ?? {}))
}
