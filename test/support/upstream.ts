/** A server for tests of HTTP clients: it does with each path what the path is called, and hands out the requests that came. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Server, Socket } from 'node:net'
import { connect, createServer as createNetServer } from 'node:net'

const PATHS: Readonly<Record<string, (req: IncomingMessage, res: ServerResponse) => void>> = {
  '/ok': (_, res) => res.end('ok'),
  '/echo': (req, res) => req.pipe(res),
  '/404': (_, res) => res.writeHead(404).end('no'),
  '/500': (_, res) => res.writeHead(500).end('no'),
  '/304': (_, res) => res.writeHead(304).end(),
  '/redirect': (_, res) => res.writeHead(302, { location: '/ok' }).end(),
  '/close': (_, res) => res.writeHead(200, { connection: 'close' }).end('ok'),
  '/early-hints': (_, res) => res.writeEarlyHints({ link: '</style.css>; rel=preload' }, () => res.end('ok')),
  '/big': (_, res) => res.end(Buffer.alloc(4_000_000)),
  '/reset': ({ socket }) => socket.resetAndDestroy(),
  '/hang-up': ({ socket }) => socket.end(),
  '/garbage': ({ socket }) => socket.end('no HTTP at all\r\n\r\n'),
  // The rest is up to whoever asked.
  '/hang': () => {},
  '/stream': (_, res) => res.writeHead(200, { 'content-length': 100 }).write('a'),
}

const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: test\r\n\r\n'

export interface Upstream {
  readonly port: number
  readonly origin: string
  /** The next request, once it has come. */
  next(): Promise<{ readonly req: IncomingMessage; readonly res: ServerResponse }>
  /** The last request that came. */
  last(): { readonly req: IncomingMessage; readonly res: ServerResponse }
  close(): Promise<void>
}

/** It is a proxy too, which passes on what it is asked to, and refuses to make a tunnel to `refused.test`. */
export async function startUpstream(): Promise<Upstream> {
  const server = createServer((req, res) => {
    const path = req.url!.replace(/^http:\/\/[^/]*/, '')
    PATHS[path]?.(req, res)
  })
  server.on('upgrade', (_, socket: Socket) => {
    ignoreErrors(socket)
    socket.end(SWITCHED)
  })
  server.on('checkContinue', (_, res: ServerResponse) => {
    res.writeContinue()
    res.end('ok')
  })
  server.on('connect', (req: IncomingMessage, socket: Socket) => {
    ignoreErrors(socket)
    const { hostname, port } = new URL(`http://${req.url}`)
    if (hostname === 'refused.test') return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
    const tunnel = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      tunnel.pipe(socket)
      socket.pipe(tunnel)
    })
    ignoreErrors(tunnel)
  })
  let last: { req: IncomingMessage; res: ServerResponse } | undefined
  server.on('request', (req, res) => void (last = { req, res }))
  const port = await listening(server)
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    async next() {
      const [req, res] = (await once(server, 'request')) as [IncomingMessage, ServerResponse]
      return { req, res }
    },
    last() {
      if (!last) throw new Error('No request has come yet.')
      return last
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** A port at which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createNetServer()
  const port = await listening(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

function ignoreErrors(socket: Socket): void {
  socket.on('error', () => socket.destroy())
}
