/** Processes that end in all sorts of ways, with our farewell and without it: the end is the same. */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'

import { describe, expect, test } from 'vitest'

const FAREWELL = new URL('../fixtures/farewell.ts', import.meta.url).href

interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

interface Service {
  /** Prints `ready` when it may be sent a signal. */
  readonly program: string
  /** Runs before we are imported. */
  readonly before?: string
  readonly signals?: readonly NodeJS.Signals[]
  /** Of its parent, over IPC, instead of a signal. */
  readonly message?: string
  /** Of the farewell. */
  readonly farewell?: 'hangs' | 'rejects' | 'throws' | 'takes a while'
  readonly plain?: boolean
}

const WORKS_ON = 'setInterval(() => {}, 1000)'
const READY = "console.log('ready')"
/** The rule of the package signal-exit: it raises the signal again if nobody else listens, and believes who does to end the process. */
const RAISES_IF_ALONE = `const raise = () => process.removeListener('SIGTERM', listener) && process.kill(process.pid, 'SIGTERM')
const raiseIfAlone = () => process.listenerCount('SIGTERM') === 1 && raise()`
const SIGNAL_EXIT = `${RAISES_IF_ALONE}; const listener = () => raiseIfAlone(console.log('cleaned up')); process.on('SIGTERM', listener)`
const SIGNAL_EXIT_LATER = `${RAISES_IF_ALONE}; const listener = () => setTimeout(raiseIfAlone, 50); process.on('SIGTERM', listener)`

async function run({
  program,
  before,
  signals = [],
  message,
  farewell,
  plain = false,
}: Service): Promise<End & { lines: string[]; endedAfterMs: number }> {
  const modules = [...(before === undefined ? [] : [`data:text/javascript,${encodeURIComponent(before)}`]), ...(plain ? [] : [FAREWELL])]
  const imports = modules.map((url) => `--import=${url}`)
  const child = spawn(process.execPath, [...imports, '-e', program], {
    stdio: ['ignore', 'pipe', 'ignore', ...(message === undefined ? [] : (['ipc'] as const))],
    env: { ...process.env, ...(farewell && { FAREWELL: farewell }) },
  })
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>
  const output = linesOf(child)
  let since = performance.now()
  for (const [index, signal] of signals.entries()) {
    await output.seen(...(index === 0 ? ['ready'] : ['ignored', 'again', 'stop 2000']))
    child.kill(signal)
    since = performance.now()
  }
  if (message !== undefined) {
    await output.seen('ready')
    // It may have ended.
    child.send(message, () => {})
  }
  const [code, signal] = await exited
  const endedAfterMs = performance.now() - since
  await output.closed
  return { code, signal, lines: output.lines.filter((line) => line !== 'ready'), endedAfterMs }
}

function linesOf(child: ChildProcess) {
  let text = ''
  const lines = (): string[] => text.split('\n').filter((line) => line !== '')
  const stdout = child.stdout!
  const closed = once(stdout, 'close')
  stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  return {
    closed,
    get lines() {
      return lines()
    },
    /** One of them. */
    async seen(...wanted: readonly string[]): Promise<void> {
      while (!lines().some((line) => wanted.includes(line))) await once(stdout, 'data')
    },
  }
}

