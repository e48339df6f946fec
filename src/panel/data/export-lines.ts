/** Transitions of all alerts, and actions of people with what became of them, to be kept elsewhere: all that the streams hold, the oldest first. */
import { outcomeIn } from '../../control/audit.ts'
import { cleanJson } from '../../wire/clean-text.ts'
import { toIso } from '../../wire/iso-time.ts'
import { parseMessage } from '../../wire/message.ts'
import type { ShardNames } from '../../wire/names.ts'
import type { RedisClient } from '../../wire/redis-client.ts'
import type { ExportFormat } from '../panel-data.ts'
import type { AuditRow } from '../protocol.ts'
import { auditRow } from './audit-rows.ts'
import { csvLine } from './csv.ts'
import { entriesInOrder, fieldsOf, pagesForward, timeOf } from './read-stream.ts'
import { transitionRow, type KnownTransition } from './transition-row.ts'

type Shards = readonly ShardNames[]

/** Of several shards one after the other. */
export async function* transitionLines(client: RedisClient, shards: Shards, format: ExportFormat): AsyncGenerator<string> {
  if (format === 'csv') yield csvLine(TRANSITION)
  for (const { alerts, alertsChannel, hmacKey } of shards) {
    for await (const page of pagesForward(client, alerts, '-')) {
      for (const [, [, text]] of page) {
        const message = parseMessage(alertsChannel, text ?? '', hmacKey)
        if (message?.channel === 'alerts') yield transitionLine(transitionRow(message), format)
      }
    }
  }
}

const TRANSITION = [
  ...['at', 'type', 'service', 'rule', 'labels', 'severity', 'state', 'since', 'message', 'deliver', 'cause', 'actor', 'told'],
  ...['alert_id', 'episode', 'id', 'value'],
]

function transitionLine({ at, since, alertId, labels, value, ...said }: KnownTransition, format: ExportFormat): string {
  const { type, service, rule, severity, state, message, deliver, cause, actor, told, episode, id } = said
  if (format === 'ndjson') {
    const times = { at: toIso(at), since: toIso(since) }
    return `${cleanJson({ ...times, ...said, ...(labels && { labels }), alert_id: alertId, value: value ?? null })}\n`
  }
  return csvLine([
    ...[
      toIso(at),
      type,
      service,
      rule,
      labels ? JSON.stringify(labels) : null,
      severity,
      state,
      toIso(since),
      message,
      deliver,
      cause,
      actor,
      told,
    ],
    ...[alertId, episode, id, value ? JSON.stringify(value) : null],
  ])
}

export async function* auditLines(client: RedisClient, shards: Shards, format: ExportFormat): AsyncGenerator<string> {
  if (format === 'csv') yield csvLine(['at', 'actor', 'from', 'action', 'why', ...ABOUT, 'others'])
  for (const { audit, outcomes, hmacKey } of shards) {
    for await (const { key, entry } of entriesInOrder(client, audit, outcomes)) {
      const [id, given] = entry
      const fields = fieldsOf(given)
      const read = key === outcomes ? outcomeIn(id, fields.get('d'), hmacKey) : { ...Object.fromEntries(fields), id, at: toIso(timeOf(id)) }
      if (read) yield auditLine(auditRow(read), format)
    }
  }
}

const ABOUT = ['service', 'instance', 'outcome', 'alert', 'rule', 'severity', 'silence', 'matcher', 'until']

function auditLine({ at, about, ...said }: AuditRow, format: ExportFormat): string {
  if (format === 'ndjson') return `${cleanJson({ at: toIso(at), ...said, about })}\n`
  const others = Object.entries(about).filter(([name]) => !ABOUT.includes(name))
  const rest = others.length === 0 ? null : JSON.stringify(Object.fromEntries(others))
  return csvLine([toIso(at), said.actor, said.from, said.action, said.why, ...ABOUT.map((name) => about[name]), rest])
}
