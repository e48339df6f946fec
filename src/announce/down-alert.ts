/**
 * The alert that a process is down, or does not react, and that nobody starts it again. It is folded as any alert is, of what each supervisor
 * says in the name of its process.
 */
import { PROCESS_DOWN } from '../catalogue.ts'
import type { DownAlert } from '../supervise/report.ts'
import type { Alert } from '../types.ts'
import { encodeEntry } from '../wire/alert-entry.ts'
import { alertId } from '../wire/alert-id.ts'
import type { PublisherClient } from '../wire/redis-client.ts'
import { alertKeys } from '../wire/scripts/alert.ts'
import { signatureOf } from '../wire/signature.ts'
import type { Speaker } from './speaker.ts'

export interface Telling {
  /** Rises with each announcer: the server's time in milliseconds. */
  readonly start: string
  readonly monotonicMs: number
  readonly epochMs: number
}

/** Rejects with the server's error. */
export async function tellDown(
  client: Pick<PublisherClient, 'healthAlert'>,
  { service, instance, names, retentionMs }: Speaker,
  { n, state, message, keptMs, isAgain }: DownAlert,
  { start, monotonicMs, epochMs }: Telling,
): Promise<void> {
  const id = alertId(PROCESS_DOWN, service)
  const common = { id, rule: PROCESS_DOWN, service, severity: 'CRITICAL', episode: 1, since: epochMs, message, value: null } as const
  const alert: Alert = { ...common, state, evaluatedAt: monotonicMs }
  const { head, counted, tail, about, said } = encodeEntry(alert, { monotonicMs, epochMs })
  const { labels, runbook, value } = said
  const statement = { alertId: id, service, rule: PROCESS_DOWN, labels, instance, state, severity: 'CRITICAL', start, n }
  const signature =
    names.hmacKey === undefined ? undefined : signatureOf(names.hmacKey, { ...statement, message: said.message, runbook, value })
  await client.healthAlert(
    ...alertKeys(names, id, service),
    instance,
    `${head}"keep":${keptMs},"start":${start},"n":${n},${counted}`,
    signature === undefined ? tail : `${tail.slice(0, -2)},${signature}}}`,
    about,
    `any ${isAgain || state === 'resolved' ? 'told' : 'untold'} staying ${isAgain ? 'again' : 'condition'}`,
    ...[names.alertsChannel, String(retentionMs), start, ''],
  )
}
