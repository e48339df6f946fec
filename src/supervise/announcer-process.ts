/**
 * The process that speaks to Redis for us while the service cannot: started when there is something to say, and gone when there is nothing. It
 * is told how things stand; should it end before all is said, the next one is told the same.
 */
import { fork, type ChildProcess } from 'node:child_process'

import { SUPERVISOR } from '../supervised/protocol.ts'
import { isQuiet, type Heard, type Report } from './report.ts'

/** One that did not end by itself, having said all, is not started anew at once. Milliseconds. */
const AGAIN_AFTER_MS = 5000

export class AnnouncerProcess {
  readonly #file: string
  readonly #heard: (heard: Heard) => void
  #process: ChildProcess | undefined
  #notBefore = -Infinity
  #sent = ''

  /** `file`: its script. */
  constructor(file: string, heard: (heard: Heard) => void) {
    this.#file = file
    this.#heard = heard
  }

  /** `now`: milliseconds on the monotonic clock. To be called again while there is something to say. */
  tell(report: Report, now: number): void {
    if (!this.#process) {
      if (isQuiet(report) || now < this.#notBefore) return
      this.#start(now)
    }
    const text = JSON.stringify(report)
    if (text === this.#sent || !this.#process?.connected) return
    this.#sent = text
    this.#process.send(report, () => {})
  }

  #start(now: number): void {
    const announcer = fork(this.#file, [], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], env: environment(), execArgv: [] })
    this.#process = announcer
    this.#sent = ''
    const over = (code?: unknown) => {
      if (this.#process === announcer) this.#process = undefined
      if (code !== 0) this.#notBefore = now + AGAIN_AFTER_MS
    }
    announcer.on('error', over).on('exit', over)
    announcer.on('message', (heard) => this.#heard(heard as Heard))
  }
}

/** It is no service, and nothing is loaded into it that is meant for one. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, [SUPERVISOR]: _socket, ...env } = process.env
  return env
}
