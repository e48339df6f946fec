/**
 * Status, metrics and alerts on the health Redis, over a connection of its own. No call waits for the network or throws. What Redis
 * could not take is kept: what is said of alerts within a bound, of status and metrics only the newest. When Redis is back the alerts
 * come first, in order, then the newest status. Of alerts nothing is sent before it is known what an earlier process of this name said.
 */
import { diag } from '../diag.ts'
import type { Alert, Clock, CountedBefore, HealthExporter, Presence, Snapshot, Transition, TransitionCause } from '../types.ts'
import { encodeMetrics } from '../wire/metrics-message.ts'
import { allShards, shardOf, toInstanceName, type ShardNames } from '../wire/names.ts'
import type { BeatReply, PublisherClient } from '../wire/redis-client.ts'
import { RedisConnection, reasonOf, type RedisConnectionOptions } from '../wire/redis-connection.ts'
import { signed } from '../wire/signature.ts'
import { AlertWriter } from './alert-writer.ts'
import { HistoryWriter } from './history-writer.ts'
import { LookBack } from './look-back.ts'
import { readPresence } from './presence.ts'
import { isRefusalOfAll, isReply, Refusals } from './refusals.ts'
import { SilenceWatch } from './silence-watch.ts'
import { StatusWriter } from './status-writer.ts'

export interface RedisExporterOptions extends RedisConnectionOptions {
  readonly service: string
  readonly instance: string
  readonly publishingIntervalMs: number
  readonly retentionMs: number
  /** Ids of all alerts that the rules can raise. A pending alert is on no list, so it is looked up by its id. */
  readonly alertIds?: readonly string[]
  /** Whether it is an alert when nothing is heard of the service; default: true. */
  readonly isWatched?: boolean
  /** What may cause the alerts of a rule, by its name: `<service>:<rule>` each. */
  readonly causes?: ReadonlyMap<string, readonly string[]>
  /** What is kept of alerts while Redis is away. */
  readonly outboxLimit?: number
}

/** Plain numbers since the start, for self-metrics. */
export interface PublishStats {
  /** Messages that Redis took. */
  published: number
  /** What was said of alerts and given up because the outbox was full, or when the process stopped. */
  dropped: number
  /** Attempts that Redis refused or did not answer. */
  failed: number
  /** Alerts of which a later process of the same name has spoken. */
  conflicts: number
  /** Texts shortened and entries left out to keep messages within their size. */
  cut: number
  reconnects: number
}

export class RedisExporter implements HealthExporter {
  readonly stats: PublishStats = { published: 0, dropped: 0, failed: 0, conflicts: 0, cut: 0, reconnects: 0 }
  /** Also read by others of this process; not to be closed by them. */
  readonly connection: RedisConnection

  readonly #clock: Clock
  readonly #service: string
  readonly #instance: string
  readonly #names: ShardNames
  readonly #goneAfterMs: number
  readonly #retentionMs: number
  readonly #alerts: AlertWriter
  readonly #statuses: StatusWriter
  readonly #history: HistoryWriter
  readonly #silences: SilenceWatch
  readonly #lookBack: LookBack
  #presence: Promise<Presence | undefined> | undefined
  /** Questions that somebody waits for. */
  #asking = 0
  #metricsBeat = 0
  #metrics: string | undefined
  #epoch: string | undefined
  #hasBeaten = false
  /** After trouble one message goes ahead; the others follow when it was taken. */
  #probing = false
  #toldOfDrops = false
  readonly #refusals: Refusals
  #started = false
  #stopping: PromiseWithResolvers<void> | undefined

