/**
 * The other side of the channels: how services and alerts are, kept up to date, and every transition once and in order. Channels only
 * say that there is something to read; what is shown and told was read from the keys and the stream. A reader that joins late, is slow
 * or loses its connection ends up with the same view as one that heard every message.
 */
import { systemClock } from '../clock.ts'
import type { Clock } from '../types.ts'
import { allShards, type ShardNames } from '../wire/names.ts'
import { createReader, type RedisTarget } from '../wire/redis-client.ts'
import { Audience, type Listener } from './audience.ts'
import { channelsOf, hearChannels, subscribeTo, unsubscribeFrom } from './channels.ts'
import { ConnectionWatch } from './connection-watch.ts'
import { Ear } from './ear.ts'
import type { Connection, HealthEvent, ToldEvent } from './health-event.ts'
import type { HealthView } from './health-view.ts'
import { asking, serverTime, within, type Ask, type AskLimits, type RedisReader } from './redis-questions.ts'
import { ServerClock } from './server-clock.ts'
import { ShardFollower } from './shard-follower.ts'
import { viewOf } from './view-of.ts'

/** Where the health Redis is, or clients of ioredis for it. */
export type SubscriberConnection =
  | {
      /** Two connections to it are made, and closed when the subscriber is stopped. */
      readonly connection: RedisTarget
      readonly client?: undefined
      readonly subscriber?: undefined
    }
  | {
      readonly connection?: undefined
      /** For reading. Not closed; made anew (`disconnect(true)`) when it no longer answers. */
      readonly client: RedisReader
      /** For listening, and for nothing else: another connection. On a cluster with shards made with `shardedSubscribers`. */
      readonly subscriber: RedisReader
    }

export type HealthSubscriberOptions = SubscriberConnection & {
  /** Over how many services are spread, HEALTH_REDIS_SHARDS. Default: as the connection says, else 1. */
  readonly shards?: number
  /** What is not signed with it is not believed: HEALTH_HMAC_KEY. Default: as the connection says, else everything is. */
  readonly hmacKey?: string | undefined
  /**
   * Milliseconds between two looks at everything, 5000 by default; where a look takes long they are ten times as far apart as it takes.
   * What nobody tells (an instance that fell silent, a status whose message was lost) is noticed this late; a transition whose message
   * was lost within a second.
   */
  readonly refreshMs?: number
  /** Milliseconds between two `view` events, at least. Default 100. */
  readonly viewMs?: number
  /** Milliseconds within which the server answers a question; if not, what is known is stale. Default 3000. */
  readonly timeoutMs?: number
  /**
   * Services and instances, together, that are taken in: 50,000 by default, which takes some 100 MB. What there is no room for is among
   * the problems of the view.
   */
  readonly room?: number
  /** Events that wait for a reader of the iterator. Default 1000. */
  readonly buffer?: number
  /** Default: the clock of the process, whose timers do not keep the process alive. */
  readonly clock?: Clock
}

/** How often something happened since the start. */
export interface SubscriberStats {
  /** Messages that were none. */
  readonly bad: number
  /** Messages of the future, which were not passed on. */
  readonly future: number
  /** Messages of services and instances that nobody knows, beyond the 200 a second that are looked up and passed on. */
  readonly strangers: number
  /** Entries of the stream that are no transitions. */
  readonly unreadable: number
  readonly gaps: number
  readonly epochs: number
  /** Connections for listening that were made anew. */
  readonly reconnects: number
}

/** A look at how far the record goes is cheap. Milliseconds. */
const LOOK_MS = 1000
/** Looks at everything take at most one of so many parts of the time. */
const REFRESH_SHARE = 10

export class HealthSubscriber implements AsyncIterable<HealthEvent> {
  readonly #options: HealthSubscriberOptions
  readonly #clock: Clock
  readonly #limits: AskLimits
  readonly #serverClock: ServerClock
  readonly #audience: Audience
  readonly #ear: Ear
  readonly #counts = { gaps: 0, epochs: 0, reconnects: 0 }
  readonly #stops: (() => unknown)[] = []
  readonly #shardCount: number
  #shards: readonly ShardFollower[] = []
  #shardByChannel: ReadonlyMap<string, ShardFollower> = new Map()
  #watch: ConnectionWatch | undefined
  #phase: 'new' | 'started' | 'stopped' = 'new'
  #hasBegun = false
  #hears = true
  #subscribing = false
  #refreshing = false
  #refreshAt = Infinity

