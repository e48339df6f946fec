/**
 * One outgoing HTTP request from its start to its end, told exactly once, whichever client sent it.
 *
 * A request ends when its response has been received whole, or with an error. A response the service does not read to its
 * end, by cancelling it or by leaving it lie, ends with its headers: what comes after them is the service's time, not the
 * upstream's. The conventions leave the choice: "HTTP client spans SHOULD end sometime after the HTTP response headers are
 * fully read", and earlier than the body where an application may not read it.
 */

import { diag } from '../../diag.ts'
import type { Cancel, Clock } from '../../types.ts'
import type { SentRequest } from './asked-to-wait.ts'
import { askedToWaitMs } from './asked-to-wait.ts'
import { errorTypeOf } from './http-error-type.ts'
import type { Origin } from './http-origin.ts'
import type { RawHeaders } from './raw-headers.ts'
import { isStreamed } from './streamed-answer.ts'

/** An outgoing request that has ended. It is not changed afterwards. */
export interface HttpRequest {
  /** As it was sent, normally upper case. */
  readonly method: string
  /** Host of the URI, lower case, an IPv6 address without brackets; `_OTHER` if it is no host name. */
  readonly host: string
  /** The scheme's own if the URI names none; 0 if it is not known. */
  readonly port: number
  /** Of the response, if there was one. */
  readonly statusCode: number | undefined
  /**
   * Why it failed: the status for 4xx and 5xx, else a short stable name such as `ECONNREFUSED`, `UND_ERR_HEADERS_TIMEOUT` or
   * `timeout`. As the conventions demand, absent if the service cancelled it.
   */
  readonly errorType: string | undefined
  /** The service gave up the request, or reading its response, before the end; not because a time limit of it had passed. */
  readonly cancelled: boolean
  /** Milliseconds, >= 0. */
  readonly durationMs: number
  /** Milliseconds, >= 0, until it was answered: until the headers if the answer is a stream or it had asked to wait, else `durationMs`. */
  readonly answerMs: number
  /** Milliseconds for which it had asked the server to wait, NO_LIMIT if it named no limit; 0 if it had not, or was told at once. */
  readonly waitMs: number
  /** Its answer is a stream, and was under way for longer than no time at all. */
  readonly streamed: boolean
}

/**
 * How long a response may be under way before it is taken for one that is not read to its end (an unread body, a stream of
 * events): the last bound of the histogram, beyond which it would make no difference when a slow body ends.
 */
export const UNREAD_AFTER_MS = 60_000
const SWEEP_MS = 10_000
/** Nobody calls what is whole within this slow, nor looks at what was asked for. Milliseconds. */
const AT_ONCE_MS = 100

export class HttpExchange implements HttpRequest {
  readonly method: string
  readonly host: string
  port: number
  readonly startedAt: number
  statusCode: number | undefined = undefined
  errorType: string | undefined = undefined
  cancelled = false
  durationMs = 0
  answerMs = 0
  waitMs = 0
  streamed = false
  headersAt = 0
  /** What is known of the request until its headers come, and of those until it is told. */
  sent: SentRequest | undefined
  received: RawHeaders = undefined
  told = false
  /** Neighbours in the list of responses under way; the exchange is in it if `previous` is set. */
  previous: HttpExchange | undefined = undefined
  next: HttpExchange | undefined = undefined

  constructor(method: string, { host, port }: Origin, startedAt: number, sent?: SentRequest) {
    this.method = method
    this.host = host
    this.port = port
    this.startedAt = startedAt
    this.sent = sent
  }
}

export interface HttpExchangesOptions {
  readonly clock: Clock
  /** May throw; that is said once. */
  readonly onRequest: (request: HttpRequest) => void
}

/**
 * All exchanges of a process. Holds on to none that waits for its headers, and to others no longer than `UNREAD_AFTER_MS`, so
 * that a request that never ends costs nothing.
 */
export class HttpExchanges {
  readonly #clock: Clock
  #onRequest: (request: HttpRequest) => void
  readonly #stopSweeping: Cancel
  /** Responses under way in a ring around this one, in the order in which their headers came. */
  readonly #ring = new HttpExchange('', { host: '', port: 0 }, 0)
  #saidFailure = false

