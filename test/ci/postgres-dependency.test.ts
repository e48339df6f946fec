/** What is seen of a real PostgreSQL, from its traffic and by probes: answering, restarted, frozen with its backends, stopped. */
import { createRequire } from 'node:module'

import type Pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { RealPostgres } from './real-postgres.ts'
import { CheckRunner } from '../../src/checks/check-runner.ts'
import type { DependencyEvidence } from '../../src/checks/dependency-evidence.ts'
import { systemClock } from '../../src/clock.ts'
import { watchDependencies } from '../../src/instrument/clients/dependencies.ts'
import { hookModules } from '../../src/instrument/hook/module-hook.ts'

let postgres: RealPostgres
let pool: Pg.Pool
let seen: DependencyEvidence[] = []
const checks = new CheckRunner({ checks: [], clock: systemClock, intervalMs: 1500 })
const hook = hookModules()
const cancel = watchDependencies({
  hook,
  clock: systemClock,
  onEvidence(evidence) {
    seen.push(evidence)
    checks.observe(evidence)
  },
})

beforeAll(async () => {
  const pg = createRequire(import.meta.url)('pg') as typeof Pg
  postgres = await RealPostgres.create()
  pool = new pg.Pool({ host: '127.0.0.1', port: postgres.port, user: 'postgres', connectionTimeoutMillis: 1000, max: 4 })
  // A pooled connection that dies emits an error nobody else listens for, and that would end the process.
  pool.on('error', () => {})
  await checks.start()
})
afterAll(async () => {
  checks.stop()
  cancel()
  hook.remove()
  await postgres?.signalAll('SIGCONT').catch(() => {})
  await pool?.end().catch(() => {})
  await postgres?.remove()
})

const result = () => checks.results()['postgres']
const becomes = async (status: string): Promise<void> => expect.poll(() => result()?.status, { timeout: 20_000 }).toBe(status)

test('a query makes it healthy, with its latency', async () => {
  await pool.query('SELECT 1')
  expect(result()).toMatchObject({ status: 'healthy' })
  expect(result()!.latencyMs).toBeGreaterThan(0)
})

test('an error of a query is an answer', async () => {
  await pool.query('CREATE TABLE once (id int PRIMARY KEY)')
  await pool.query('INSERT INTO once VALUES (1)')
  await expect(pool.query('INSERT INTO once VALUES (1)')).rejects.toMatchObject({ code: '23505' })
  await expect(pool.query('SELEKT 1')).rejects.toMatchObject({ code: '42601' })
  expect(seen.every(({ ok }) => ok)).toBe(true)
})

test('one connection that an administrator ends is a hiccup', async () => {
  seen = []
  const client = await pool.connect()
  client.on('error', () => {})
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  await pool.query('SELECT pg_terminate_backend($1)', [rows[0]!.pid])
  await expect.poll(() => seen.some(({ error }) => error === '57P01')).toBe(true)
  client.release(true)
  expect(result()?.status).toBe('healthy')
})

test('probes leave nothing but their connection in the log of the server', async () => {
  await expect.poll(async () => (await postgres.log()).split('connection received').length, { timeout: 10_000 }).toBeGreaterThan(4)
  expect(await postgres.log()).not.toMatch(/incomplete startup packet|no PostgreSQL user name/)
})

test('frozen, backends too, with nobody asking: the probe finds out', async () => {
  await postgres.signalAll('SIGSTOP')
  await becomes('unhealthy')
  expect(result()?.error).toBe('timeout')
  await postgres.signalAll('SIGCONT')
  await becomes('healthy')
})

test('stopped while nobody asks anything, and back', async () => {
  await pool.query('SELECT 1')
  await postgres.stop()
  await becomes('unhealthy')
  expect(checks.failing()).toEqual(['postgres'])
  await postgres.start()
  await pool.query('SELECT 1')
  expect(result()?.status).toBe('healthy')
})
