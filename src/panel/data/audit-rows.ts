/** What people did, out of the audit of the health Redis. Pure. */
import type { AuditEntry } from '../../control/audit.ts'
import { cleanText } from '../../wire/clean-text.ts'
import type { AuditRow } from '../protocol.ts'

export interface AuditFilter {
  readonly count: number
  readonly service?: string
  readonly alert?: string
}

/** Entries that are looked through for those of one service or alert. */
export const MOST_AUDIT = 5000

export function auditRow({ id, at, actor = '', from = '', action = '', why = '', ...about }: AuditEntry): AuditRow {
  return {
    ...{ id, at: Date.parse(at), actor: cleanText(actor), from: cleanText(from), action: cleanText(action), why: cleanText(why) },
    about: Object.fromEntries(Object.entries(about).map(([name, value]) => [cleanText(name), cleanText(value)])),
  }
}

/** `entries`: the newest first, as they come. */
export function auditRows(entries: readonly AuditEntry[], { count, service, alert }: AuditFilter): readonly AuditRow[] {
  return entries
    .filter((entry) => (service === undefined || entry['service'] === service) && (alert === undefined || entry['alert'] === alert))
    .slice(0, count)
    .map(auditRow)
}
