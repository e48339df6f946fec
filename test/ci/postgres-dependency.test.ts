/** What is seen of a real PostgreSQL, from its traffic and by probes: answering, restarted, frozen with its backends, stopped. */
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import type Pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { freePort } from '../../examples/valkey/free-port.ts'
import { CheckRunner } from '../../src/checks/check-runner.ts'
import type { DependencyEvidence } from '../../src/checks/dependency-evidence.ts'
import { systemClock } from '../../src/clock.ts'
import { watchDependencies } from '../../src/instrument/dependencies.ts'
import { hookModules } from '../../src/instrument/module-hook.ts'

const run = promisify(execFile)

/** As PostgreSQL demands, not as root. */
const asPostgres = (command: string, ...args: string[]): [string, string[]] => ['runuser', ['-u', 'postgres', '--', command, ...args]]

let bin: string
let data: string
let port: number
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
  const [version] = (await readdir('/usr/lib/postgresql')).toSorted().toReversed()
  bin = `/usr/lib/postgresql/${version}/bin`
  data = await mkdtemp(join(tmpdir(), 'otel-health-postgres-'))
  await chmod(data, 0o777)
  port = await freePort()
  await run(...asPostgres(`${bin}/initdb`, '--no-sync', '-A', 'trust', '-D', join(data, 'db')))
  await control('start')
  pool = new pg.Pool({ host: '127.0.0.1', port, user: 'postgres', connectionTimeoutMillis: 1000, max: 4 })
  // A pooled connection that dies emits an error nobody else listens for, and that would end the process.
  pool.on('error', () => {})
  await checks.start()
})
afterAll(async () => {
  checks.stop()
  cancel()
  hook.remove()
  await signalAll('SIGCONT').catch(() => {})
  await pool?.end().catch(() => {})
  await control('stop').catch(() => {})
  await rm(data, { recursive: true, force: true })
})

async function control(what: 'start' | 'stop'): Promise<void> {
  const mode = what === 'start' ? ['-o', `-p ${port} -k ${data} -c listen_addresses=127.0.0.1 -c log_connections=on`] : ['-m', 'immediate']
  await run(...asPostgres(`${bin}/pg_ctl`, '-D', join(data, 'db'), '-w', '-l', join(data, 'log'), ...mode, what))
}

/** To the server and its backends: a frozen postmaster alone goes on answering on connections that exist. */
async function signalAll(signal: NodeJS.Signals): Promise<void> {
  const postmaster = Number((await readFile(join(data, 'db/postmaster.pid'), 'utf8')).split('\n')[0])
  const children = await run('pgrep', ['-P', String(postmaster)]).catch(() => ({ stdout: '' }))
  for (const pid of [postmaster, ...children.stdout.split('\n').filter(Boolean).map(Number)]) process.kill(pid, signal)
}

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
  await expect
    .poll(async () => (await readFile(join(data, 'log'), 'utf8')).split('connection received').length, { timeout: 10_000 })
    .toBeGreaterThan(4)
  expect(await readFile(join(data, 'log'), 'utf8')).not.toMatch(/incomplete startup packet|no PostgreSQL user name/)
})

test('frozen, backends too, with nobody asking: the probe finds out', async () => {
  await signalAll('SIGSTOP')
  await becomes('unhealthy')
  expect(result()?.error).toBe('timeout')
  await signalAll('SIGCONT')
  await becomes('healthy')
})

test('stopped while nobody asks anything, and back', async () => {
  await pool.query('SELECT 1')
  await control('stop')
  await becomes('unhealthy')
  expect(checks.failing()).toEqual(['postgres'])
  await control('start')
  await pool.query('SELECT 1')
  expect(result()?.status).toBe('healthy')
})
