import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../../service/clock.ts'
import type { DiscreteClock } from '../../simulators/discrete-clock.ts'

/** Names the exchange to the server, which is in this process too. */
const HEADER = 'x-exchange'

/**
 * HTTP between the services and the simulators of one process, in virtual time: it passes while a server sleeps over its answer, and stands
 * still otherwise. So a request takes as long as its server says, also for whoever watches it from outside of the client.
 */
export class Exchanges {
  readonly #clock: DiscreteClock
  readonly #open = new Map<string, Exchange>()
  /** What the present asynchronous context serves. */
  readonly #served = new AsyncLocalStorage<Exchange | undefined>()
  #count = 0

  constructor(clock: DiscreteClock) {
    this.#clock = clock
    subscribe('http.server.request.start', (message) => {
      const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
      const exchange = this.#open.get(String(request.headers[HEADER]))
      this.#served.enterWith(exchange)
      if (!exchange) return
      exchange.begin()
      response.once('close', () => exchange.end())
    })
  }

  /** `send`, with what is asked for and answered held together. */
  fetch(send: typeof fetch): typeof fetch {
    return async (input, init) => {
      const id = String(++this.#count)
      const exchange = new Exchange(this.#clock, () => this.#open.delete(id))
      this.#open.set(id, exchange)
      exchange.begin()
      try {
        const headers = new Headers(init?.headers)
        headers.set(HEADER, id)
        const response = await send(input, { ...init, headers })
        const { status, statusText } = response
        return new Response(await response.text(), { status, statusText, headers: response.headers })
      } finally {
        exchange.end()
      }
    }
  }

  /** For the servers; anybody else sleeps as ever. */
  readonly sleep: Clock['sleep'] = async (ms, signal) => {
    const exchange = this.#served.getStore()
    exchange?.rest()
    await this.#clock.sleep(ms, signal)
    exchange?.wake()
  }
}

/** Holds the time from when its client asks until client and server are done with it, but for what the server sleeps. */
class Exchange {
  readonly #clock: DiscreteClock
  readonly #onEnd: () => void
  #sides = 0
  #release: (() => void) | undefined

  constructor(clock: DiscreteClock, onEnd: () => void) {
    this.#clock = clock
    this.#onEnd = onEnd
  }

  begin(): void {
    this.#sides++
    this.wake()
  }

  /**
   * A client that gives up does so while the server sleeps: time must then wait for the server to notice, for what becomes of the request
   * is not in its ledger before.
   */
  end(): void {
    if (--this.#sides > 0) return this.wake()
    this.rest()
    this.#onEnd()
  }

  rest(): void {
    this.#release?.()
    this.#release = undefined
  }

  wake(): void {
    if (this.#release || this.#sides === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#release = resolve
    void this.#clock.busy(promise)
  }
}
