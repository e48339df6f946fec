/** What an instance says of an alert, and finds again after a restart: as the real entries of Redis. */
import type { Instant } from '../../src/judge/alert.ts'
import type { Alert } from '../../src/types.ts'
import { decodeEntry, encodeEntry } from '../../src/wire/alert-entry.ts'

export interface SavedAlert {
  readonly entry: string
  readonly document: string
}

/** The server's clock is right. */
export function saved(alert: Alert, now: Instant): SavedAlert {
  const { head, counted, tail, about } = encodeEntry(alert, now)
  return {
    entry: `${head}"keep":90000,"start":1,"n":1,${counted}"at":${now.epochMs},${tail}`,
    document: `{"v":1,"rev":1,${about},"episode":1,"scope":"any"}`,
  }
}

/** What a process finds that starts `now`, with a monotonic clock of its own; `lastBeat` (epoch milliseconds) is that of the one before. */
export function loaded(alert: SavedAlert | undefined, now: Instant, lastBeat?: number): Alert | undefined {
  return alert && decodeEntry(alert.entry, alert.document, { serverNow: now.epochMs, lastBeat }, now)
}