describe('the process ends as it would have, having said goodbye once', () => {
  test.for<Service & { why: string; end: End; says: readonly string[] }>([
    {
      why: 'SIGTERM that nobody handles',
      program: `${WORKS_ON}; ${READY}`,
      signals: ['SIGTERM'],
      end: { code: null, signal: 'SIGTERM' },
      says: ['stop 2000', 'stopped'],
    },
    {
      why: 'SIGINT that nobody handles',
      program: `${WORKS_ON}; ${READY}`,
      signals: ['SIGINT'],
      end: { code: null, signal: 'SIGINT' },
      says: ['stop 2000', 'stopped'],
    },
    {
      why: 'SIGTERM while the goodbye takes a while',
      program: `${WORKS_ON}; ${READY}`,
      signals: ['SIGTERM'],
      farewell: 'takes a while',
      end: { code: null, signal: 'SIGTERM' },
      says: ['stop 2000', 'stopped'],
    },
    {
      why: "a signal that the service handles: it drains, and the end is the service's",
      program: `const timer = ${WORKS_ON}; process.on('SIGTERM', () => { console.log('handled'); process.exitCode = 4; clearInterval(timer) }); ${READY}`,
      signals: ['SIGTERM'],
      end: { code: 4, signal: null },
      says: ['draining', 'handled', 'flush 2000', 'stop 2000', 'stopped'],
    },
    {
      why: 'a signal after which it works on for a while, handlers set anew',
      program: `const timer = ${WORKS_ON}; process.on('SIGTERM', () => { process.removeAllListeners('SIGTERM'); process.on('SIGTERM', () => {}); setTimeout(() => { console.log('done'); clearInterval(timer) }, 300) }); ${READY}`,
      signals: ['SIGTERM'],
      end: { code: 0, signal: null },
      says: ['draining', 'flush 2000', 'done', 'stop 2000', 'stopped'],
    },
    {
      why: 'a signal that the service handles once',
      program: `const timer = ${WORKS_ON}; process.once('SIGINT', () => { console.log('handled'); clearInterval(timer) }); ${READY}`,
      signals: ['SIGINT'],
      end: { code: 0, signal: null },
      says: ['draining', 'handled', 'flush 2000', 'stop 2000', 'stopped'],
    },
    {
      why: 'SIGQUIT that the service handles',
      program: `const timer = ${WORKS_ON}; process.on('SIGQUIT', () => { console.log('handled'); clearInterval(timer) }); ${READY}`,
      signals: ['SIGQUIT'],
      end: { code: 0, signal: null },
      says: ['draining', 'handled', 'flush 2000', 'stop 2000', 'stopped'],
    },
    {
      why: 'a hangup that nobody handles',
      program: `${WORKS_ON}; ${READY}`,
      signals: ['SIGHUP'],
      end: { code: null, signal: 'SIGHUP' },
      says: ['stop 2000', 'stopped'],
    },
    {
      why: 'a hangup that means that the configuration is to be read again',
      program: `const timer = ${WORKS_ON}; process.on('SIGHUP', () => { console.log('reloaded'); setTimeout(() => process.exit(3), 50) }); ${READY}`,
      signals: ['SIGHUP'],
      end: { code: 3, signal: null },
      says: ['reloaded'],
    },
    {
      why: 'a hangup that the service answers with the exit code of one',
      program: `${WORKS_ON}; process.on('SIGHUP', () => process.exit(129)); ${READY}`,
      signals: ['SIGHUP'],
      end: { code: 129, signal: null },
      says: ['stop 2000'],
    },
    {
      why: 'a hangup that the service handles as it does SIGTERM',
      program: `const timer = ${WORKS_ON}; for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => { console.log('handled ' + signal); clearInterval(timer) }); ${READY}`,
      signals: ['SIGHUP'],
      end: { code: 0, signal: null },
      says: ['draining', 'handled SIGHUP', 'flush 2000', 'stop 2000', 'stopped'],
    },
    {
      why: 'the signal of nodemon that nobody handles',
      program: `${WORKS_ON}; ${READY}`,
      signals: ['SIGUSR2'],
      end: { code: null, signal: 'SIGUSR2' },
      says: ['stop 2000', 'stopped'],
    },
    {
      why: 'the signal of nodemon as its documentation has it: the service ends what it does and raises it again',
      program: `${WORKS_ON}; process.once('SIGUSR2', () => setTimeout(() => { console.log('closed'); process.kill(process.pid, 'SIGUSR2') }, 50)); ${READY}`,
      signals: ['SIGUSR2'],
      end: { code: null, signal: 'SIGUSR2' },
      says: ['closed', 'stop 2000'],
    },
    {
      why: 'a signal that the service answers with process.exit',
      program: `${WORKS_ON}; process.on('SIGTERM', () => process.exit(143)); ${READY}`,
      signals: ['SIGTERM'],
      end: { code: 143, signal: null },
      says: ['draining', 'stop 2000'],
    },
    {
      why: 'an end that took too long for the service itself',
      program: `${WORKS_ON}; process.on('SIGTERM', () => setTimeout(() => process.exit(1), 50)); ${READY}`,
      signals: ['SIGTERM'],
      end: { code: 1, signal: null },
      says: ['draining', 'flush 2000', 'stop 2000'],
    },
    {
      why: 'an error that nobody catches, on the way to an end that was asked for',
      program: `${WORKS_ON}; process.on('SIGTERM', () => setTimeout(() => { throw new Error('Connection is closed.') }, 50)); ${READY}`,
      signals: ['SIGTERM'],
      end: { code: 1, signal: null },
      says: ['draining', 'flush 2000', 'stop 2000'],
    },
    {
      why: 'a process that is killed while it drains',
      program: `${WORKS_ON}; process.on('SIGTERM', () => setTimeout(() => process.kill(process.pid, 'SIGKILL'), 50)); ${READY}`,
      signals: ['SIGTERM'],
      end: { code: null, signal: 'SIGKILL' },
      says: ['draining', 'flush 2000'],
    },
    {
      why: 'a service that drains by itself when its parent says so, as PM2 does',
      program: `process.on('message', () => { console.log('told'); process.disconnect() }); ${READY}`,
      message: 'shutdown',
      end: { code: 0, signal: null },
      says: ['draining', 'told', 'flush 2000', 'stop 2000', 'stopped'],
    },
    {
      why: 'another message of its parent',
      program: `process.once('message', () => { console.log('told') }); ${READY}`,
      message: 'hello',
      end: { code: 0, signal: null },
      says: ['told', 'stop 2000', 'stopped'],
    },
    {
      why: 'a parent to which it does not listen',
      program: READY,
      message: 'shutdown',
      end: { code: 0, signal: null },
      says: ['stop 2000', 'stopped'],
    },
    {
      why: 'SIGTERM that signal-exit raises again if it is alone',
      program: `${WORKS_ON}; ${SIGNAL_EXIT}; ${READY}`,
      signals: ['SIGTERM'],
      end: { code: null, signal: 'SIGTERM' },
      says: ['draining', 'cleaned up', 'flush 2000', 'stop 2000'],
    },
    {
      why: 'SIGTERM that signal-exit, which was there before us, raises again if it is alone',
      program: `${WORKS_ON}; ${READY}`,
      before: SIGNAL_EXIT,
      signals: ['SIGTERM'],
      end: { code: null, signal: 'SIGTERM' },
      says: ['draining', 'cleaned up', 'flush 2000', 'stop 2000'],
    },
    {
      why: 'SIGTERM that somebody raises again later if nobody else listens then',
      program: `${WORKS_ON}; ${SIGNAL_EXIT_LATER}; ${READY}`,
      signals: ['SIGTERM'],
      end: { code: null, signal: 'SIGTERM' },
      says: ['draining', 'flush 2000', 'stop 2000'],
    },
    {
      why: 'a signal that the service ignores, then one that it does not',
      program: `${WORKS_ON}; process.on('SIGINT', () => console.log('ignored')); ${READY}`,
      signals: ['SIGINT', 'SIGTERM'],
      end: { code: null, signal: 'SIGTERM' },
      says: ['draining', 'ignored', 'flush 2000', 'stop 2000', 'stopped'],
    },
    {
      why: 'a signal that the service handles once, twice',
      program: `${WORKS_ON}; process.once('SIGTERM', () => setImmediate(() => console.log('again'))); ${READY}`,
      signals: ['SIGTERM', 'SIGTERM'],
      end: { code: null, signal: 'SIGTERM' },
      says: ['draining', 'flush 2000', 'again', 'stop 2000'],
    },
    {
      why: 'a signal after which all handlers are gone',
      program: `${WORKS_ON}; process.on('SIGTERM', () => setImmediate(() => console.log('again'), process.removeAllListeners('SIGTERM'))); ${READY}`,
      signals: ['SIGTERM', 'SIGTERM'],
      end: { code: null, signal: 'SIGTERM' },
      says: ['draining', 'flush 2000', 'again', 'stop 2000'],
    },
    {
      why: 'nothing left to do',
      program: "setImmediate(() => console.log('done'))",
      end: { code: 0, signal: null },
      says: ['done', 'stop 2000', 'stopped'],
    },
    {
      why: 'nothing left to do, with an exit code',
      program: 'process.exitCode = 7',
      end: { code: 7, signal: null },
      says: ['stop 2000', 'stopped'],
    },
    { why: 'process.exit(0)', program: 'process.exit(0)', end: { code: 0, signal: null }, says: ['stop 2000'] },
    { why: 'process.exit(3), which is a crash', program: 'process.exit(3)', end: { code: 3, signal: null }, says: [] },
    { why: 'an error that nobody catches', program: "throw new Error('crash')", end: { code: 1, signal: null }, says: [] },
    { why: 'a rejection that nobody handles', program: "Promise.reject(new Error('crash'))", end: { code: 1, signal: null }, says: [] },
    {
      why: 'an error that the service survived',
      program: "process.on('uncaughtException', () => {}); setTimeout(() => process.exit(0), 1); throw new Error('survived')",
      end: { code: 0, signal: null },
      says: ['stop 2000'],
    },
    {
      why: 'a signal that cannot be handled',
      program: `${WORKS_ON}; ${READY}`,
      signals: ['SIGKILL'],
      end: { code: null, signal: 'SIGKILL' },
      says: [],
    },
  ])('$why', async ({ end, says, ...service }) => {
    const [plain, { code, signal, lines }] = await Promise.all([endOfPlain(service), run(service)])
    expect({ code, signal }).toEqual(end)
    if (plain) expect(plain).toEqual(end)
    expect(lines).toEqual(says)
  })

  /** Without us nothing is printed to wait for between two signals, so those are not compared. */
  async function endOfPlain(service: Service): Promise<End | undefined> {
    if ((service.signals?.length ?? 0) > 1) return undefined
    const { code, signal } = await run({ ...service, plain: true })
    return { code, signal }
  }
})

