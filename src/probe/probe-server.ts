/**
 * The server behind HEALTH_HTTP_PORT: one request for each connection, small, and of no use to keep the process alive. It stands on TCP and
 * not on node:http, which a service, or what instruments it, may have patched: what is asked here is no request to the service, and is
 * recorded as none.
 */
import { createServer, type Server, type Socket } from 'node:net'

import { diag } from '../diag.ts'
import type { Cancel, Clock } from '../types.ts'
import { isSameSecret } from '../wire/same-secret.ts'
import { plain, probeAnswer, type Login, type ProbeAnswer, type Probed } from './probe-answer.ts'
import { LONGEST_HEAD, readHead } from './request-head.ts'

export interface ProbeServerOptions {
  readonly port: number
  readonly host: string
  readonly token: string | undefined
  readonly clock: Clock
  readonly probed: () => Probed
}

const REASONS: Readonly<Record<ProbeAnswer['status'], string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  405: 'Method Not Allowed',
  431: 'Request Header Fields Too Large',
  503: 'Service Unavailable',
}

/** Others are turned away. */
const MOST_CONNECTIONS = 16
/** From the connection to its end, however slow the other side is. Milliseconds. */
const LONGEST_EXCHANGE_MS = 5000
/** A process that was held up has timers that are due: they run before it is said that it does not live. Milliseconds. */
const CATCH_UP_MS = 50
/** Whoever has the port may end, as the process that this one replaces. Milliseconds. */
const AGAIN_MS = 5000

export class ProbeServer {
  readonly #options: ProbeServerOptions
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #again: Cancel = () => {}
  #isClosed = false
  #saidTaken = false

  constructor(options: ProbeServerOptions) {
    this.#options = options
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#serve(socket))
    this.#server.maxConnections = MOST_CONNECTIONS
    this.#server.unref()
    this.#server.on('error', (error) => this.#failed(error))
    this.#server.on('listening', () => {
      // The name of a host may have been looked up for longer than the process went on.
      if (this.#isClosed) this.#server.close()
      else diag.debug(`otel-health: probes are answered at ${this.#address}`)
    })
  }

  /** Begins to listen; where it cannot, that is said once, and tried again. Never throws. */
  listen(): void {
    if (this.#isClosed || this.#server.listening) return
    const { port, host } = this.#options
    // A worker of node:cluster listens itself or not at all: shared, the answer would be that of any other.
    this.#server.listen({ port, host, exclusive: true })
  }

  close(): void {
    this.#isClosed = true
    this.#again()
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  get #address(): string {
    const { port, host } = this.#options
    return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (this.#isClosed) return
    // A connection that could not be taken, as of a process that has no file left to open: whoever asks is told nothing, which is true.
    if (this.#server.listening) return diag.debug('otel-health: a probe could not be taken', error)
    if (!this.#saidTaken) {
      diag.warn(
        `otel-health: no probes are answered here, for ${this.#address} (HEALTH_HTTP_PORT, HEALTH_HTTP_HOST) cannot be listened on (${error.code ?? 'unknown error'}); it is tried again. The service is not affected.`,
      )
    }
    this.#saidTaken = true
    this.#again = this.#options.clock.after(AGAIN_MS, () => this.listen())
  }

  #serve(socket: Socket): void {
    socket.unref()
    this.#sockets.add(socket)
    const cancel = this.#options.clock.after(LONGEST_EXCHANGE_MS, () => socket.destroy())
    socket.on('close', () => {
      cancel()
      this.#sockets.delete(socket)
    })
    socket.on('error', () => {})
    let come = ''
    let isAnswered = false
    const answer = (given: ProbeAnswer, withBody: boolean = true): void => {
      isAnswered = true
      socket.end(encoded(given, withBody))
    }
    socket.on('data', (chunk: Buffer) => {
      // What comes after the head is nothing to us, and is taken so that the answer arrives.
      if (isAnswered) return
      come += chunk.subarray(0, LONGEST_HEAD + 4).toString('latin1')
      const head = readHead(come)
      if (head === 'incomplete') return
      if (head === 400) return answer(plain(400, 'That is no request that can be read.'))
      if (head === 431) return answer(plain(431, 'The head of the request is too long.'))
      isAnswered = true
      const login = this.#loginOf(head.authorization)
      const say = (probed: Probed): void => answer(probeAnswer(head, login, probed), head.method !== 'HEAD')
      this.#safely(socket, () => {
        const probed = this.#options.probed()
        if (probed.whyNotAlive === undefined) return say(probed)
        this.#options.clock.after(CATCH_UP_MS, () => this.#safely(socket, () => say(this.#options.probed())))
      })
    })
    socket.on('end', () => {
      if (!isAnswered) socket.destroy()
    })
  }

  #loginOf(authorization: string | undefined): Login {
    const { token } = this.#options
    if (authorization === undefined) return 'none'
    const given = /^Bearer +(\S+)$/i.exec(authorization)?.[1]
    return given !== undefined && token !== undefined && isSameSecret(given, token) ? 'right' : 'wrong'
  }

  /** Whatever goes wrong in here, the service does not notice. */
  #safely(socket: Socket, action: () => void): void {
    try {
      action()
    } catch (error) {
      diag.error('otel-health: a probe could not be answered', error)
      socket.destroy()
    }
  }
}

function encoded({ status, headers, body }: ProbeAnswer, withBody: boolean): Buffer {
  const bytes = Buffer.from(body)
  const fields = {
    ...headers,
    'content-length': String(bytes.length),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    connection: 'close',
  }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = Buffer.from(`HTTP/1.1 ${status} ${REASONS[status]}\r\n${lines.join('')}\r\n`, 'latin1')
  return withBody ? Buffer.concat([head, bytes]) : head
}
