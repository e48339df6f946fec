/** What a driver of PostgreSQL answers, for queues whose library keeps them there. Pure. */
import { integer } from './redis-reply.ts'
import type { QueueReading } from './queue-reading.ts'
import { known } from './queue-reading.ts'

export type Row = Readonly<Record<string, unknown>>

/** Throws if it is no such answer: a connection that is closed may answer nothing. */
export function rowsOf(answer: unknown): readonly Row[] {
  const rows = (answer as { rows?: unknown } | undefined)?.rows
  if (!Array.isArray(rows)) throw new Error('the database gave no rows')
  return rows as readonly Row[]
}

/** Of the columns `due`, `scheduled`, `leased` and, if it is asked for, `failed`, all of them sizes, and `oldest`: seconds, null where none is due. */
export function readingOf({ due, scheduled, leased, failed, oldest }: Row): QueueReading {
  return known({
    due: integer(due),
    scheduled: integer(scheduled),
    leased: integer(leased),
    failed: failed === undefined ? undefined : integer(failed),
    oldestAgeSeconds: Math.max(0, Number(oldest ?? 0)),
  })
}
