/**
 * One connection to the health Redis that is made again whenever it is lost, says once that it was lost and once that it is back, and
 * notices a server that is frozen. It never keeps the process alive unless held.
 */
import { diag } from '../diag.ts'
import type { Cancel, Clock } from '../types.ts'
import { createPublisher, type Publisher, type PublisherClient, type RedisTarget } from './redis-client.ts'

export interface RedisConnectionOptions {
  readonly target: RedisTarget
  readonly clock: Clock
  /** A server that says nothing for this long while it owes an answer is frozen. Milliseconds. */
  readonly timeoutMs?: number
  /** Wait before the first attempt to connect again; doubles up to `longestWaitMs`, less up to a half at random. Milliseconds. */
  readonly firstWaitMs?: number
  readonly longestWaitMs?: number
  /** Whoever uses it says itself what its loss means. */
  readonly quiet?: boolean
}

export interface ConnectionEvents {
  /** A new connection; commands may be sent. */
  up(): void
  /** The connection, or an attempt to make one, is lost. Commands that were sent may have been carried out. */
  down(): void
}

/** A timer this late was held up by our own event loop; so were the answers that may be waiting in the socket. */
const STALL_MS = 100

/** Wrong credentials do not mend themselves, and servers count and log every attempt. */
const REFUSED_CREDENTIALS_FACTOR = 6

export class RedisConnection {
  readonly #target: RedisTarget
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #firstWaitMs: number
  readonly #longestWaitMs: number
  readonly #quiet: boolean
  #events: ConnectionEvents = { up() {}, down() {} }
  #publisher: Publisher | undefined
  #up = false
  #closed = false
  #started = false
  #held = false
  #failures = 0
  #connections = 0
  /** Why there is trouble, from the first failure until a write is answered again. */
  #trouble: string | undefined
  #lastError: unknown
  #cancelRetry: Cancel | undefined
  #waiting = 0
  #heardAt = 0
  #watching = false
  #firstAttempt: PromiseWithResolvers<boolean> = Promise.withResolvers()

  constructor({ target, clock, timeoutMs = 1000, firstWaitMs = 50, longestWaitMs = 5000, quiet = false }: RedisConnectionOptions) {
    this.#target = target
    this.#clock = clock
    this.#timeoutMs = timeoutMs
    this.#firstWaitMs = firstWaitMs
    this.#longestWaitMs = longestWaitMs
    this.#quiet = quiet
  }

