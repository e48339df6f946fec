/** The process that is run, as if nobody stood between it and whoever started us: its streams, its signals, its channel. */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'

import type { Exit } from './evidence.ts'

export interface ChildEvents {
  exited(exit: Exit): void
  /** It could not be started at all. */
  failed(error: NodeJS.ErrnoException): void
}

export class Child {
  readonly #process: ChildProcess

  constructor([command, ...args]: readonly [string, ...string[]], env: NodeJS.ProcessEnv, events: ChildEvents) {
    const stdio: StdioOptions = process.send ? ['inherit', 'inherit', 'inherit', 'ipc'] : 'inherit'
    const child = spawn(command, args, { stdio, env })
    this.#process = child
    child.on('exit', (code, signal) => events.exited({ code, signal }))
    child.on('error', (error) => {
      // A signal that cannot be sent is an error as well.
      if (child.pid === undefined) events.failed(error)
    })
    if (process.send) passMessages(child)
  }

  /** `undefined`: it was never started. */
  get pid(): number | undefined {
    return this.#process.pid
  }

  get isAlive(): boolean {
    return this.#process.pid !== undefined && this.#process.exitCode === null && this.#process.signalCode === null
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isAlive) this.#process.kill(signal)
  }
}

/** PM2 and cluster speak to what they start over a channel: both ways, until one side closes it. */
function passMessages(child: ChildProcess): void {
  const toChild = (message: unknown, handle: unknown) => {
    if (child.connected) child.send(message as object, handle as undefined, () => {})
  }
  const closeChild = () => {
    if (child.connected) child.disconnect()
  }
  const end = () => {
    process.off('message', toChild).off('disconnect', closeChild)
  }
  process.on('message', toChild).on('disconnect', closeChild)
  child.on('message', (message, handle) => {
    if (process.connected) process.send!(message, handle as undefined, {}, () => {})
  })
  child.on('exit', end)
}

/** Signals that are passed on. Not SIGTSTP, SIGTTIN, SIGTTOU: the terminal stops the whole group by them, and so us. */
export const PASSED_ON: readonly NodeJS.Signals[] = [
  ...(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'] as const),
]

/** What a terminal sends to all of its foreground group, and so to the process itself. */
export const OF_TERMINAL: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGWINCH']
