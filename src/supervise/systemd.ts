/**
 * Tells systemd how the service is, where it asks to be told (NOTIFY_SOCKET). Node cannot open datagram sockets of unix, so that it is done by
 * systemd-notify, which is another process: the unit needs NotifyAccess=all. Source: sd_notify(3).
 */
import { spawn } from 'node:child_process'

const STOPPING = 'STOPPING=1'

export class Systemd {
  /** How often it wants to hear that the service lives; `undefined`: it does not. Milliseconds. */
  readonly watchdogMs: number | undefined
  readonly #isAsked: boolean
  readonly #env: NodeJS.ProcessEnv
  readonly #said = new Set<string>()

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env
    this.#isAsked = Boolean(env['NOTIFY_SOCKET'])
    const usec = Number(env['WATCHDOG_USEC'])
    this.watchdogMs = this.#isAsked && Number.isFinite(usec) && usec > 0 ? usec / 2000 : undefined
  }

  /** Said once, and not of a process that becomes ready while all is ending. */
  ready(): void {
    if (!this.#said.has(STOPPING)) this.#once('READY=1')
  }

  stopping(): void {
    this.#once(STOPPING)
  }

  alive(): void {
    this.#send('WATCHDOG=1')
  }

  #once(state: string): void {
    if (this.#said.has(state)) return
    this.#said.add(state)
    this.#send(state)
  }

  #send(state: string): void {
    if (!this.#isAsked) return
    const { NODE_OPTIONS: _options, ...env } = this.#env
    const notify = spawn('systemd-notify', [state], { stdio: 'ignore', env })
    notify.on('error', () => {})
    notify.unref()
  }
}
