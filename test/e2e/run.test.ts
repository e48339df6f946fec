/** `otel-health run` around real processes: as if it were not there, but for what it starts again. */
import { readFileSync } from 'node:fs'

import { afterEach, describe, expect, test, vi } from 'vitest'

import { isThere, RunProcess, type RunOfProcess } from './run-process.ts'

const soon = { timeout: 20_000, interval: 50 }
const SERVICE = [process.execPath, 'service.js']
const runs: RunProcess[] = []

function start(run: RunOfProcess, bare: boolean = false): RunProcess {
  const started = new RunProcess(run, bare)
  runs.push(started)
  return started
}

afterEach(async () => {
  await Promise.all(runs.splice(0).map((run) => run.end()))
})

describe('a process that is run', () => {
  const node = (code: string) => [process.execPath, '-e', code]
  test.for([
    { what: 'that ends with 0', command: node('') },
    { what: 'that throws', command: node('throw new Error("a fault")') },
    { what: 'that kills itself', command: node('process.kill(process.pid, "SIGKILL")') },
    {
      what: 'that writes much, to both, in bytes that are no text',
      command: node(
        'const b = Buffer.alloc(300000, "\\u00e9\\u0000\\n"); require("fs").writeSync(1, b); require("fs").writeSync(2, b.subarray(0, 60000))',
      ),
    },
    { what: 'that reads what it is given', command: node('process.stdin.pipe(process.stdout)'), input: 'a line\n\u0000 and no end' },
  ])('$what has the output, the exit code and the signal that it has without', async ({ command, input = '' }) => {
    const [bare, run] = [start({ command }, true), start({ command, options: ['--restart', 'never'] })]
    for (const each of [bare, run]) each.process.stdin!.end(input)
    expect(await run.ended).toEqual(await bare.ended)
    expect(run.lines).toEqual(bare.lines)
    expect(run.stderr).toBe(bare.stderr)
  })

  test('that is not there ends the run as a shell does', async () => {
    expect(await start({ command: ['no-such-command'] }).ended).toEqual({ code: 127, signal: null })
  })

  test('hears each signal once', async () => {
    const signals = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'] as const
    const listen = `for (const s of ${JSON.stringify(signals)}) process.on(s, () => console.log(s))`
    const run = start({ command: node(`${listen}; setInterval(() => {}, 1000); console.log("started " + process.pid)`) })
    await run.started(1)
    for (const [i, signal] of signals.entries()) {
      run.process.kill(signal)
      await vi.waitFor(() => expect(run.lines.slice(1)).toEqual(signals.slice(0, i + 1)), soon)
    }
    // What had come a second time would have come before this.
    run.process.kill('SIGUSR1')
    await run.said('Debugger listening')
    expect(run.lines.slice(1)).toEqual(signals)
  })

  test('has no sibling of its own stopped with it', async () => {
    const run = start({ command: SERVICE })
    const other = start({ command: SERVICE }, true)
    await Promise.all([run.started(1), other.started(1)])
    run.process.kill('SIGTERM')
    expect(await run.ended).toEqual({ code: null, signal: 'SIGTERM' })
    expect(isThere(other.pids[0]!)).toBe(true)
  })

  test('has the channel of whoever started the supervisor, both ways', async () => {
    const echo = 'process.on("message", (m) => { process.send({ echo: m }); if (m === "shutdown") process.exit(3) }); process.send("ready")'
    const run = start({ command: node(echo), stdio: ['ignore', 'pipe', 'pipe', 'ipc'] as never })
    const messages: unknown[] = []
    run.process.on('message', (message) => messages.push(message))
    await vi.waitFor(() => expect(messages).toEqual(['ready']), soon)
    run.process.send('shutdown')
    // As PM2 asks a process to end: that it does so with another code than 0 is no crash.
    expect(await run.ended).toEqual({ code: 3, signal: null })
    expect(messages).toEqual(['ready', { echo: 'shutdown' }])
  })
})

describe('started again', () => {
  test('it is after a crash, without any Redis, until the budget is spent; then the run stays and ends by a signal', async () => {
    const run = start({ command: SERVICE, options: ['--max-restarts', '2'] })
    for (let i = 1; i <= 3; i++) {
      await run.started(i)
      run.tell('exit 3')
    }
    await run.said('stays down: it was started again 2 times within 10 min')
    expect(run.process.exitCode).toBeNull()
    run.process.kill('SIGTERM')
    expect(await run.ended).toEqual({ code: null, signal: 'SIGTERM' })
    expect(run.pids).toHaveLength(3)
  })
})

test('the supervisor wakes no more than once or twice a second while nothing happens', async () => {
  const run = start({ command: SERVICE })
  await run.started(1)
  const ticks = () => {
    const stat = readFileSync(`/proc/${run.process.pid}/stat`, 'latin1').split(') ')[1]!.split(' ')
    return Number(stat[11]) + Number(stat[12])
  }
  const before = ticks()
  await new Promise((resolve) => setTimeout(resolve, 5000))
  // A hundredth of a second each.
  expect(ticks() - before).toBeLessThanOrEqual(5)
})
