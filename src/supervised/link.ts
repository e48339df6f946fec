/**
 * The way of a service to the supervisor that started it. Nothing of it keeps the service alive, and nothing that goes wrong with it reaches the
 * service: a supervisor that is gone is heard no more, and the service runs on without one.
 */
import { createConnection } from 'node:net'
import { basename, dirname } from 'node:path'

import { encodeLine, lineReader, readFromSupervisor, readStartedFor, STARTED_FOR, SUPERVISOR, type FromProcess } from './protocol.ts'
import type { EndingAction, EndingSignal, Interrupted, ProcessState, SpeaksBy, StartedFor, Supervised } from './supervised.ts'

/** A supervisor that reads nothing is sent nothing more until it does. Bytes. */
const MOST_UNREAD = 262_144

type Environment = Record<string, string | undefined>

/**
 * `undefined` where no supervisor started this process. For the process that is the service: what it starts in turn goes by the same
 * environment, and finds another to be first. `gone`: called if the supervisor is gone that would have started this process again.
 */
export function linkToSupervisor(env: Environment = process.env, gone: () => void = () => {}): Supervised | undefined {
  const path = env[SUPERVISOR]
  if (path === undefined || path === '') return undefined
  const startedFor = readStartedFor(env[STARTED_FOR])
  Reflect.deleteProperty(env, STARTED_FOR)
  return new Link(path, startedFor, gone)
}

class Link implements Supervised {
  readonly id: string
  readonly startedFor?: StartedFor
  readonly #socket: ReturnType<typeof createConnection>
  #restarts = false
  #isConnected = false
  #isOver = false
  #sentSettings: SpeaksBy | undefined
  #last: ProcessState | undefined
  #drain: ((why: string) => void) | undefined
  #toDrain: string | undefined
  #told: ((work: readonly Interrupted[]) => void) | undefined
  #interrupted: readonly Interrupted[] = []

  constructor(path: string, startedFor: StartedFor | undefined, gone: () => void) {
    this.id = basename(dirname(path)).replace(/^otel-health-/, '')
    if (startedFor) this.startedFor = startedFor
    const socket = createConnection(path)
    this.#socket = socket
    socket.unref()
    socket.setEncoding('utf8')
    socket.on('connect', () => {
      socket.unref()
      this.#isConnected = true
      this.#send({ is: 'service', pid: process.pid, inspected: isInspected() })
      if (this.#last) this.beat(this.#last)
    })
    socket.on(
      'data',
      lineReader(
        (line) => this.#heard(line),
        () => socket.destroy(),
      ),
    )
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#isOver = true
      if (this.#restarts) gone()
      this.#restarts = false
    })
  }

  get restarts(): boolean {
    return this.#restarts
  }

  beat(state: ProcessState): void {
    this.#last = state
    if (!this.#isConnected || this.#socket.writableLength > MOST_UNREAD) return
    const { speaksBy, ...said } = state
    const isNew = speaksBy !== undefined && speaksBy !== this.#sentSettings
    this.#sentSettings = speaksBy
    this.#send({ is: 'beat', state: isNew ? state : said })
  }

  ending(request: string, action: EndingAction): void {
    this.#send({ is: 'ending', request, action })
  }

  signalled(signal: EndingSignal): void {
    this.#send({ is: 'signalled', signal })
  }

  onDrain(drain: (why: string) => void): void {
    this.#drain = drain
    const why = this.#toDrain
    this.#toDrain = undefined
    if (why !== undefined) drain(why)
  }

  onInterrupted(told: (work: readonly Interrupted[]) => void): void {
    this.#told = told
    if (this.#interrupted.length > 0) told(this.#interrupted)
    this.#interrupted = []
  }

  #send(message: FromProcess): void {
    if (!this.#isOver) this.#socket.write(encodeLine(message))
  }

  #heard(line: string): void {
    const message = readFromSupervisor(line)
    if (message?.is === 'drain') {
      if (this.#drain) this.#drain(message.why)
      else this.#toDrain = message.why
    } else if (message) {
      this.#restarts = message.restarts
      if (message.interrupted.length === 0) return
      if (this.#told) this.#told(message.interrupted)
      else this.#interrupted = message.interrupted
    }
  }
}

/** One that waits at a breakpoint answers nobody, and nothing is wrong with it. */
function isInspected(): boolean {
  return process.getBuiltinModule('node:inspector').url() !== undefined
}
