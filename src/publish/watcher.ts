/**
 * Watches over services from a process that is none: notices those that fall silent, and looks after what lies over alerts when that begins or
 * ends by itself, in all shards. It stands in line with the services: in each shard one has the turn, which a beat of a service or this
 * takes where nobody has it, and that one looks all the time; the others look when somebody is due, a little later.
 */
import { randomUUID } from 'node:crypto'

import { diag } from '../diag.ts'
import type { Cancel, Clock } from '../types.ts'
import { allShards, type ShardNames } from '../wire/names.ts'
import type { PublisherClient, RedisTarget } from '../wire/redis-client.ts'
import { RedisConnection } from '../wire/redis-connection.ts'
import { watchArguments } from '../wire/scripts/watch.ts'
import { isRefusalOfAll, isReply } from './refusals.ts'
import { LOOK_MS, SilenceWatch, type WatchDone } from './silence-watch.ts'

export interface WatcherOptions {
  readonly target: RedisTarget
  readonly clock: Clock
  readonly retentionMs: number
  /** All may seem silent to whoever has just begun to watch: this long they are given to say otherwise. Milliseconds. */
  readonly graceMs: number
  readonly say: (event: WatcherEvent) => void
}

/** `refused`: the server answers, and does not do what it is asked for; said once until it does. */
export type WatcherEvent =
  | { readonly event: 'connected' }
  | { readonly event: 'lost'; readonly reason: string }
  | { readonly event: 'refused'; readonly error: unknown }
  | { readonly event: 'turn'; readonly shard: number; readonly isMine: boolean }
  | ({ readonly event: 'done' } & WatchDone)

/** How often the turn is asked for. */
const TURN_MS = 1000
/** A turn is kept for as many of these: one that is dead holds up nobody for longer. */
const KEPT_TURNS = 3
/** With more shards than this it looks less often, so that the server has the same to do however many there are. */
const SHARDS_AT_FULL_PACE = 16
/** To give the turn back when it ends. */
const GOODBYE_MS = 1000

interface Watched {
  readonly names: ShardNames
  readonly watch: SilenceWatch
  isMine: boolean
}

export class Watcher {
  readonly #options: WatcherOptions
  readonly #connection: RedisConnection
  /** No instance is called so. */
  readonly #name = `watch-${randomUUID()}`
  readonly #shards: readonly Watched[]
  readonly #turnMs: number
  #cancel: Cancel = () => {}
  #isRefused = false
  /** Said last; `undefined`: nothing yet. */
  #isConnected: boolean | undefined

  constructor(options: WatcherOptions) {
    const { target, clock, retentionMs, graceMs, say } = options
    this.#options = options
    this.#connection = new RedisConnection({ target, clock, quiet: true })
    const shards = allShards(target.shards, target.hmacKey)
    const pace = Math.max(shards.length / SHARDS_AT_FULL_PACE, 1)
    this.#turnMs = TURN_MS * pace
    const run = <T>(command: (client: PublisherClient) => Promise<T>) => this.#connection.run(command)
    const common = { instance: this.#name, retentionMs, graceMs, clock, run, lookMs: LOOK_MS * pace }
    this.#shards = shards.map((names) => ({
      names,
      watch: new SilenceWatch({ ...common, shards: [names], onDone: (done) => say({ event: 'done', ...done }) }),
      isMine: false,
    }))
  }

  /** Connects, and again whenever the connection is lost. Keeps the process alive while it is connected. */
  start(): void {
    this.#connection.hold(true)
    this.#connection.start({ up: () => this.#up(), down: () => this.#down() })
  }

  /** Gives its turn to whoever comes. Never rejects. */
  async stop(): Promise<void> {
    this.#cancel()
    const { clock } = this.#options
    const late = Promise.withResolvers<void>()
    const cancel = clock.after(GOODBYE_MS, late.resolve)
    const given = this.#shards.filter(({ isMine }) => isMine).map(({ names }) => this.#ask(names, 0).catch(() => undefined))
    for (const { watch } of this.#shards) watch.down()
    await Promise.race([Promise.all(given), late.promise])
    cancel()
    this.#connection.close()
  }

  #up(): void {
    const { clock, say } = this.#options
    this.#isConnected = true
    say({ event: 'connected' })
    const isBack = this.#connection.troubled || this.#connection.reconnects > 0
    for (const { watch } of this.#shards) watch.up(isBack)
    this.#takeTurns()
    this.#cancel = clock.every(this.#turnMs, () => this.#takeTurns())
  }

  #down(): void {
    this.#cancel()
    for (const each of this.#shards) {
      each.watch.down()
      each.isMine = false
    }
    // Every attempt that fails ends here as well.
    if (this.#isConnected !== false) this.#options.say({ event: 'lost', reason: this.#connection.trouble ?? 'connection closed' })
    this.#isConnected = false
  }

  #takeTurns(): void {
    for (const each of this.#shards) void this.#takeTurn(each)
  }

  async #takeTurn(each: Watched): Promise<void> {
    const { say } = this.#options
    try {
      const [isWatcher, nextDueMs] = await this.#ask(each.names, Math.ceil(KEPT_TURNS * this.#turnMs))
      this.#connection.confirm()
      this.#isRefused = false
      const isMine = isWatcher === '1'
      if (isMine !== each.isMine) say({ event: 'turn', shard: each.names.shard, isMine })
      each.isMine = isMine
      each.watch.heard(each.names, nextDueMs === '' ? undefined : Number(nextDueMs), isMine)
    } catch (error) {
      diag.debug('otel-health: the turn to watch could not be asked for', error)
      if (!isReply(error)) return
      if (!this.#isRefused) say({ event: 'refused', error })
      this.#isRefused = true
      // One that takes no writes may have been replaced by another, which a new connection finds.
      if (isRefusalOfAll(error)) this.#connection.giveUp(error)
    }
  }

  #ask(names: ShardNames, forMs: number) {
    return this.#connection.run((client) => client.healthWatch(...watchArguments(names, this.#name, forMs)))
  }
}
