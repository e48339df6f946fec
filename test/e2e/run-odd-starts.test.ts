/** What `otel-health run` does where a process cannot be started as it should be: it says why in one sentence, and does what it still can. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, afterEach, expect, test } from 'vitest'

import { RunProcess, WATCHED, type RunOfProcess } from './run-process.ts'

const folder = mkdtempSync(join(tmpdir(), 'run-odd-'))
const runs: RunProcess[] = []

function start(run: RunOfProcess): RunProcess {
  const started = new RunProcess(run)
  runs.push(started)
  return started
}

afterEach(async () => {
  await Promise.all(runs.splice(0).map((run) => run.end()))
})
afterAll(() => rmSync(folder, { recursive: true }))

test.for([
  { what: 'that leads through a file', command: `${process.execPath}/service`, why: 'ENOTDIR' },
  { what: 'that is empty', command: '', why: 'ERR_INVALID_ARG_VALUE' },
])('a command $what ends the run with one sentence', async ({ command, why }) => {
  const run = start({ command: [command] })
  expect(await run.ended).toEqual({ code: 126, signal: null })
  expect(run.stderr).toBe(`otel-health: ${JSON.stringify(command)} cannot be started (${why}).\n`)
})

test('a command that is gone when it is to be started again counts as one that fails: it is tried again, and given up', async () => {
  const file = join(folder, 'service')
  writeFileSync(file, `#!/bin/sh\nrm "${file}"\nexit 3\n`)
  chmodSync(file, 0o755)
  const run = start({ command: [file], options: ['--max-restarts', '2', '--exit-on-give-up'] })
  expect(await run.ended).toEqual({ code: 127, signal: null })
  expect(run.stderr.match(/cannot be started \(ENOENT\)/g)).toHaveLength(2)
  expect(run.stderr).toContain('service ended with exit code 127, and stays down: it was started again 2 times within 10 min')
})

test('without a folder for its socket the service runs all the same, and it is said what is not seen', async () => {
  const env = { TMPDIR: join(folder, 'none'), HEALTH_SERVICE_NAME: 'orders', HEALTH_REDIS_PORT: '1', HEALTH_SUPERVISOR: '/of/another' }
  const run = start({ command: WATCHED, env })
  await run.started(1)
  await run.said(
    `Of the service only its end and its memory are seen, for no folder can be made in ${folder}/none (ENOENT): set TMPDIR to one that can be written to.`,
  )
  run.process.kill('SIGTERM')
  expect(await run.ended).toEqual({ code: null, signal: 'SIGTERM' })
})