  constructor(options: HealthSubscriberOptions) {
    const { clock = systemClock, timeoutMs = 3000, viewMs = 100, buffer = 1000, connection } = options
    this.#options = options
    this.#shardCount = options.shards ?? connection?.shards ?? 1
    this.#clock = clock
    this.#limits = { clock, timeoutMs }
    this.#serverClock = new ServerClock(clock)
    this.#audience = new Audience({ clock, viewMs, buffer, view: () => this.view })
    this.#ear = new Ear({
      clock,
      audience: this.#audience,
      now: () => this.#serverClock.now(),
      shardOf: (channel) => (this.#shards.length === 1 ? this.#shards[0] : this.#shardByChannel.get(channel)),
    })
  }

  /** What is known now. Before the start nothing is. */
  get view(): HealthView {
    const { connection } = this
    return viewOf(this.#shards, this.#serverClock.now(), {
      ...(connection.state === 'stale' && { staleSince: connection.since }),
      problems: this.#ear.problems,
    })
  }

  get connection(): Connection {
    return this.#watch?.connection ?? { state: 'stale', since: this.#serverClock.now(), reason: 'not started' }
  }

  get stats(): SubscriberStats {
    const unreadable = this.#shards.reduce((sum, { transitions }) => sum + transitions.unreadable, 0)
    return { ...this.#ear.stats, ...this.#counts, unreadable }
  }

  /** Calls `listener` on every event of that kind until what is returned is called. What it throws is said to `diag`. */
  on<Kind extends ToldEvent['kind']>(kind: Kind, listener: Listener<Kind>): () => void {
    return this.#audience.on(kind, listener)
  }

  /** Events from now on, until the subscriber is stopped. A reader that is too slow is told how much it has missed. */
  [Symbol.asyncIterator](): AsyncIterableIterator<HealthEvent, undefined> {
    return this.#audience.iterate()
  }

  /** Resolves when everything has been read once. Rejects if the server cannot be reached; afterwards it goes on by itself. */
  async start(): Promise<void> {
    if (this.#phase !== 'new') throw new Error(`This HealthSubscriber has been ${this.#phase}: make a new one to begin again.`)
    this.#phase = 'started'
    try {
      await this.#begin()
    } catch (error) {
      await this.stop()
      throw error
    }
    // Meanwhile.
    if (this.#isStopped) await this.stop()
  }

  /** Ends iterators and listening. Connections that it was given stay open. */
  async stop(): Promise<void> {
    this.#phase = 'stopped'
    for (const stop of this.#stops.splice(0).toReversed()) await stop()
    this.#audience.end()
  }

  /** Looks at everything at once instead of when it is due: for whoever has just changed something that nobody tells. */
  async refresh(): Promise<void> {
    if (this.#hasBegun && !this.#isStopped) await this.#refresh()
  }

  get #isStopped(): boolean {
    return this.#phase === 'stopped'
  }

  async #begin(): Promise<void> {
    const { refreshMs = 5000 } = this.#options
    const { client, subscriber } = this.#options.connection ? await this.#connect(this.#options.connection) : this.#options
    const names = allShards(this.#shardCount, this.#options.hmacKey ?? this.#options.connection?.hmacKey)
    const watch = new ConnectionWatch({
      ...{ client, subscriber, limits: this.#limits, now: () => this.#serverClock.now() },
      onChange: (now) => {
        this.#audience.tell({ kind: 'connection', connection: now })
        if (this.#hasBegun) this.#audience.viewChanged()
      },
      onReady: () => {
        this.#counts.reconnects++
        this.#hears = false
        void this.#hearAgain(subscriber, names)
      },
    })
    this.#watch = watch
    this.#shards = names.map((each) => this.#follow(client, each, watch))
    this.#shardByChannel = new Map(this.#shards.flatMap((shard) => channelsOf(shard.names).map((channel) => [channel, shard] as const)))

    watch.start()
    this.#stops.push(() => watch.stop())
    this.#stops.push(hearChannels(subscriber, (channel, text) => this.#ear.hear(channel, text)))
    await within(subscribeTo(subscriber, names), this.#limits)
    this.#stops.push(() => within(unsubscribeFrom(subscriber, names), { ...this.#limits, timeoutMs: 100 }).catch(() => {}))
    await this.#readTime(client)
    await Promise.all(this.#shards.map((shard) => shard.begin()))
    watch.answered('subscriber')

    this.#hasBegun = true
    this.#refreshAt = this.#clock.monotonicMs() + refreshMs
    const look = () => {
      if (this.#hears) void watch.ping()
      else void this.#hearAgain(subscriber, names)
      this.#look(client)
    }
    this.#stops.push(this.#clock.every(Math.min(LOOK_MS, refreshMs), look))
    look()
    this.#audience.viewChanged()
  }

  async #connect(target: RedisTarget): Promise<{ readonly client: RedisReader; readonly subscriber: RedisReader }> {
    const make = async () => {
      const reader = await createReader(target, { timeoutMs: this.#limits.timeoutMs, reconnect: true })
      let reason: unknown
      reader.on('error', (error: unknown) => (reason ??= error))
      this.#stops.push(() => reader.disconnect())
      await within(reader.connect(), this.#limits).catch((error: unknown) => {
        throw reason ?? error
      })
      return reader
    }
    return { client: await make(), subscriber: await make() }
  }

  #follow(client: RedisReader, names: ShardNames, watch: ConnectionWatch): ShardFollower {
    const { room = 50_000 } = this.#options
    const side = `shard ${names.shard}` as const
    const questions = asking(client, this.#limits)
    const ask: Ask = async (asked) => {
      const answers = await questions(asked)
      watch.answered(side)
      return answers
    }
    return new ShardFollower(ask, names, Math.ceil(room / this.#shardCount), () => this.#serverClock.now(), {
      told: (message, size) => this.#audience.tell({ kind: 'message', message }, size),
      gap: (gap) => {
        this.#counts.gaps++
        this.#audience.tell({ kind: 'gap', ...gap })
      },
      epoch: (change) => {
        this.#counts.epochs++
        this.#audience.tell({ kind: 'epoch', ...change })
      },
      newsRead: (wasTrue) => this.#ear.newsRead(wasTrue),
      changed: () => this.#audience.viewChanged(),
      troubled: (error) => watch.failed(error, side),
    })
  }

  /** Every second: whether the server is there, and whether anything was not heard. */
  #look(client: RedisReader): void {
    this.#readTime(client).catch((error: unknown) => this.#watch?.failed(error, 'client'))
    for (const shard of this.#shards) void shard.compare()
    if (this.#clock.monotonicMs() >= this.#refreshAt) void this.#refresh()
  }

  /** After a lost connection. What was said meanwhile is lost to the channels. */
  async #hearAgain(subscriber: RedisReader, names: readonly ShardNames[]): Promise<void> {
    if (this.#subscribing || !this.#hasBegun || this.#isStopped) return
    this.#subscribing = true
    try {
      await within(subscribeTo(subscriber, names), this.#limits)
      this.#hears = true
      this.#watch?.answered('subscriber')
      for (const shard of this.#shards) void shard.compare()
      void this.#refresh()
    } catch (error) {
      this.#watch?.failed(error, 'subscriber')
    } finally {
      this.#subscribing = false
    }
  }

  async #refresh(): Promise<void> {
    if (this.#refreshing) return
    this.#refreshing = true
    const { refreshMs = 5000 } = this.#options
    const begin = this.#clock.monotonicMs()
    this.#ear.beginAnew()
    await Promise.all(this.#shards.map((shard) => shard.refresh()))
    this.#refreshing = false
    const now = this.#clock.monotonicMs()
    this.#refreshAt = now + Math.max(refreshMs, REFRESH_SHARE * (now - begin))
  }

  async #readTime(client: RedisReader): Promise<void> {
    await this.#serverClock.read(() => within(serverTime(client), this.#limits))
    this.#watch?.answered('client')
  }
}