  constructor(options: RedisExporterOptions) {
    const { service, clock, publishingIntervalMs, target } = options
    const shards = target.shards ?? 1
    this.#clock = clock
    this.#service = service
    this.#instance = toInstanceName(options.instance)
    this.#names = shardOf(service, shards, target.hmacKey)
    this.connection = new RedisConnection({ ...options, key: this.#names.meta })
    this.#goneAfterMs = Math.ceil(3 * publishingIntervalMs)
    this.#retentionMs = Math.round(options.retentionMs)
    const run = <T>(command: (client: PublisherClient) => Promise<T>) => this.connection.run(command)
    this.#alerts = new AlertWriter({
      names: this.#names,
      service,
      instance: this.#instance,
      goneAfterMs: this.#goneAfterMs,
      retentionMs: this.#retentionMs,
      limit: options.outboxLimit ?? 1000,
      ...(options.causes && { causes: options.causes }),
      clock,
      delivery: {
        flowing: () => this.#flowing,
        connected: () => this.connection.up,
        leaving: () => this.#stopping !== undefined,
        run,
        taken: () => this.#taken(),
        failed: (error) => this.#failed(error),
        conflicted: () => void this.stats.conflicts++,
        cut: (count) => void (this.stats.cut += count),
        dropped: (count) => this.#drop(count),
        heardEpoch: (epoch) => this.#heardEpoch(epoch),
      },
    })
    const own = { names: this.#names, service, instance: this.#instance, retentionMs: this.#retentionMs, clock }
    const send = <T>(command: (client: PublisherClient) => Promise<T>) => this.#send(command)
    this.#statuses = new StatusWriter({
      ...own,
      isWatched: options.isWatched ?? true,
      goneAfterMs: this.#goneAfterMs,
      send,
      // It may be the message that goes ahead, for whose answer all others wait.
      mayBeSentAgain: () => this.#flowing || (this.connection.up && this.#alerts.waiting === 0),
      taken: (reply) => this.#heardBack(reply),
    })
    this.#history = new HistoryWriter({ ...own, send, taken: () => this.#taken() })
    this.#lookBack = new LookBack({
      ...{ ...own, goneAfterMs: this.#goneAfterMs, alertIds: options.alertIds ?? [], run },
      connected: () => this.connection.up,
      failed: (error) => this.#failed(error),
      hasBeaten: () => this.#statuses.hasSent,
      adopt: ({ alerts, epoch }) => {
        this.#epoch ??= epoch
        return this.#alerts.adopt(alerts)
      },
      begin: (serverNow) => this.#alerts.begin(serverNow),
      over: () => {
        this.#sendWhatWaits()
        this.#endIfSaid()
      },
    })
    this.#refusals = new Refusals(service, clock)
    this.#silences = new SilenceWatch({
      shards: shards === 1 ? [this.#names] : allShards(shards),
      instance: this.#instance,
      retentionMs: this.#retentionMs,
      graceMs: this.#goneAfterMs,
      clock,
      run,
    })
  }

  /** Begins to connect; `load` does it too. */
  start(): void {
    if (this.#started) return
    this.#started = true
    this.connection.start({ up: () => this.#up(), down: () => this.#down() })
  }

  load(timeoutMs: number, late?: (alerts: readonly Alert[]) => void): Promise<readonly Alert[] | undefined> {
    return this.#asked(() => this.#lookBack.load(timeoutMs, late))
  }

  recall(timeoutMs: number, late?: (counted: readonly CountedBefore[]) => void): Promise<readonly CountedBefore[] | undefined> {
    return this.#asked(() => this.#lookBack.recall(timeoutMs, late))
  }

  /** One reading at a time: while one is under way, whoever asks gets that one. */
  presence(): Promise<Presence | undefined> {
    this.#presence ??= this.#readPresence()
      .catch((error: unknown) => {
        diag.debug('otel-health: presence is not known', error)
        return undefined
      })
      .finally(() => (this.#presence = undefined))
    return this.#presence
  }

  status(snapshot: Snapshot): void {
    this.#safely(() => this.#publishStatus(snapshot, false))
  }

  metrics(snapshot: Snapshot): void {
    this.#safely(() => {
      const { json, cut } = encodeMetrics(snapshot, ++this.#metricsBeat)
      this.stats.cut += cut
      const { hmacKey } = this.#names
      this.#metrics = hmacKey === undefined ? json : signed(hmacKey, 'metrics', json)
      if (this.#flowing) this.#sendMetrics()
    })
  }

  transition({ alert, cause }: Transition): void {
    if (!this.#stopping) this.#safely(() => this.#alerts.say(alert, false, cause))
  }

  save(alert: Alert, cause?: TransitionCause): void {
    if (!this.#stopping) this.#safely(() => this.#alerts.say(alert, true, cause))
  }

  stop(last: Snapshot, timeoutMs: number): Promise<void> {
    if (this.#stopping) return this.#stopping.promise
    const stopping = Promise.withResolvers<void>()
    this.#safely(() => {
      this.start()
      this.connection.hold(true)
      // Others wait for three intervals from here on before they take what it found for gone.
      this.#alerts.sayAgain()
      this.#publishStatus(last, true)
    })
    this.#stopping = stopping
    const cancel = this.#clock.after(timeoutMs, () => stopping.resolve())
    void stopping.promise.then(() => {
      cancel()
      this.#silences.down()
      this.#drop(this.#alerts.waiting)
      this.connection.close()
    })
    this.connection.retryNow()
    return stopping.promise
  }

  get #flowing(): boolean {
    return this.connection.up && !this.#probing
  }

  #up(): void {
    this.stats.reconnects = this.connection.reconnects
    this.#probing = this.connection.troubled
    this.#silences.up(this.#probing || this.stats.reconnects > 0)
    if (this.stats.reconnects > 0) this.#alerts.sayAgainWhatIsRecent()
    this.#lookBack.up()
    if (this.#lookBack.isOver) this.#sendWhatWaits()
  }

  #sendWhatWaits(): void {
    if (!this.connection.up) return
    if (this.#probing) this.#sendOne()
    else this.#sendAll()
  }

  #down(): void {
    this.#silences.down()
    this.#lookBack.down()
    // Its attempt to say goodbye failed; the process need not wait for another.
    this.#stopping?.resolve()
  }

  #sendOne(): void {
    if (this.#alerts.sendFirst()) return
    if (this.#statuses.has) return this.#statuses.send()
    // There is no message whose answer could end the probing.
    this.#probing = false
    this.#sendMetrics()
  }

  #sendAll(): void {
    this.#alerts.sendAll()
    this.#statuses.send()
    this.#sendMetrics()
  }

  /** Redis took a message. */
  #taken(): void {
    this.stats.published++
    this.connection.confirm()
    if (this.#probing && this.connection.up) {
      this.#probing = false
      this.#toldOfDrops = false
      this.#sendAll()
    }
    this.#endIfSaid()
  }

  /** Nothing is left to be said by a process that stops. */
  #endIfSaid(): void {
    if (this.#alerts.waiting === 0 && !this.#statuses.owesFarewell) this.#stopping?.resolve()
  }

  /** Whoever awaits this may have nothing else that keeps the process alive. */
  async #asked<T>(ask: () => Promise<T>): Promise<T> {
    this.start()
    this.#asking++
    this.connection.hold(true)
    try {
      return await ask()
    } finally {
      if (--this.#asking === 0 && !this.#stopping) this.connection.hold(false)
    }
  }

  async #readPresence(): Promise<Presence | undefined> {
    if (!this.connection.up) return undefined
    const sentAt = this.#clock.epochMs()
    const presence = await this.connection.run((client) =>
      readPresence(client, this.#names, this.#service, this.#instance, this.#alerts.open),
    )
    this.#alerts.compare(presence.said)
    for (const id of presence.unfolded) await this.#alerts.fold(id)
    return { ...presence, clockSkewMs: sentAt - presence.now }
  }

  #publishStatus(snapshot: Snapshot, stopped: boolean): void {
    if (this.#stopping) return
    this.stats.cut += this.#statuses.make(snapshot, stopped)
    if (this.connection.up && (stopped || !this.#probing)) this.#statuses.send()
    if (this.#flowing) this.stats.cut += this.#history.write(snapshot, stopped)
  }

  /** Whether the server still knows what it was told, and whether others have missed this instance. */
  #heardBack([epoch, wasKept, nextDueMs, isWatcher, now]: BeatReply): void {
    this.#lookBack.heardTime(Number(now))
    const wasMissed = this.#hasBeaten && wasKept === '0'
    this.#hasBeaten = true
    this.#heardEpoch(epoch)
    if (!this.#stopping) {
      if (wasMissed) this.#alerts.sayAgain()
      this.#silences.heard(this.#names, nextDueMs === '' ? undefined : Number(nextDueMs), isWatcher === '1')
    }
    this.#taken()
  }

  /** Another one: the server has lost its memory. */
  #heardEpoch(epoch: string): void {
    const isForgotten = this.#epoch !== undefined && this.#epoch !== epoch
    this.#epoch = epoch
    if (isForgotten && !this.#stopping) this.#alerts.sayAgain()
  }

  #sendMetrics(): void {
    const json = this.#metrics
    if (json === undefined) return
    const { sharded } = this.#names
    const channel = this.#names.metricsChannel(this.#service)
    this.#send((client) => (sharded ? client.spublish(channel, json) : client.publish(channel, json))).then(
      () => {
        if (this.#metrics === json) this.#metrics = undefined
        this.#taken()
      },
      () => {},
    )
  }

  // ---- what goes wrong ----

  /** Sends in the same tick. A rejection has been dealt with; what is to be repeated is sent again when the connection is back. */
  async #send<T>(command: (client: PublisherClient) => Promise<T>): Promise<T> {
    try {
      return await this.connection.run(command)
    } catch (error) {
      this.#failed(error)
      throw error
    }
  }

  /** Returns whether Redis answered, and refuses this message only. */
  #failed(error: unknown): boolean {
    this.stats.failed++
    if (!isReply(error)) return false
    if (isRefusalOfAll(error)) {
      this.connection.giveUp(error)
      return false
    }
    this.#refusals.say(reasonOf(error))
    // That it answers at all is enough for the others.
    if (this.#probing && this.connection.up) {
      this.#probing = false
      this.#sendAll()
    }
    return true
  }

  #drop(count: number): void {
    if (count === 0) return
    this.stats.dropped += count
    if (this.#toldOfDrops) return
    this.#toldOfDrops = true
    diag.warn(
      'otel-health: alert messages are dropped because Redis has not taken any for too long; of each alert the first and the last are kept.',
    )
  }

  #safely(action: () => void): void {
    try {
      action()
    } catch (error) {
      this.stats.failed++
      diag.error('otel-health: a message for Redis could not be made', error)
    }
  }
}