  constructor({ clock, onRequest }: HttpExchangesOptions) {
    this.#clock = clock
    this.#onRequest = onRequest
    this.#ring.previous = this.#ring
    this.#ring.next = this.#ring
    this.#stopSweeping = clock.every(SWEEP_MS, () => this.#tellUnread(clock.monotonicMs() - UNREAD_AFTER_MS))
  }

  /** `sent` is read when the request has been told, if it took its time. */
  start(method: string, origin: Origin, sent: SentRequest): HttpExchange {
    return new HttpExchange(method, origin, this.#clock.monotonicMs(), sent)
  }

  /** The response's headers came. Informational ones (1xx but 101) are followed by others. */
  headers(exchange: HttpExchange, statusCode: number, received: RawHeaders): void {
    if (exchange.told || exchange.previous || (statusCode < 200 && statusCode !== 101)) return
    exchange.statusCode = statusCode
    exchange.received = received
    exchange.headersAt = this.#clock.monotonicMs()
    setWait(exchange, exchange.headersAt)
    const last = this.#ring.previous!
    exchange.previous = last
    exchange.next = this.#ring
    last.next = exchange
    this.#ring.previous = exchange
  }

  /** The response has been received whole. */
  end(exchange: HttpExchange): void {
    if (!exchange.told) this.#tell(exchange, this.#clock.monotonicMs())
  }

  fail(exchange: HttpExchange, error: unknown): void {
    if (exchange.told) return
    exchange.errorType = errorTypeOf(error)
    this.#tell(exchange, this.#clock.monotonicMs())
  }

  /** The service gave it up, or the rest of its response; because it took too long if `timeLimitMs` have passed since the start. */
  cancel(exchange: HttpExchange, timeLimitMs: number = Infinity): void {
    if (exchange.told) return
    const now = this.#clock.monotonicMs()
    if (now - exchange.startedAt >= timeLimitMs) {
      exchange.errorType = 'timeout'
      this.#tell(exchange, now)
    } else {
      exchange.cancelled = true
      this.#tell(exchange, exchange.previous ? exchange.headersAt : now)
    }
  }

  /** Tells the responses that are under way, for what becomes of them will not be seen. */
  close(): void {
    this.#stopSweeping()
    this.#tellUnread(Infinity)
    this.#onRequest = () => {}
  }

  #tellUnread(before: number): void {
    for (let first = this.#ring.next!; first !== this.#ring && first.headersAt <= before; first = this.#ring.next!) {
      this.#tell(first, first.headersAt)
    }
  }

  #tell(exchange: HttpExchange, endedAt: number): void {
    exchange.told = true
    const { previous, next, statusCode } = exchange
    if (previous) {
      previous.next = next
      next!.previous = previous
      exchange.previous = undefined
      exchange.next = undefined
    }
    if (statusCode !== undefined && statusCode >= 400) exchange.errorType = String(statusCode)
    exchange.durationMs = endedAt - exchange.startedAt
    try {
      setAnswer(exchange, endedAt)
      this.#onRequest(exchange)
    } catch (error) {
      if (!this.#saidFailure) diag.warn('otel-health: an HTTP request could not be recorded:', error)
      this.#saidFailure = true
    }
  }
}

/** When the headers came, or it is told without. The request is let go: whoever reads its answer slowly is not to hold on to it through us. */
function setWait(exchange: HttpExchange, answeredAt: number): void {
  const { sent, startedAt } = exchange
  exchange.sent = undefined
  if (sent && answeredAt - startedAt >= AT_ONCE_MS) exchange.waitMs = askedToWaitMs(sent)
}

function setAnswer(exchange: HttpExchange, endedAt: number): void {
  setWait(exchange, endedAt)
  const { durationMs, statusCode, startedAt, headersAt, received } = exchange
  exchange.received = undefined
  exchange.answerMs = durationMs
  if (durationMs < AT_ONCE_MS || statusCode === undefined) return
  exchange.streamed = isStreamed(statusCode, received)
  if (exchange.streamed || exchange.waitMs > 0) exchange.answerMs = headersAt - startedAt
}
