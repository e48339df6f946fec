/**
 * Requests of undici: the package, and the copy in Node that is `fetch`. Both publish on the same channels; each hop of a
 * redirect and each retry is a request of its own there, as the conventions have it.
 */
import type { Cancel } from '../../types.ts'
import { listen } from '../calls/channels.ts'
import { isCancellation } from './http-error-type.ts'
import type { SentRequest } from './asked-to-wait.ts'
import type { HttpExchange, HttpExchanges } from './http-exchange.ts'
import type { Origin } from './http-origin.ts'
import { Origins } from './http-origin.ts'
import type { RawHeaders } from './raw-headers.ts'
import { headerOf } from './raw-headers.ts'

/** What undici says of a request on its channels. */
export interface UndiciRequest {
  /** Of the server that is connected to: a proxy's if it passes the request on. */
  readonly origin?: string | URL | null
  readonly method: string
  /** An absolute URL if a proxy passes the request on. */
  readonly path: string
  /** Names and values in turn. */
  readonly headers: readonly (string | readonly string[])[]
  readonly body?: unknown
}

/** Bytes up to which a body is looked at: who asks to wait does not say much. */
const MOST_BODY = 16_384

class Sent implements SentRequest {
  readonly #request: UndiciRequest
  #chunk: Uint8Array | undefined

  constructor(request: UndiciRequest) {
    this.#request = request
    if (request.body !== null && request.body !== undefined) this.chunk(request.body)
  }

  get path(): string {
    return this.#request.path
  }

  get body(): string | undefined {
    return this.#chunk && Buffer.from(this.#chunk).toString()
  }

  header(name: string): string | undefined {
    return headerOf(this.#request.headers, name)
  }

  /** The body, or its first piece. */
  chunk(chunk: unknown): void {
    if (!this.#chunk && chunk instanceof Uint8Array && chunk.length <= MOST_BODY) this.#chunk = chunk
  }
}

type Watched = UndiciRequest & { [exchange: symbol]: HttpExchange | undefined }

/** `ignore` is asked at the start of each request. Returns what ends it. */
export function watchUndici(exchanges: HttpExchanges, ignore: ((request: UndiciRequest) => boolean) | undefined): Cancel {
  // On the request itself, which is undici's own and which the service does not get to see.
  const EXCHANGE = Symbol('otel-health.exchange')
  const origins = new Origins()
  const connectErrors = new WeakSet<object>()

  return listen({
    'undici:request:create': ({ request }: { readonly request: Watched }) => {
      // How a proxy is told where to go; the request through the tunnel is told itself.
      if (request.method === 'CONNECT' || ignore?.(request)) return
      request[EXCHANGE] = exchanges.start(request.method, originOf(request, origins), new Sent(request))
    },
    'undici:request:bodyChunkSent': ({ request, chunk }: { readonly request: Watched; readonly chunk: unknown }) => {
      const sent = request[EXCHANGE]?.sent
      if (sent instanceof Sent) sent.chunk(chunk)
    },
    'undici:request:headers': ({
      request,
      response,
    }: {
      readonly request: Watched
      readonly response: { readonly statusCode: number; readonly headers?: RawHeaders }
    }) => {
      const exchange = request[EXCHANGE]
      if (exchange) exchanges.headers(exchange, response.statusCode, response.headers)
    },
    'undici:request:trailers': ({ request }: { readonly request: Watched }) => {
      const exchange = request[EXCHANGE]
      if (exchange) exchanges.end(exchange)
    },
    'undici:client:connectError': ({ error }: { readonly error: unknown }) => {
      if (typeof error === 'object' && error !== null) connectErrors.add(error)
    },
    'undici:request:error': ({ request, error }: { readonly request: Watched; readonly error: unknown }) => {
      const exchange = request[EXCHANGE]
      if (!exchange) return
      // A proxy that refuses a tunnel is an AbortError to undici, but the service has given nothing up.
      if (isCancellation(error) && !connectErrors.has(error as object)) exchanges.cancel(exchange)
      else exchanges.fail(exchange, error)
    },
  })
}

function originOf({ origin, path }: UndiciRequest, origins: Origins): Origin {
  return origins.ofProxied(path) ?? origins.of(typeof origin === 'string' ? origin : String(origin))
}
