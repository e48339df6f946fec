/** How many jobs of a pg-boss queue wait, asked in one statement over the connections that pg-boss has. */
import type { QueueReading } from './queue-reading.ts'
import { readingOf, rowsOf } from './sql-rows.ts'

/** What is needed of pg-boss's Manager. */
export interface PgBossManager {
  readonly db: { executeSql(text: string, values: readonly unknown[]): Promise<unknown> }
  readonly config: { readonly schema: string }
  /** Since version 10. */
  readonly stopped?: boolean
  /** Before. */
  readonly stopping?: boolean
}

/**
 * Rejects with the database's error; of a pg-boss that is stopped nothing is known. How many have failed is not asked: in the oldest versions
 * that is a search through all that was ever done.
 */
export function pgBossSizes(manager: PgBossManager, queue: string): () => Promise<QueueReading> {
  let statement: string | undefined
  return async () => {
    const { db, config, stopped = manager.stopping } = manager
    if (stopped) return {}
    statement ??= statementFor(
      config.schema,
      rowsOf(await db.executeSql(COLUMNS, [config.schema])).map(({ name }) => name),
    )
    return readingOf(rowsOf(await db.executeSql(statement, [queue]))[0] ?? {})
  }
}

/** Version 9 has other names, and jobs that wait for others came with version 12. */
const COLUMNS = `SELECT column_name::text AS name FROM information_schema.columns WHERE table_schema = lower($1) AND table_name = 'job'`

function statementFor(schema: string, columns: readonly unknown[]): string {
  const startAfter = columns.includes('startafter') ? 'startafter' : 'start_after'
  const free = columns.includes('blocked') ? 'NOT blocked' : 'true'
  const isDue = `state < 'active' AND ${startAfter} <= now() AND ${free}`
  return `SELECT count(*) FILTER (WHERE ${isDue})::float8 AS due,
    count(*) FILTER (WHERE state < 'active' AND NOT (${isDue}))::float8 AS scheduled,
    count(*) FILTER (WHERE state = 'active')::float8 AS leased,
    extract(epoch FROM now() - min(${startAfter}) FILTER (WHERE ${isDue}))::float8 AS oldest
    FROM ${schema}.job WHERE name = $1 AND state IN ('created', 'retry', 'active')`
}
