/** How many jobs of Graphile Worker wait: of all tasks in one statement, over the connections of a pool that works. */
import type { Clock } from '../../types.ts'
import type { QueueReading } from './queue-reading.ts'
import type { Row } from './sql-rows.ts'
import { readingOf, rowsOf } from './sql-rows.ts'

export type WithPgClient = (use: (client: { query(text: string): Promise<unknown> }) => Promise<unknown>) => Promise<unknown>

/** Tasks that ask within this time are given the same answer. */
const SAME_ANSWER_MS = 1000

const NONE: Row = { due: 0, scheduled: 0, leased: 0, failed: 0, oldest: 0 }

export class GraphileSizes {
  readonly #clock: Clock
  #workers = 0
  #asked: { readonly at: number; readonly rows: Promise<readonly Row[]> } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A worker begins to take jobs. */
  begin(): void {
    this.#workers++
  }

  end(): void {
    this.#workers--
  }

  /** Rejects with the database's error; once no worker is left nothing is known, for the connections may be closed. */
  async of(task: string, escapedSchema: string, withPgClient: WithPgClient): Promise<QueueReading> {
    if (this.#workers <= 0) return {}
    const at = this.#clock.monotonicMs()
    if (!this.#asked || at - this.#asked.at > SAME_ANSWER_MS) {
      this.#asked = { at, rows: withPgClient((client) => client.query(statementFor(escapedSchema))).then(rowsOf) }
    }
    const rows = await this.#asked.rows
    return readingOf(rows.find((row) => row['task'] === task) ?? NONE)
  }
}

/** Jobs that are done are gone; one that has failed is tried again until it has no tries left. */
function statementFor(escapedSchema: string): string {
  const isFree = 'locked_at IS NULL AND attempts < max_attempts'
  return `SELECT task_identifier AS task,
    count(*) FILTER (WHERE ${isFree} AND run_at <= now())::float8 AS due,
    count(*) FILTER (WHERE ${isFree} AND run_at > now())::float8 AS scheduled,
    count(*) FILTER (WHERE locked_at IS NOT NULL)::float8 AS leased,
    count(*) FILTER (WHERE locked_at IS NULL AND attempts >= max_attempts)::float8 AS failed,
    extract(epoch FROM now() - min(run_at) FILTER (WHERE ${isFree} AND run_at <= now()))::float8 AS oldest
    FROM ${escapedSchema}.jobs GROUP BY task_identifier`
}
