/**
 * Status, metrics and alerts on the health Redis, over a connection of its own. No call waits for the network or throws. What Redis
 * could not take is kept: what is said of alerts within a bound, of status and metrics only the newest. When Redis is back the alerts
 * come first, in order, then the newest status.
 */
import { SERVICE_SILENT } from '../catalogue.ts'
import { diag } from '../diag.ts'
import type { Instant } from '../judge/alert.ts'
import type { Alert, Clock, HealthExporter, Presence, Snapshot, Transition, TransitionCause } from '../types.ts'
import { alertId } from '../wire/alert-id.ts'
import { encodeMetrics } from '../wire/metrics-message.ts'
import { allShards, shardOf, toInstanceName, type ShardNames } from '../wire/names.ts'
import type { BeatReply, PublisherClient } from '../wire/redis-client.ts'
import { RedisConnection, reasonOf, type RedisConnectionOptions } from '../wire/redis-connection.ts'
import { signed } from '../wire/signature.ts'
import { encodeStatus } from '../wire/status-message.ts'
import { AlertWriter } from './alert-writer.ts'
import { historyEntry, increaseOf } from './history.ts'
import { readPresence } from './presence.ts'
import { readSaid } from './said-before.ts'
import { SilenceWatch } from './silence-watch.ts'

export interface RedisExporterOptions extends RedisConnectionOptions {
  readonly service: string
  readonly instance: string
  readonly publishingIntervalMs: number
  readonly retentionMs: number
  /** Ids of all alerts that the rules can raise. A pending alert is on no list, so it is looked up by its id. */
  readonly alertIds?: readonly string[]
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

const MINUTE_MS = 60_000
/** A status that was refused or not answered is sent again after this, unless there is a newer one or another connection. */
const STATUS_AGAIN_MS = 1000
const HOUR_MS = 3_600_000

export class RedisExporter implements HealthExporter {
  readonly stats: PublishStats = { published: 0, dropped: 0, failed: 0, conflicts: 0, cut: 0, reconnects: 0 }
  /** Also read by others of this process; not to be closed by them. */
  readonly connection: RedisConnection

  readonly #clock: Clock
  readonly #service: string
  readonly #instance: string
  readonly #names: ShardNames
  readonly #alertIds: readonly string[]
  readonly #goneAfterMs: number
  readonly #retentionMs: number
  readonly #alerts: AlertWriter
  readonly #silences: SilenceWatch
  #presence: Promise<Presence | undefined> | undefined
  #statusBeat = 0
  #metricsBeat = 0
  #status: { readonly json: string; readonly stopped: boolean } | undefined
  #statusTaken: unknown
  #metrics: string | undefined
  #epoch: string | undefined
  #hasBeaten = false
  #historyAt: number
  #historyTotals: Snapshot['totals'] = {}
  /** After trouble one message goes ahead; the others follow when it was taken. */
  #probing = false
  #toldOfDrops = false
  /** When each kind of refusal came last. */
  readonly #faults = new Map<string, number>()
  #started = false
  #stopping: PromiseWithResolvers<void> | undefined

