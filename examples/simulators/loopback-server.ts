import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** Where a server listens, and what its URL says. */
export interface Address {
  /** A name or an IPv4 address of this machine. Default 127.0.0.1. */
  readonly host?: string | undefined
  /** 0, the default, is any free one. */
  readonly port?: number | undefined
}

/** An HTTP server, on 127.0.0.1 unless said, that can really go away, open connections and all, and come back on the same port. */
export class LoopbackServer {
  readonly #handler: Handler
  readonly #host: string
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #port: number

  constructor(handler: Handler, { host = '127.0.0.1', port = 0 }: Address = {}) {
    this.#handler = handler
    this.#host = host
    this.#port = port
  }

  get url(): string {
    return `http://${this.#host}:${this.#port}`
  }

  get port(): number {
    return this.#port
  }

  async open(): Promise<void> {
    if (this.#server) return
    const server = createServer((request, response) => {
      this.#handler(request, response).catch((error: unknown) => {
        // A client that went away is no news; anything else is a mistake here and must be seen.
        if (!response.destroyed) console.error(error)
        response.destroy()
      })
    })
    // Longer than any client keeps an idle connection: a server that closes first loses the request just being sent.
    server.keepAliveTimeout = 60_000
    server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#port, this.#host, resolve)
    })
    this.#server = server
    this.#port = (server.address() as AddressInfo).port
  }

  /** Refuses connections from now on and resets those that are open. */
  async close(): Promise<void> {
    const server = this.#server
    if (!server) return
    this.#server = undefined
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of this.#sockets) socket.resetAndDestroy()
    await closed
  }
}

export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

export interface Answer {
  readonly status: number
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

export function json(body: unknown, status = 200): Answer {
  return { status, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
}

/** The page that nginx at Apple's edge sends, to the byte. */
export function edgePage(status: number, reason: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const title = `${status} ${reason}`
  const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n<hr><center>Apple</center>\r\n</body>\r\n</html>\r\n`
  return { status, body, headers: { 'content-type': 'text/html', server: 'Apple', ...headers } }
}

/** Sends the answer; true once all of it was handed to the network, false if the client went away first. */
export async function send(response: ServerResponse, { status, body, headers }: Answer): Promise<boolean> {
  if (response.destroyed) return false
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  return await new Promise((resolve) => {
    response.once('close', () => resolve(response.writableFinished))
    response.end(body)
  })
}
