/** What systemd hears of `otel-health run`, by a systemd-notify that writes it down. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { RunProcess, WATCHED } from '../e2e/run-process.ts'

const soon = { timeout: 60_000, interval: 50 }
/** Longer than between two words of a service that lives, however slow the machine is. Milliseconds. */
const LONG = 6000
let folder: string
let notified: string
let run: RunProcess | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'otel-health-systemd-'))
  notified = join(folder, 'notified')
  writeFileSync(join(folder, 'systemd-notify'), `#!/bin/sh\necho "$@" >> ${notified}\n`)
  chmodSync(join(folder, 'systemd-notify'), 0o755)
})
afterEach(async () => {
  await run?.end()
  run = undefined
  rmSync(folder, { recursive: true })
})

function start(options: readonly string[], env: NodeJS.ProcessEnv = { NOTIFY_SOCKET: '/run/none' }): RunProcess {
  const path = `${folder}:${process.env['PATH']}`
  // No health Redis is there.
  const own = { HEALTH_SERVICE_NAME: 'orders', HEALTH_REDIS_PORT: '1', PATH: path }
  return (run = new RunProcess({ command: WATCHED, options, env: { ...own, ...env } }))
}

const said = (): readonly string[] => (existsSync(notified) ? readFileSync(notified, 'utf8').trim().split('\n') : [])
const alive = (): number => said().filter((each) => each === 'WATCHDOG=1').length

test(
  'READY once, when the service is ready, though it is started again later; STOPPING once, when it is told to end',
  { timeout: 120_000 },
  async () => {
    const { process: supervisor, ended } = start(['--grace', '1h'])
    await vi.waitFor(() => expect(said()).toEqual(['READY=1']), soon)
    run!.tell('exit 3')
    await run!.started(2)
    supervisor.kill('SIGTERM')
    await ended
    await vi.waitFor(() => expect(said()).toEqual(['READY=1', 'STOPPING=1']), soon)
  },
)

test('without NOTIFY_SOCKET nothing, whatever else is set', { timeout: 120_000 }, async () => {
  const { process: supervisor, ended } = start([], { WATCHDOG_USEC: '2000000' })
  await run!.started(1)
  supervisor.kill('SIGTERM')
  await ended
  expect(said()).toEqual([])
})

test(
  'the watchdog hears that the service lives as long as it is heard, and nothing more of one that hangs',
  { timeout: 120_000 },
  async () => {
    // Nothing is done about it here but what systemd does.
    start(['--grace', '1h', '--hang-limit', '3s'], { NOTIFY_SOCKET: '/run/none', WATCHDOG_USEC: '2000000' })
    await run!.started(1)
    await vi.waitFor(() => expect(alive()).toBeGreaterThan(3), soon)
    run!.tell('block')
    await vi.waitFor(() => expect(Date.now() - statSync(notified).mtimeMs).toBeGreaterThan(LONG), soon)
    expect(run!.pids).toHaveLength(1)
  },
)