  constructor(options: RedisExporterOptions) {
    const { service, clock, publishingIntervalMs, target } = options
    const shards = target.shards ?? 1
    this.connection = new RedisConnection(options)
    this.#clock = clock
    this.#service = service
    this.#instance = toInstanceName(options.instance)
    this.#names = shardOf(service, shards, target.hmacKey)
    this.#alertIds = options.alertIds ?? []
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
      clock,
      delivery: {
        flowing: () => this.#flowing,
        connected: () => this.connection.up,
        run,
        taken: () => this.#taken(),
        failed: (error) => this.#failed(error),
        conflicted: () => void this.stats.conflicts++,
        cut: (count) => void (this.stats.cut += count),
        dropped: (count) => this.#drop(count),
        heardEpoch: (epoch) => (this.#epoch = epoch),
      },
    })
    this.#silences = new SilenceWatch({
      shards: shards === 1 ? [this.#names] : allShards(shards),
      instance: this.#instance,
      retentionMs: this.#retentionMs,
      graceMs: this.#goneAfterMs,
      clock,
      run,
    })
    this.#historyAt = clock.monotonicMs()
  }

  /** Begins to connect; `load` does it too. */
  start(): void {
    if (this.#started) return
    this.#started = true
    this.connection.start({ up: () => this.#up(), down: () => this.#down() })
  }

  async load(timeoutMs: number): Promise<readonly Alert[] | undefined> {
    this.start()
    // Whoever awaits this may have nothing else that keeps the process alive.
    this.connection.hold(true)
    const late = Promise.withResolvers<undefined>()
    const cancel = this.#clock.after(timeoutMs, () => late.resolve(undefined))
    try {
      const said = await Promise.race([this.#readSaid(), late.promise])
      // Not before here: an answer that comes too late must not count as given.
      if (said) this.#alerts.adopt(said)
      return said
    } catch (error) {
      this.#failed(error)
      return undefined
    } finally {
      cancel()
      if (!this.#stopping) this.connection.hold(false)
    }
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
      this.#metrics = this.#sign('metrics', json)
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

  #now(): Instant {
    return { monotonicMs: this.#clock.monotonicMs(), epochMs: this.#clock.epochMs() }
  }

  #up(): void {
    this.stats.reconnects = this.connection.reconnects
    this.#probing = this.connection.troubled
    this.#silences.up(this.#probing || this.stats.reconnects > 0)
    if (this.stats.reconnects > 0) this.#alerts.sayAgainWhatIsRecent()
    if (this.#alerts.begun) return this.#sendWhatWaits()
    this.connection
      .run((client) => client.time())
      .then(
        ([seconds, microseconds]) => this.#alerts.begin(Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)),
        (error: unknown) => this.#failed(error),
      )
      .finally(() => this.#sendWhatWaits())
  }

  #sendWhatWaits(): void {
    if (!this.connection.up) return
    if (this.#probing) this.#sendOne()
    else this.#sendAll()
  }

  #down(): void {
    this.#silences.down()
    // Its attempt to say goodbye failed; the process need not wait for another.
    this.#stopping?.resolve()
  }

  #sendOne(): void {
    if (this.#alerts.sendFirst()) return
    if (this.#status) return this.#sendStatus()
    // There is no message whose answer could end the probing.
    this.#probing = false
    this.#sendMetrics()
  }

  #sendAll(): void {
    this.#alerts.sendAll()
    this.#sendStatus()
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
    if (this.#alerts.waiting === 0 && !this.#status) this.#stopping?.resolve()
  }

  async #readSaid(): Promise<readonly Alert[] | undefined> {
    if (!(await this.connection.connected())) return undefined
    const { now, alerts, epoch } = await this.connection.run((client) =>
      readSaid(client, { names: this.#names, service: this.#service, instance: this.#instance, alertIds: this.#alertIds }, this.#now()),
    )
    this.#alerts.begin(now)
    this.#epoch ??= epoch
    return alerts
  }

  async #readPresence(): Promise<Presence | undefined> {
    if (!this.connection.up) return undefined
    const sentAt = this.#clock.epochMs()
    const presence = await this.connection.run((client) => readPresence(client, this.#names, this.#service, this.#instance))
    this.#alerts.compare(presence.said)
    for (const id of presence.unfolded) await this.#alerts.fold(id)
    return { ...presence, clockSkewMs: sentAt - presence.now }
  }

  // ---- status, metrics, history ----

  #sign(kind: 'status' | 'metrics', json: string): string {
    const { hmacKey } = this.#names
    return hmacKey === undefined ? json : signed(hmacKey, kind, json)
  }

  #publishStatus(snapshot: Snapshot, stopped: boolean): void {
    if (this.#stopping) return
    const { json, cut } = encodeStatus(snapshot, ++this.#statusBeat)
    this.stats.cut += cut
    this.#status = { json: this.#sign('status', json), stopped }
    if (this.connection.up && (stopped || !this.#probing)) this.#sendStatus()
    if (this.#flowing) this.#sendHistory(snapshot, stopped)
  }

  #sendStatus(): void {
    const status = this.#status
    if (!status) return
    const [names, service] = [this.#names, this.#service]
    const silentId = alertId(SERVICE_SILENT, service)
    const keys = [
      ...[names.status(service, this.#instance), names.services, names.instances(service), names.due, names.meta, names.watcher],
      ...[names.alert(silentId), names.open, names.openOf(service), names.alerts, names.silent],
    ]
    const args = [
      ...[names.statusChannel(service), status.json, String(this.#goneAfterMs), service, this.#instance],
      ...[
        String(Math.max(HOUR_MS, this.#goneAfterMs)),
        status.stopped ? 'stopped' : 'alive',
        names.alertsChannel,
        String(this.#retentionMs),
      ],
      ...[this.#instance, silentId, String(Math.ceil(this.#goneAfterMs / 2))],
    ]
    this.#send((client) => client.healthBeat(...keys, ...args)).then(
      (reply) => {
        if (status.stopped && this.#status === status) this.#status = undefined
        this.#statusTaken = status
        this.#heardBack(reply)
        this.#taken()
      },
      // A cluster that is choosing a new primary does not lose the connection.
      () => void this.#clock.after(STATUS_AGAIN_MS, () => this.#statusTaken !== status && this.#sendStatusAgain(status)),
    )
  }

  /** Unless there is a newer one. It may be the message that goes ahead, for whose answer all others wait. */
  #sendStatusAgain(status: unknown): void {
    const mayBeSent = this.#flowing || (this.connection.up && this.#alerts.waiting === 0)
    if (mayBeSent && this.#status === status) this.#sendStatus()
  }

  /** Whether the server still knows what it was told, and whether others have missed this instance. */
  #heardBack([epoch, wasKept, nextDueMs, isWatcher, now]: BeatReply): void {
    this.#alerts.begin(Number(now))
    const isForgotten = this.#epoch !== undefined && this.#epoch !== epoch
    const wasMissed = this.#hasBeaten && wasKept === '0'
    this.#epoch = epoch
    this.#hasBeaten = true
    if (this.#stopping) return
    if (isForgotten || wasMissed) this.#alerts.sayAgain()
    this.#silences.heard(this.#names, nextDueMs === '' ? undefined : Number(nextDueMs), isWatcher === '1')
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

  /** The totals of the entry before count as written only when Redis said so: minutes that it missed are in the next entry. */
  #sendHistory(snapshot: Snapshot, last: boolean): void {
    const now = this.#clock.monotonicMs()
    if (now - this.#historyAt < MINUTE_MS && !last) return
    const before = this.#historyAt
    this.#historyAt = now
    const { instanceStatus: status, totals, metrics: gauges } = snapshot
    const { fields, cut } = historyEntry({ instance: this.#instance, status, counts: increaseOf(totals, this.#historyTotals), gauges })
    this.stats.cut += cut
    const keys = [this.#names.history(this.#service), this.#names.alerts]
    this.#send((client) => client.healthHistory(...keys, String(this.#retentionMs), ...fields)).then(
      () => {
        this.#historyTotals = totals
        this.#taken()
      },
      () => (this.#historyAt = before),
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
    if (isRefusal(error)) {
      this.connection.giveUp(error)
      return false
    }
    const reason = reasonOf(error)
    this.#sayFault(reason)
    // That it answers at all is enough for the others.
    if (this.#probing && this.connection.up) {
      this.#probing = false
      this.#sendAll()
    }
    return true
  }

  /** Once, for as long as it goes on. */
  #sayFault(reason: string): void {
    const [now, kind] = [this.#clock.monotonicMs(), reason.slice(0, 40)]
    const last = this.#faults.get(kind)
    if (last === undefined && this.#faults.size === MOST_FAULTS) this.#faults.clear()
    this.#faults.set(kind, now)
    if (last !== undefined && now - last < FAULT_IS_OVER_MS) return
    diag.warn(`otel-health: Redis refuses a message of ${this.#service} (${reason}); it is kept and sent again until Redis takes it.`)
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

const MOST_FAULTS = 20
/** A refusal that has not come for so long is news when it comes again: what is refused is sent again sooner. */
const FAULT_IS_OVER_MS = 60_000

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}

/** The server takes no writes at all, for now. Older servers wrap these codes into the text of a script's error. */
function isRefusal(error: Error): boolean {
  return /\b(OOM|READONLY|LOADING|MISCONF|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOAUTH|WRONGPASS|EXECABORT)\b/.test(error.message)
}