  /** Begins to connect. */
  start(events: ConnectionEvents): void {
    this.#events = events
    if (this.#started) return
    this.#started = true
    void this.#connect()
  }

  get up(): boolean {
    return this.#up
  }

  /** Whether the last thing known is that Redis cannot be reached or refuses what it is sent. */
  get troubled(): boolean {
    return this.#trouble !== undefined
  }

  /** How often the connection was made anew. */
  get reconnects(): number {
    return Math.max(this.#connections - 1, 0)
  }

  /** Resolves once connected, or `false` when the present attempt, or the next, has failed. */
  connected(): Promise<boolean> {
    return this.#up ? Promise.resolve(true) : this.#firstAttempt.promise
  }

  /** Whether its socket keeps the process alive. */
  hold(alive: boolean): void {
    this.#held = alive
    this.#publisher?.hold(alive)
  }

  /** Tries at once instead of waiting for the next attempt's turn. */
  retryNow(): void {
    if (!this.#cancelRetry) return
    this.#cancelRetry()
    this.#cancelRetry = undefined
    void this.#connect()
  }

  /** Sends in the same tick. Rejects if there is no connection, if it is lost before the answer, or with the server's error. */
  async run<T>(command: (client: PublisherClient) => Promise<T>): Promise<T> {
    if (!this.#up || !this.#publisher) throw new Error('There is no connection to Redis.')
    if (this.#waiting++ === 0) this.#heardAt = this.#clock.monotonicMs()
    try {
      const answer = command(this.#publisher.client)
      this.#watch()
      return await answer
    } finally {
      this.#waiting--
      this.#heardAt = this.#clock.monotonicMs()
    }
  }

  /** A write was answered: whatever was wrong is over. */
  confirm(): void {
    this.#failures = 0
    if (this.#trouble === undefined) return
    this.#trouble = undefined
    if (!this.#quiet) diag.info(`otel-health: Redis at ${this.#address} takes messages again; what was kept is sent now.`)
  }

  /** The server refuses what it is sent: begins anew after a while. */
  giveUp(reason: unknown): void {
    this.#lastError = reason
    this.#publisher?.client.disconnect()
  }

  close(): void {
    this.#closed = true
    this.#cancelRetry?.()
    this.#publisher?.client.disconnect()
    this.#up = false
    this.#firstAttempt.resolve(false)
  }

  get #address(): string {
    return `${this.#target.host}:${this.#target.port}`
  }

  async #connect(): Promise<void> {
    this.#cancelRetry = undefined
    this.#lastError = undefined
    let publisher: Publisher | undefined
    try {
      publisher = await createPublisher(this.#target, this.#timeoutMs)
      if (this.#closed) return
      publisher.hold(this.#held)
      this.#publisher = publisher
      await this.#handshake(publisher.client)
      if (this.#closed) publisher.client.disconnect()
      else this.#connectedTo(publisher.client)
    } catch (error) {
      this.#lastError ??= error
      publisher?.client.disconnect()
      this.#lost()
    }
  }

  /** A frozen server accepts connections (its kernel does): only an answer shows that it is there. */
  async #handshake(client: PublisherClient): Promise<void> {
    client.on('error', (error) => (this.#lastError ??= error))
    const silent = Promise.withResolvers<never>()
    let cancel: Cancel | undefined
    const expectAnswer = () => {
      const due = this.#clock.monotonicMs() + this.#timeoutMs
      cancel = this.#clock.after(this.#timeoutMs, () => {
        if (this.#clock.monotonicMs() - due > STALL_MS) expectAnswer()
        else silent.reject(new SilentServer())
      })
    }
    expectAnswer()
    try {
      await Promise.race([client.connect().then(() => client.ping()), silent.promise])
    } finally {
      cancel?.()
    }
  }

  #connectedTo(client: PublisherClient): void {
    this.#lastError = undefined
    this.#up = true
    this.#connections++
    client.once('end', () => this.#lost())
    this.#firstAttempt.resolve(true)
    this.#events.up()
  }

  #lost(): void {
    this.#up = false
    if (this.#closed) return
    const reason = reasonOf(this.#lastError)
    if (this.#trouble === undefined) {
      this.#trouble = reason
      if (!this.#quiet)
        diag.warn(
          `otel-health: Redis at ${this.#address} takes no messages (${reason}). The service is not affected; status and alerts are kept and sent later.`,
        )
    }
    const wait = this.#nextWait(reason)
    this.#cancelRetry = this.#clock.after(wait, () => void this.#connect())
    this.#firstAttempt.resolve(false)
    this.#firstAttempt = Promise.withResolvers()
    this.#events.down()
  }

  #nextWait(reason: string): number {
    const longest = REFUSED_CREDENTIALS.test(reason) ? this.#longestWaitMs * REFUSED_CREDENTIALS_FACTOR : this.#longestWaitMs
    const wait = REFUSED_CREDENTIALS.test(reason) ? longest : Math.min(this.#firstWaitMs * 2 ** this.#failures, longest)
    this.#failures++
    return wait * (1 - Math.random() / 2)
  }

  #watch(): void {
    if (this.#watching) return
    this.#watching = true
    const wait = this.#heardAt + this.#timeoutMs - this.#clock.monotonicMs()
    this.#expectAnswer(Math.max(wait, 1))
  }

  #expectAnswer(ms: number): void {
    const due = this.#clock.monotonicMs() + ms
    this.#clock.after(ms, () => {
      this.#watching = false
      if (this.#waiting === 0 || !this.#up) return
      const now = this.#clock.monotonicMs()
      if (now - due > STALL_MS) this.#heardAt = now
      if (now - this.#heardAt < this.#timeoutMs) this.#watch()
      else this.giveUp(new SilentServer())
    })
  }
}

class SilentServer extends Error {
  constructor() {
    super('no answer')
  }
}

const REFUSED_CREDENTIALS = /^(WRONGPASS|NOAUTH|NOPERM)|invalid password/i

/** A stable short reason. Text of an error could hold anything; a code, or the first line of a server's reply, holds no credential. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'connection closed'
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' ? code : error.message.slice(0, 120)
}
