/** The SQL check against a real PostgreSQL: answering, refusing, frozen with its backends, killed. */

import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { CheckRunner } from '../../src/checks/check-runner.ts'
import { sqlCheck } from '../../src/checks/sql-check.ts'
import { systemClock } from '../../src/clock.ts'
import { RealPostgres } from './real-postgres.ts'

let postgres: RealPostgres
let pool: pg.Pool
let checks: CheckRunner

beforeAll(async () => {
  postgres = await RealPostgres.create()
  pool = new pg.Pool({ host: '127.0.0.1', port: postgres.port, user: 'postgres', connectionTimeoutMillis: 1000, max: 2 })
  // A pooled connection that dies emits an error nobody else listens for, and that would end the process.
  pool.on('error', () => {})
  checks = new CheckRunner({ checks: [sqlCheck(pool)], clock: systemClock, timeoutMs: 1000 })
})
afterAll(async () => {
  checks?.stop()
  await postgres?.signalAll('SIGCONT').catch(() => {})
  await pool?.end().catch(() => {})
  await postgres?.remove()
})

async function check() {
  await checks.runAll()
  return checks.results()['database']!
}

test('a database that answers is healthy', async () => {
  expect(await check()).toMatchObject({ status: 'healthy' })
})

test('frozen, backends too: the check times out, holds nothing up, and recovers', async () => {
  await postgres.signalAll('SIGSTOP')
  const result = await check()
  expect(result).toMatchObject({ status: 'unhealthy', error: 'timeout' })
  expect(result.latencyMs).toBeLessThan(2000)
  await postgres.signalAll('SIGCONT')
  await expect.poll(async () => (await check()).status, { timeout: 20_000 }).toBe('healthy')
})

test('killed: data, not an exception, and healthy again when it is back', async () => {
  await postgres.signalAll('SIGKILL')
  await expect.poll(async () => (await check()).error, { timeout: 10_000 }).toBe('ECONNREFUSED')
  // Refused while a process of the old server still holds its shared memory.
  await expect
    .poll(
      () =>
        postgres.start().then(
          () => 'up',
          () => 'not yet',
        ),
      { timeout: 20_000, interval: 200 },
    )
    .toBe('up')
  await expect.poll(async () => (await check()).status, { timeout: 20_000 }).toBe('healthy')
})

test('refused: the code says so and no text of the error is kept', async () => {
  await postgres.stop()
  const { latencyMs, ...result } = await check()
  expect(result).toEqual({ status: 'unhealthy', error: 'ECONNREFUSED' })
  expect(latencyMs).toBeLessThan(1000)
})