describe('a farewell that goes wrong', () => {
  test.for(['rejects', 'throws'] as const)('in that it %s changes nothing', async (farewell) => {
    expect(await run({ program: `${WORKS_ON}; ${READY}`, signals: ['SIGTERM'], farewell })).toMatchObject({
      signal: 'SIGTERM',
      lines: ['stop 2000'],
    })
    expect(await run({ program: '', farewell })).toMatchObject({ code: 0, lines: ['stop 2000'] })
    expect(await run({ program: 'process.exit(0)', farewell })).toMatchObject({ code: 0, lines: ['stop 2000'] })
  })

  test.for([
    { why: 'a signal', service: { program: `${WORKS_ON}; ${READY}`, signals: ['SIGTERM'] }, end: { code: null, signal: 'SIGTERM' } },
    { why: 'a natural end', service: { program: READY }, end: { code: 0, signal: null } },
  ] satisfies { why: string; service: Service; end: End }[])('in that it hangs holds up $why by 2 s at most', async ({ service, end }) => {
    const { code, signal, endedAfterMs } = await run({ ...service, farewell: 'hangs' })
    expect({ code, signal }).toEqual(end)
    expect(endedAfterMs).toBeGreaterThan(1900)
    expect(endedAfterMs).toBeLessThan(5000)
  })

  test('does not hold up who presses Ctrl-C twice', async () => {
    const { signal, lines, endedAfterMs } = await run({
      program: `${WORKS_ON}; ${READY}`,
      signals: ['SIGINT', 'SIGINT'],
      farewell: 'hangs',
    })
    expect({ signal, lines }).toEqual({ signal: 'SIGINT', lines: ['stop 2000'] })
    expect(endedAfterMs).toBeLessThan(1500)
  })
})
