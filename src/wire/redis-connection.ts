/**
 * One connection to the health Redis that is made again whenever it is lost, says once that it was lost and once that it is back, and
 * notices a server that is frozen. It never keeps the process alive unless held.
 */
import { diag } from '../diag.ts'
import type { Cancel, Clock } from '../types.ts'
import { shardNames } from './names.ts'
import { createPublisher, type Publisher, type PublisherClient, type RedisNode, type RedisTarget } from './redis-client.ts'

export interface RedisConnectionOptions {
  readonly target: RedisTarget
  readonly clock: Clock
  /** What is written to in a cluster: the node that has it must answer. Default: `{health}:meta`. */
  readonly key?: string
  /**
   * A server that says nothing for this long while it owes an answer is frozen; four times as long as it takes where that is longer, up to
   * the target's `timeoutMs`. Milliseconds.
   */
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

/** A node of a cluster that is frozen is asked again as soon as another may have taken its place. */
const LEAST_PROBE_MS = 500

/** Where the target does not say. */
const LONGEST_TIMEOUT_MS = 5000
const LONGEST_WAIT_MS = 5000
/** A cluster mends itself by a failover, which is over sooner or later than any growing pause would guess. */
const LONGEST_WAIT_IN_CLUSTER_MS = 500

/** Wrong credentials do not mend themselves, and servers count and log every attempt. */
const REFUSED_CREDENTIALS_FACTOR = 6

export class RedisConnection {
  readonly #target: RedisTarget
  readonly #clock: Clock
  readonly #key: string
  readonly #leastTimeoutMs: number
  readonly #longestTimeoutMs: number
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
  /** The limit that holds now. */
  #timeoutMs: number
  /** How long answers take: the longest lately. */
  #tripMs = 0
  /** Nodes of the cluster as they were last known: the configured one may be the one that is gone. */
  #nodes: readonly RedisNode[] = []

  constructor({
    target,
    clock,
    key = shardNames().meta,
    timeoutMs = 1000,
    firstWaitMs = 50,
    longestWaitMs,
    quiet = false,
  }: RedisConnectionOptions) {
    this.#target = target
    this.#clock = clock
    this.#key = key
    this.#leastTimeoutMs = timeoutMs
    this.#longestTimeoutMs = Math.max(target.timeoutMs ?? LONGEST_TIMEOUT_MS, timeoutMs)
    this.#timeoutMs = timeoutMs
    this.#firstWaitMs = firstWaitMs
    this.#longestWaitMs = longestWaitMs ?? (target.clusterMode ? LONGEST_WAIT_IN_CLUSTER_MS : LONGEST_WAIT_MS)
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

  /** Why that is, as a short reason; `undefined`: there is no trouble. */
  get trouble(): string | undefined {
    return this.#trouble
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
    const sentAt = this.#clock.monotonicMs()
    if (this.#waiting++ === 0) this.#heardAt = sentAt
    try {
      const pending = command(this.#publisher.client)
      this.#watch()
      const answer = await pending
      this.#tookMs(this.#clock.monotonicMs() - sentAt)
      return answer
    } finally {
      this.#waiting--
      this.#heardAt = this.#clock.monotonicMs()
    }
  }

  /** Rises at once, falls slowly. */
  #tookMs(ms: number): void {
    this.#tripMs = ms > this.#tripMs ? ms : this.#tripMs * 0.9 + ms * 0.1
    this.#timeoutMs = Math.min(Math.max(4 * this.#tripMs, this.#leastTimeoutMs), this.#longestTimeoutMs)
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
    if (this.#publisher) this.#rememberNodes(this.#publisher.client)
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
      publisher = await createPublisher(this.#target, this.#longestTimeoutMs, this.#nodes)
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
    if (!this.#target.clusterMode) return this.#within(this.#timeoutMs, () => client.connect().then(() => client.ping()))
    const begin = this.#clock.monotonicMs()
    await this.#within(this.#timeoutMs, () => client.connect())
    const limit = Math.max(2 * (this.#clock.monotonicMs() - begin), LEAST_PROBE_MS)
    // Of the very node that is to take the messages: any other would answer a ping while that one is frozen.
    await this.#within(Math.min(limit, this.#longestTimeoutMs), () => client.exists(this.#key))
  }

  /** Rejects if there is no answer in time; and expects the next one to take longer. */
  async #within(ms: number, ask: () => Promise<unknown>): Promise<void> {
    const silent = Promise.withResolvers<never>()
    let cancel: Cancel | undefined
    const expectAnswer = () => {
      const due = this.#clock.monotonicMs() + ms
      cancel = this.#clock.after(ms, () => {
        if (this.#clock.monotonicMs() - due > STALL_MS) return expectAnswer()
        this.#timeoutMs = Math.min(2 * this.#timeoutMs, this.#longestTimeoutMs)
        silent.reject(new SilentServer())
      })
    }
    expectAnswer()
    const begin = this.#clock.monotonicMs()
    try {
      await Promise.race([ask(), silent.promise])
      this.#tookMs((this.#clock.monotonicMs() - begin) / 2)
    } finally {
      cancel?.()
    }
  }

  #connectedTo(client: PublisherClient): void {
    this.#lastError = undefined
    this.#up = true
    this.#connections++
    this.#rememberNodes(client)
    client.once('end', () => this.#lost())
    this.#firstAttempt.resolve(true)
    this.#events.up()
  }

  #rememberNodes(client: PublisherClient): void {
    if (!('nodes' in client)) return
    const known = client
      .nodes('all')
      .flatMap(({ options: { host, port } }) => (host !== undefined && port !== undefined ? [{ host, port }] : []))
    if (known.length > 0) this.#nodes = known
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
      if (now - this.#heardAt < this.#timeoutMs) return this.#watch()
      this.#timeoutMs = Math.min(2 * this.#timeoutMs, this.#longestTimeoutMs)
      this.giveUp(new SilentServer())
    })
  }
}

class SilentServer extends Error {
  constructor() {
    super('no answer')
  }
}

const REFUSED_CREDENTIALS = /^(WRONGPASS|NOAUTH)|invalid password/i

/** A stable short reason. Text of an error could hold anything; a code, or the first line of a server's reply, holds no credential. */
export function reasonOf(error: unknown): string {
  // What the client says of a command that it had sent when the connection was closed is about its own options.
  if (!(error instanceof Error) || error.name === 'MaxRetriesPerRequestError') return 'connection closed'
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' ? code : error.message.slice(0, 120)
}
