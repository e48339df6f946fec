/** `otel-health run` where it is likely to be: behind a terminal, before npm, under systemd, as process 1 of a container. The package as it is built. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { afterAll, afterEach, expect, test, vi } from 'vitest'

import { startValkey } from '../../examples/valkey/start-valkey.ts'
import { isThere, RunProcess } from '../e2e/run-process.ts'

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url))
const RUN = [process.execPath, `${DIST}bin.cjs`, 'run']
const soon = { timeout: 30_000, interval: 50 }
const folder = mkdtempSync(join(tmpdir(), 'otel-health-run-'))
const children: ChildProcess[] = []

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
afterAll(() => rmSync(folder, { recursive: true }))

function start(command: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(command[0]!, command.slice(1), { cwd: folder, env: { ...process.env, ...env } })
  children.push(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  return { child, ended, said: (text: string | RegExp) => vi.waitFor(() => expect(output).toMatch(text), soon), output: () => output }
}

function script(name: string, text: string): string {
  const file = join(folder, name)
  writeFileSync(file, text)
  chmodSync(file, 0o755)
  return file
}

test.runIf(spawnSync('script', ['--version']).status === 0)('Ctrl-C of a terminal reaches the process once', async () => {
  const counting = script(
    'counting.cjs',
    'let n = 0; process.on("SIGINT", () => console.log("INT " + ++n)); setInterval(() => {}, 1000); console.log("ready")',
  )
  const terminal = start(['script', '-qec', [...RUN, '--', process.execPath, counting].join(' '), '/dev/null'])
  await terminal.said('ready')
  terminal.child.stdin.write('\u0003')
  await terminal.said('INT 1')
  terminal.child.stdin.write('\u0003')
  await terminal.said('INT 2')
  // Each once: a third would have been counted by now.
  terminal.child.stdin.write('\u0003')
  await terminal.said('INT 3')
  expect(terminal.output().match(/INT \d/g)).toEqual(['INT 1', 'INT 2', 'INT 3'])
})

test('systemd hears READY, that it is alive, and STOPPING, by systemd-notify', async () => {
  script('systemd-notify', `#!/bin/sh\necho "$@" >> ${folder}/notified\n`)
  const sleeping = script('sleeping.cjs', 'setInterval(() => {}, 1000)')
  const run = start([...RUN, '--grace', '1s', '--', process.execPath, sleeping], {
    ...{ NOTIFY_SOCKET: '/run/none', WATCHDOG_USEC: '2000000', PATH: `${folder}:${process.env['PATH']}` },
  })
  const notified = () => (existsSync(`${folder}/notified`) ? readFileSync(`${folder}/notified`, 'utf8').trim().split('\n') : [])
  await vi.waitFor(() => expect(notified().filter((each) => each === 'WATCHDOG=1').length).toBeGreaterThan(2), soon)
  expect(notified().filter((each) => each === 'READY=1')).toHaveLength(1)
  run.child.kill('SIGTERM')
  expect(await run.ended).toEqual([null, 'SIGTERM'])
  await vi.waitFor(() => expect(notified().at(-1)).toBe('STOPPING=1'), soon)
})

const isRoot = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0

test.runIf(isRoot)('as process 1 it passes on signals and input, reaps orphans, and ends with the code of the process', async () => {
  const orphans = script(
    'orphans.cjs',
    `const { spawn } = require('node:child_process'), fs = require('node:fs')
spawn('sh', ['-c', '(sleep 0.3; :) & exit 0'], { stdio: 'ignore' })
const zombies = () => fs.readdirSync('/proc').filter((p) => /^[0-9]+$/.test(p)).filter((p) => { try { return fs.readFileSync('/proc/' + p + '/stat', 'latin1').includes(') Z ') } catch { return false } })
setTimeout(() => console.log('zombies', zombies().length), 1500)
process.on('SIGTERM', () => process.exit(9))
process.stdin.on('data', (text) => console.log('input', String(text)))
console.log('pid 1 is', fs.readFileSync('/proc/1/comm', 'utf8'))`,
  )
  const run = start(['unshare', '--pid', '--fork', '--mount-proc', ...RUN, '--', process.execPath, orphans])
  await run.said('pid 1 is sh')
  run.child.stdin.write('a line\n')
  await run.said('input a line')
  // Its orphan has ended by then.
  await run.said(/zombies \d/)
  const [first] = readFileSync(`/proc/${run.child.pid}/task/${run.child.pid}/children`, 'utf8').trim().split(' ')
  process.kill(Number(first), 'SIGTERM')
  expect(await run.ended).toEqual([9, null])
  expect(run.output()).toContain('zombies 0')
})

test.runIf(isRoot)('as process 1 it starts again what crashed, and what else is in the container stays', async () => {
  const [crashed, sibling] = [join(folder, 'crashed'), join(folder, 'sibling')]
  const beside = script('beside.cjs', `require('node:fs').writeFileSync('${sibling}', String(process.pid)); setInterval(() => {}, 1000)`)
  const crashing = script(
    'crashing.cjs',
    `const fs = require('node:fs')
process.on('SIGTERM', () => process.exit(9))
const isAgain = fs.existsSync('${crashed}')
const look = setInterval(() => {
  if (!fs.existsSync('${sibling}')) return
  clearInterval(look)
  if (isAgain) console.log('again, beside', fs.readFileSync('/proc/' + fs.readFileSync('${sibling}') + '/cmdline', 'latin1'))
  else fs.writeFileSync('${crashed}', ''), process.exit(3)
}, 50)
setInterval(() => {}, 1000)`,
  )
  const both = `${process.execPath} ${beside} & exec ${[...RUN, '--', process.execPath, crashing].join(' ')}`
  const run = start(['unshare', '--pid', '--fork', '--mount-proc', 'sh', '-c', both])
  await run.said(/again, beside .*beside\.cjs/)
  const [first] = readFileSync(`/proc/${run.child.pid}/task/${run.child.pid}/children`, 'utf8').trim().split(' ')
  process.kill(Number(first), 'SIGTERM')
  expect(await run.ended).toEqual([9, null])
})

test('before npm it is the service that hangs, and no copy of it is left', async () => {
  const valkey = await startValkey()
  const options = ['--grace', '1s', '--hang-limit', '2s', '--kill-after', '1s']
  const env = { HEALTH_SERVICE_NAME: 'orders', HEALTH_REDIS_HOST: '127.0.0.1', HEALTH_REDIS_PORT: String(valkey.port) }
  const run = new RunProcess(
    { command: [...RUN, ...options, '--', 'npm', 'start', '--silent'], env: { ...env, NODE_OPTIONS: `--import ${DIST}register.js` } },
    true,
  )
  try {
    const first = await run.started(1)
    run.tell('block later')
    const second = await run.started(2)
    expect([isThere(first), isThere(second)]).toEqual([false, true])
    run.process.kill('SIGTERM')
    await run.ended
    await vi.waitFor(() => expect(isThere(second)).toBe(false), soon)
  } finally {
    await run.end()
    await valkey.stop()
  }
})

test('it is small beside a service that it hears', async () => {
  const sleeping = script('watched.cjs', 'setInterval(() => {}, 1000); console.log("ready")')
  const env = { HEALTH_SERVICE_NAME: 'orders', HEALTH_REDIS_PORT: '1', OTEL_METRICS_EXPORTER: 'none' }
  const run = start([...RUN, '--', process.execPath, '--import', `${DIST}register.js`, sleeping], env)
  await run.said('ready')
  await new Promise((resolve) => setTimeout(resolve, 5000))
  // Its own: the rest is the program Node, which the service has in memory as well.
  const [, own] = /RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${run.child.pid}/status`, 'latin1'))!
  expect(Number(own) / 1024).toBeLessThanOrEqual(11)
  run.child.kill('SIGTERM')
  await run.ended
})
