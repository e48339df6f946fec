/**
 * Requests of node:http and node:https. Node's channels tell when a request is made, when its headers came and when it
 * failed, but not when its response ended: that is the request's own `close` event, which it emits in every case.
 */
import type { ClientRequest, IncomingMessage } from 'node:http'

import type { Cancel } from '../../types.ts'
import { listen } from '../calls/channels.ts'
import { isCancellation } from './http-error-type.ts'
import type { SentRequest } from './asked-to-wait.ts'
import type { HttpExchange, HttpExchanges } from './http-exchange.ts'
import type { Origin } from './http-origin.ts'
import { hostOf, Origins } from './http-origin.ts'

/** What Node keeps on a request beside what its types know; all of it public but for `_header`, what has been made of the headers. */
type Request = ClientRequest & {
  readonly _header?: string | null
  readonly agent?: { readonly options?: { readonly timeout?: number } } | null
  readonly res?: (IncomingMessage & { readonly upgrade?: boolean | null }) | null
  readonly timeout?: number
  /** What is to be sent and cannot be yet: headers and body, piece by piece. */
  readonly outputData?: readonly { readonly data: string | Uint8Array }[]
  readonly outputSize?: number
}

/** Bytes of a request, with its headers, up to which its body is looked at: who asks to wait does not say much. */
const MOST_OUTPUT = 32_768

class Sent implements SentRequest {
  readonly #request: Request
  #output: readonly (string | Uint8Array)[] | undefined

  constructor(request: Request) {
    this.#request = request
  }

  get path(): string {
    return this.#request.path
  }

  get body(): string | undefined {
    const text = this.#output?.map((data) => (typeof data === 'string' ? data : Buffer.from(data).toString())).join('')
    const end = text?.indexOf('\r\n\r\n') ?? -1
    if (end < 0) return undefined
    const body = text!.slice(end + 4)
    return /\r\ntransfer-encoding: ?chunked/i.test(text!.slice(0, end)) ? body.replaceAll(/(?:^|\r\n)[\da-f]+\r\n/gi, '') : body
  }

  header(name: string): string | undefined {
    const value = this.#request.getHeader(name)
    if (value === undefined) return headerAmong(this.#request, name)
    return Array.isArray(value) ? value[0] : String(value)
  }

  /** Of no use later: Node forgets what it has sent. */
  keepOutput(): void {
    const { outputData, outputSize = 0 } = this.#request
    if (outputSize <= MOST_OUTPUT) this.#output = outputData?.map(({ data }) => data)
  }
}

interface Published {
  readonly request: Request
}

/** `ignore` is asked at the start of each request. Returns what ends it. */
export function watchNodeHttp(exchanges: HttpExchanges, ignore: (request: ClientRequest) => boolean): Cancel {
  // Not on the request: the service may print it.
  const watched = new WeakMap<ClientRequest, HttpExchange>()
  const origins = new Origins()

  function onClose(this: Request): void {
    const exchange = watched.get(this)
    if (exchange && !exchange.told) close(this, exchange, exchanges)
  }

  /** It gets its connection, and nothing of it has been sent: what the service gave to it at once is still there. */
  function onSocket(this: Request): void {
    const sent = watched.get(this)?.sent
    if (sent instanceof Sent) sent.keepOutput()
  }

  return listen({
    'http.client.request.created': ({ request }: Published) => {
      // How a proxy is told where to go; the request through the tunnel is told itself.
      if (request.method === 'CONNECT' || ignore(request)) return
      watched.set(request, exchanges.start(request.method, originOf(request, origins), new Sent(request)))
      request.on('close', onClose)
      if (request.method !== 'GET' && request.method !== 'HEAD') request.on('socket', onSocket)
    },
    // Published when the headers have come, whatever its name says.
    'http.client.response.finish': ({ request, response }: Published & { readonly response: IncomingMessage }) => {
      const exchange = watched.get(request)
      if (!exchange) return
      if (exchange.port === 0) exchange.port = request.socket?.remotePort ?? 0
      exchanges.headers(exchange, response.statusCode!, response.rawHeaders)
    },
    'http.client.request.error': ({ request, error }: Published & { readonly error: unknown }) => {
      const exchange = watched.get(request)
      if (!exchange || exchange.told) return
      if (isCancellation(error) || isOwnHangUp(request, error)) exchanges.cancel(exchange, timeLimitOf(request))
      else exchanges.fail(exchange, error)
    },
  })
}

/** The port is 0 if the request does not know it: Node keeps it in the Host header only, which may be the service's own. */
function originOf(request: Request, origins: Origins): Origin {
  const { path, host, protocol } = request
  const proxied = origins.ofProxied(path)
  if (proxied) return proxied
  const header = request.getHeader('host') ?? headerAmong(request, 'host')
  const named = origins.of(`${protocol}//${String(header)}`)
  const name = hostOf(host)
  return named.host === name ? named : { host: name, port: 0 }
}

/** A header where headers were given as an array, which Node only keeps as it sends them. */
function headerAmong({ _header: sent }: Request, name: string): string | undefined {
  return sent ? new RegExp(`\\r\\n${name}: ?([^\\r\\n]*)`, 'i').exec(sent)?.[1] : undefined
}

function close(request: Request, exchange: HttpExchange, exchanges: HttpExchanges): void {
  const { res: response } = request
  // No channel tells of an upgrade.
  if (response?.upgrade) exchanges.headers(exchange, response.statusCode!, response.rawHeaders)
  if (response?.complete || response?.upgrade) exchanges.end(exchange)
  else if (response && request.socket && (request.socket.readableEnded || request.socket.errored)) exchanges.fail(exchange, CUT_OFF)
  else exchanges.cancel(exchange, timeLimitOf(request))
}

/** A response that was not complete when the server closed the connection, as Node calls it. */
const CUT_OFF = { code: 'ECONNRESET' }

/** Node calls both "socket hang up": the server closed the connection, and the service destroyed the request. */
function isOwnHangUp(request: Request, error: unknown): boolean {
  return request.destroyed && error instanceof Error && error.message === 'socket hang up'
}

/** Milliseconds of silence after which the service is told, to give the request up as a rule. */
function timeLimitOf(request: Request): number {
  const limit = request.socket?.timeout
  if (!limit) return Infinity
  const ofAgent = request.agent?.options?.timeout
  // Node's own agent has a limit; it is none to a service that does not listen.
  return limit === ofAgent && request.timeout === undefined && request.listenerCount('timeout') === 0 ? Infinity : limit
}
