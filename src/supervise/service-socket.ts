/**
 * Where the processes that were started speak to the supervisor. Of several, the first that says it is the service counts: a service may start
 * others that have its environment.
 */
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { dirname } from 'node:path'

import { encodeLine, lineReader, readFromProcess } from '../supervised/protocol.ts'
import type { EndingAction, EndingSignal, Interrupted, ProcessState } from '../supervised/supervised.ts'

export interface SocketEvents {
  beat(state: ProcessState, isInspected: boolean): void
  ending(request: string, action: EndingAction): void
  /** It has it. */
  signalled(signal: EndingSignal): void
  /** The service is heard no more. */
  unlinked(): void
}

export interface SocketOptions extends SocketEvents {
  /** Of the supervisor: names the folder. */
  readonly id: string
  /** Whether the supervisor starts a process again. */
  readonly restarts: boolean
  /** Whether a process was started by this supervisor, or by what it started. */
  readonly isOurs: (pid: number) => boolean
}

/** A path is no longer, on any system. Bytes. */
const LONGEST_PATH = 103
const MOST_CONNECTIONS = 64

interface Service {
  readonly socket: Socket
  readonly pid: number
  readonly isInspected: boolean
}

export class ServiceSocket {
  /** In a folder that only this user can enter; '': none could be made, and nothing is heard of any process. */
  readonly path: string
  /** Why there is none: half a sentence. */
  readonly trouble: string | undefined
  readonly #options: SocketOptions
  readonly #folder: string
  readonly #server: ReturnType<typeof createServer>
  #service: Service | undefined
  #interrupted: readonly Interrupted[] = []

  constructor(options: SocketOptions) {
    this.#options = options
    this.#folder = folderFor(options.id)
    this.#server = createServer((socket) => this.#connected(socket))
    try {
      mkdirSync(this.#folder, { mode: 0o700 })
    } catch (error) {
      const { code = 'unknown error' } = error as NodeJS.ErrnoException
      this.path = ''
      this.trouble = `no folder can be made in ${dirname(this.#folder)} (${code}): set TMPDIR to one that can be written to`
      return
    }
    this.path = `${this.#folder}/socket`
    this.#server.maxConnections = MOST_CONNECTIONS
    this.#server.on('error', () => {})
    this.#server.listen(this.path)
  }

  /** Of the service, while it is connected: as long as it lives. */
  get pid(): number | undefined {
    return this.#service?.pid
  }

  /** What an earlier process left unfinished, for the next that connects. */
  leave(interrupted: readonly Interrupted[]): void {
    this.#interrupted = interrupted
  }

  drain(why: string): void {
    this.#service?.socket.write(encodeLine({ is: 'drain', why }))
  }

  close(): void {
    // Takes the socket away as well.
    this.#server.close()
    try {
      rmdirSync(this.#folder)
    } catch {
      // Somebody has cleared the folder of temporary files: there is nothing left to do.
    }
  }

  #connected(socket: Socket): void {
    socket.setEncoding('utf8')
    socket.on('error', () => {})
    socket.on('close', () => {
      if (this.#service?.socket !== socket) return
      this.#service = undefined
      this.#options.unlinked()
    })
    socket.on(
      'data',
      lineReader(
        (line) => this.#heard(socket, line),
        () => socket.destroy(),
      ),
    )
  }

  #heard(socket: Socket, line: string): void {
    const message = readFromProcess(line)
    if (message?.is === 'service') {
      const isFirst = this.#service === undefined && this.#options.isOurs(message.pid)
      if (isFirst) this.#service = { socket, pid: message.pid, isInspected: message.inspected }
      const interrupted = isFirst ? this.#interrupted : []
      if (isFirst) this.#interrupted = []
      socket.write(encodeLine({ is: 'welcome', restarts: isFirst && this.#options.restarts, interrupted }))
    } else if (message && this.#service?.socket === socket) {
      if (message.is === 'beat') this.#options.beat(message.state, this.#service.isInspected)
      else if (message.is === 'ending') this.#options.ending(message.request, message.action)
      else this.#options.signalled(message.signal)
    }
  }
}

/** As os.tmpdir finds it, without what that loads. */
function folderFor(id: string): string {
  const folder = `${process.env['TMPDIR'] || '/tmp'}/otel-health-${id}`
  return Buffer.byteLength(`${folder}/socket`) <= LONGEST_PATH ? folder : `/tmp/otel-health-${id}`
}

/** A name that no other has. The kernel's, where it has one: to load crypto takes a megabyte. */
export function newId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/uuid', 'latin1').trim()
  } catch {
    return process.getBuiltinModule('node:crypto').randomUUID()
  }
}
