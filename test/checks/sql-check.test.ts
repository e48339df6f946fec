import { describe, expect, test } from 'vitest'

import { CheckRunner } from '../../src/checks/check-runner.ts'
import type { Queryable } from '../../src/checks/sql-check.ts'
import { sqlCheck } from '../../src/checks/sql-check.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

describe('what cannot be asked is refused when the monitor is made', () => {
  test.for([undefined, null, {}, 'postgres://localhost', { query: 'SELECT 1' }])('%o', (client) => {
    expect(() => sqlCheck(client as unknown as Queryable)).toThrow(
      'The option database is no SQL client: expected an object with query(sql), such as a Pool of pg.',
    )
  })
})

/** A pool as clients of SQL databases have it. */
class Pool {
  readonly asked: string[] = []
  readonly #answer: () => unknown
  constructor(answer: () => unknown) {
    this.#answer = answer
  }
  query(sql: string): Promise<unknown> {
    this.asked.push(sql)
    return this.#answer() as Promise<unknown>
  }
}

test.for([
  { why: 'an answer is healthy', answer: async () => ({ rows: [{ '?column?': 1 }] }), error: undefined },
  {
    why: 'a database that refuses is named by its code',
    answer: () => Promise.reject(Object.assign(new Error('connect ECONNREFUSED 10.0.0.5:5432'), { code: 'ECONNREFUSED' })),
    error: 'ECONNREFUSED',
  },
  {
    why: 'a wrong password is named by its SQLSTATE and nothing else',
    answer: () => Promise.reject(Object.assign(new Error('password authentication failed for user "x"'), { code: '28P01' })),
    error: '28P01',
  },
  {
    why: 'a client of callbacks, which returns at once, is not healthy for ever',
    answer: () => ({ sql: 'SELECT 1' }),
    error: 'not_a_promise',
  },
])('$why', async ({ answer, error }) => {
  const pool = new Pool(answer)
  const runner = new CheckRunner({ checks: [sqlCheck(pool)], clock: new VirtualClock() })
  await runner.runAll()
  expect(pool.asked).toEqual(['SELECT 1'])
  expect(runner.results()).toEqual({ database: { status: error ? 'unhealthy' : 'healthy', latencyMs: 0, ...(error && { error }) } })
})
