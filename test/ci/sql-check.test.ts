/** The SQL check against a real PostgreSQL: answering, refusing, frozen with its backends, killed. */
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { CheckRunner } from '../../src/checks/check-runner.ts'
import { sqlCheck } from '../../src/checks/sql-check.ts'
import { systemClock } from '../../src/clock.ts'
import { freePort } from '../../examples/valkey/free-port.ts'

const run = promisify(execFile)

/** As PostgreSQL demands, not as root. */
const asPostgres = (command: string, ...args: string[]): [string, string[]] => ['runuser', ['-u', 'postgres', '--', command, ...args]]

let bin: string
let data: string
let port: number
let pool: pg.Pool
let checks: CheckRunner

beforeAll(async () => {
  const [version] = (await readdir('/usr/lib/postgresql')).toSorted().toReversed()
  bin = `/usr/lib/postgresql/${version}/bin`
  data = await mkdtemp(join(tmpdir(), 'otel-health-postgres-'))
  await chmod(data, 0o777)
  port = await freePort()
  await run(...asPostgres(`${bin}/initdb`, '--no-sync', '-A', 'trust', '-D', join(data, 'db')))
  await start()
  pool = new pg.Pool({ host: '127.0.0.1', port, user: 'postgres', connectionTimeoutMillis: 1000, max: 2 })
  // A pooled connection that dies emits an error nobody else listens for, and that would end the process.
  pool.on('error', () => {})
  checks = new CheckRunner({ checks: [sqlCheck(pool)], clock: systemClock, timeoutMs: 1000 })
})
afterAll(async () => {
  checks?.stop()
  await signalAll('SIGCONT').catch(() => {})
  await stop().catch(() => {})
  await pool?.end().catch(() => {})
  await rm(data, { recursive: true, force: true })
})

async function start(): Promise<void> {
  await run(
    ...asPostgres(
      `${bin}/pg_ctl`,
      '-D',
      join(data, 'db'),
      '-w',
      '-l',
      join(data, 'log'),
      '-o',
      `-p ${port} -k ${data} -c listen_addresses=127.0.0.1`,
      'start',
    ),
  )
}

async function stop(): Promise<void> {
  await run(...asPostgres(`${bin}/pg_ctl`, '-D', join(data, 'db'), '-m', 'immediate', '-w', 'stop'))
}

/** To the server and its backends: a frozen postmaster alone goes on answering on connections that exist. */
async function signalAll(signal: NodeJS.Signals): Promise<void> {
  const postmaster = Number((await readFile(join(data, 'db/postmaster.pid'), 'utf8')).split('\n')[0])
  const children = await run('pgrep', ['-P', String(postmaster)]).catch(() => ({ stdout: '' }))
  for (const pid of [postmaster, ...children.stdout.split('\n').filter(Boolean).map(Number)]) process.kill(pid, signal)
}

async function check() {
  await checks.runAll()
  return checks.results()['database']!
}

test('a database that answers is healthy', async () => {
  expect(await check()).toMatchObject({ status: 'healthy' })
})

test('frozen, backends too: the check times out, holds nothing up, and recovers', async () => {
  await signalAll('SIGSTOP')
  const result = await check()
  expect(result).toMatchObject({ status: 'unhealthy', error: 'timeout' })
  expect(result.latencyMs).toBeLessThan(2000)
  await signalAll('SIGCONT')
  await expect.poll(async () => (await check()).status, { timeout: 20_000 }).toBe('healthy')
})

test('killed: data, not an exception, and healthy again when it is back', async () => {
  await signalAll('SIGKILL')
  await expect.poll(async () => (await check()).error, { timeout: 10_000 }).toBe('ECONNREFUSED')
  // Refused while a process of the old server still holds its shared memory.
  await expect
    .poll(
      () =>
        start().then(
          () => 'up',
          () => 'not yet',
        ),
      { timeout: 20_000, interval: 200 },
    )
    .toBe('up')
  await expect.poll(async () => (await check()).status, { timeout: 20_000 }).toBe('healthy')
})

test('refused: the code says so and no text of the error is kept', async () => {
  await stop()
  const { latencyMs, ...result } = await check()
  expect(result).toEqual({ status: 'unhealthy', error: 'ECONNREFUSED' })
  expect(latencyMs).toBeLessThan(1000)
})
