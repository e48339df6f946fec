import type { Check } from './check.ts'

/** Any SQL client or pool with `query(sql)` that returns a promise, such as pg's or mysql2/promise's. */
export interface Queryable {
  query(sql: string): Promise<unknown>
}

/** The database answers a query that touches no table. Give a pool, not a connection, or one broken connection is the database. */
export function sqlCheck(client: Queryable, required = true): Check {
  if (typeof client?.query !== 'function') {
    throw new TypeError('The option database is no SQL client: expected an object with query(sql), such as a Pool of pg.')
  }
  return { name: 'database', required, run: () => client.query('SELECT 1') }
}
