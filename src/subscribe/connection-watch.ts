/**
 * Whether what is known is fresh: the one connection answers questions, the other, which is owed nothing, a ping. A server that is
 * frozen closes no socket; it only stops answering.
 */
import { reasonOf } from '../wire/redis-connection.ts'
import type { Connection } from './health-event.ts'
import { NoAnswer, within, type AskLimits, type RedisReader } from './redis-questions.ts'

export interface ConnectionWatchOptions {
  readonly client: RedisReader
  readonly subscriber: RedisReader
  readonly limits: AskLimits
  /** Epoch milliseconds of the server. */
  readonly now: () => number
  readonly onChange: (connection: Connection) => void
  /** The connection that hears has been made anew: what was said meanwhile is lost to it. */
  readonly onReady: () => void
}

/** Who is asked: the connection that hears, or what is read over the other one, each part of it by itself. */
type Side = 'subscriber' | 'client' | `shard ${number}`

export class ConnectionWatch {
  readonly #options: ConnectionWatchOptions
  /** What is wrong with it, and since when: its last answer. */
  readonly #trouble = new Map<Side, { readonly reason: string; readonly since: number }>()
  readonly #answeredAt = new Map<Side, number>()
  readonly #lastError = new Map<Side, unknown>()
  #connection: Connection
  #pinging = false
  #stop: () => void = () => {}

  constructor(options: ConnectionWatchOptions) {
    this.#options = options
    this.#connection = { state: 'stale', since: options.now(), reason: 'not connected yet' }
  }

  get connection(): Connection {
    return this.#connection
  }

  start(): void {
    const { client, subscriber, onReady } = this.#options
    const stops = (['client', 'subscriber'] as const).map((side) => {
      const redis = side === 'client' ? client : subscriber
      const onError = (error: unknown) => void this.#lastError.set(side, error)
      const onClose = () => {
        this.#lost(side, this.#lastError.get(side))
        this.#lastError.delete(side)
      }
      redis.on('error', onError).on('close', onClose)
      return () => void redis.off('error', onError).off('close', onClose)
    })
    subscriber.on('ready', onReady)
    this.#stop = () => {
      subscriber.off('ready', onReady)
      for (const stop of stops) stop()
    }
  }

  stop(): void {
    this.#stop()
  }

  answered(side: Side): void {
    this.#answeredAt.set(side, this.#options.now())
    if (side !== 'subscriber') this.#trouble.delete('client')
    if (this.#trouble.delete(side) || this.#connection.state === 'stale') this.#tell()
  }

  failed(error: unknown, side: Side): void {
    this.#lost(side, error)
    const { client, subscriber } = this.#options
    const redis = side === 'subscriber' ? subscriber : client
    // Of a cluster other nodes may be well.
    if (error instanceof NoAnswer && !redis.isCluster) redis.disconnect(true)
  }

  /** Asks the connection that hears, and has subscribed, for a sign of life. */
  async ping(): Promise<void> {
    const { subscriber, limits } = this.#options
    if (this.#pinging) return
    // Of a cluster it would be another connection that answers.
    if (subscriber.isCluster) return this.answered('subscriber')
    this.#pinging = true
    try {
      await within(subscriber.ping(), limits)
      this.answered('subscriber')
    } catch (error) {
      this.failed(error, 'subscriber')
    } finally {
      this.#pinging = false
    }
  }

  #lost(side: Side, error: unknown): void {
    if (this.#trouble.has(side)) return
    const since = this.#answeredAt.get(side) ?? this.#options.now()
    this.#trouble.set(side, { reason: reasonOf(error), since })
    this.#tell()
  }

  #tell(): void {
    const [oldest] = [...this.#trouble.values()].toSorted((a, b) => a.since - b.since)
    const { state } = this.#connection
    if (oldest) {
      this.#connection = { state: 'stale', ...oldest }
      if (state === 'stale') return
    } else {
      this.#connection = { state: 'connected' }
      if (state === 'connected') return
    }
    this.#options.onChange(this.#connection)
  }
}
