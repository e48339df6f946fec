/**
 * Status, metrics and alerts on the health Redis, over a connection of its own. No call waits for the network or throws. What Redis
 * could not take is kept: every transition within a bound, of status and metrics only the newest. When Redis is back the
 * transitions are written in order, then the newest status.
 */
import { diag } from '../diag.ts'
import type { Alert, Cancel, Clock, HealthExporter, Presence, Snapshot, StoredAlert, Transition } from '../types.ts'
import type { Instant } from '../judge/alert.ts'
import { AlertWriter } from './alert-writer.ts'
import { encodeMessage } from '../wire/bounded-json.ts'
import { increaseOf } from './history.ts'
import {
  ALERTS_KEY,
  historyKey,
  instancesKey,
  metricsChannel,
  SERVICES_KEY,
  statusChannel,
  statusKey,
  toInstanceName,
} from '../wire/names.ts'
import { encodeMetrics } from '../wire/metrics-message.ts'
import { encodeStatus } from '../wire/status-message.ts'
import type { PublisherClient } from '../wire/redis-client.ts'
import { PresenceReader } from './presence.ts'
import { RedisConnection, reasonOf, type RedisConnectionOptions } from '../wire/redis-connection.ts'
import { type AlertRow, readAlerts } from './stored-alerts.ts'

export interface RedisExporterOptions extends RedisConnectionOptions {
  readonly service: string
  readonly instance: string
  readonly publishingIntervalMs: number
  readonly retentionMs: number
  /** Ids of all alerts that the rules can raise. A pending alert is on no list, so it is looked up by its id. */
  readonly alertIds?: readonly string[]
  /** Transitions and saved alerts kept while Redis is away. */
  readonly outboxLimit?: number
}

/** Plain numbers since the start, for self-metrics. */
export interface PublishStats {
  /** Messages that Redis took. */
  published: number
  /** Transitions that were given up because the outbox was full, or when the process stopped. */
  dropped: number
  /** Attempts that Redis refused or did not answer. */
  failed: number
  /** Alerts that somebody else had changed meanwhile. */
  conflicts: number
  /** Texts shortened and entries left out to keep messages within their size. */
  cut: number
  reconnects: number
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

export class RedisExporter implements HealthExporter {
  readonly stats: PublishStats = { published: 0, dropped: 0, failed: 0, conflicts: 0, cut: 0, reconnects: 0 }
  /** Also read by others of this process; not to be closed by them. */
  readonly connection: RedisConnection

  readonly #clock: Clock
  readonly #service: string
  readonly #instance: string
  readonly #alertIds: readonly string[]
  readonly #intervalMs: number
  readonly #retentionMs: number
  readonly #alerts: AlertWriter
  readonly #presence: PresenceReader
  #upSince: number | undefined
  #statusBeat = 0
  #metricsBeat = 0
  #status: { readonly json: string; readonly stopped: boolean } | undefined
  #metrics: string | undefined
  #historyAt: number
  #historyTotals: Snapshot['totals'] = {}
  /** After trouble one message goes ahead; the others follow when it was taken. */
  #probing = false
  #toldOfDrops = false
  #toldOfFault = false
  #cancelTrim: Cancel | undefined
  #started = false
  #stopping: PromiseWithResolvers<void> | undefined

  constructor(options: RedisExporterOptions) {
    this.connection = new RedisConnection(options)
    this.#presence = new PresenceReader((command) => this.connection.run(command), options.service, toInstanceName(options.instance))
    this.#clock = options.clock
    this.#service = options.service
    this.#instance = toInstanceName(options.instance)
    this.#alertIds = options.alertIds ?? []
    this.#intervalMs = options.publishingIntervalMs
    this.#retentionMs = Math.round(options.retentionMs)
    this.#alerts = new AlertWriter({
      service: options.service,
      instance: this.#instance,
      retentionMs: this.#retentionMs,
      limit: options.outboxLimit ?? 1000,
      now: () => this.#now(),
      delivery: {
        flowing: () => this.#flowing,
        run: (command) => this.connection.run(command),
        taken: () => this.#taken(),
        answered: () => this.#answered(),
        failed: (error) => this.#failed(error),
        conflicted: () => void this.stats.conflicts++,
        cut: (count) => void (this.stats.cut += count),
        dropped: (count) => this.#drop(count),
      },
    })
    this.#historyAt = options.clock.monotonicMs()
  }

  /** Begins to connect; `load` does it too. */
  start(): void {
    if (this.#started) return
    this.#started = true
    this.#cancelTrim = this.#clock.every(HOUR_MS, () => this.#trim())
    this.connection.start({ up: () => this.#up(), down: () => this.#down() })
  }

  /** With the alerts that go on come those that are over, for the number of their last episode. */
  async load(timeoutMs: number): Promise<readonly StoredAlert[] | undefined> {
    this.start()
    // Whoever awaits this may have nothing else that keeps the process alive.
    this.connection.hold(true)
    const late = Promise.withResolvers<undefined>()
    const cancel = this.#clock.after(timeoutMs, () => late.resolve(undefined))
    try {
      const rows = await Promise.race([this.#readAlerts(), late.promise])
      // Not before here: an answer that comes too late must not count as given.
      return rows && this.#alerts.adopt(rows)
    } catch (error) {
      this.#failed(error)
      return undefined
    } finally {
      cancel()
      if (!this.#stopping) this.connection.hold(false)
    }
  }

  async presence(): Promise<Presence | undefined> {
    const presence = this.#upSince === undefined ? undefined : await this.#presence.read()
    if (!presence || this.#upSince === undefined) return undefined
    return { ...presence, watchedMs: this.#clock.monotonicMs() - this.#upSince }
  }

  status(snapshot: Snapshot): void {
    this.#safely(() => this.#publishStatus(snapshot, false))
  }

  metrics(snapshot: Snapshot): void {
    this.#safely(() => {
      const { json, cut } = encodeMetrics(snapshot, ++this.#metricsBeat)
      this.stats.cut += cut
      this.#metrics = json
      if (this.#flowing) this.#sendMetrics()
    })
  }

  transition(transition: Transition): void {
    if (!this.#stopping) this.#safely(() => this.#alerts.tell(transition))
  }

  save(alert: Alert): void {
    if (!this.#stopping) this.#safely(() => this.#alerts.save(alert))
  }

  stop(last: Snapshot, timeoutMs: number): Promise<void> {
    if (this.#stopping) return this.#stopping.promise
    const stopping = Promise.withResolvers<void>()
    this.#safely(() => {
      this.start()
      this.connection.hold(true)
      this.#publishStatus(last, true)
    })
    this.#stopping = stopping
    this.#cancelTrim?.()
    const cancel = this.#clock.after(timeoutMs, () => stopping.resolve())
    void stopping.promise.then(() => {
      cancel()
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
    this.#upSince = this.#clock.monotonicMs()
    this.stats.reconnects = this.connection.reconnects
    this.#alerts.unsend()
    if (this.stats.reconnects > 0) this.#alerts.saveOpenAgain()
    this.#probing = this.connection.troubled
    if (this.#probing) this.#sendOne()
    else this.#sendAll()
  }

  #down(): void {
    this.#upSince = undefined
    this.#alerts.unsend()
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
    this.#answered()
  }

  /** Redis takes messages, if not every one. */
  #answered(): void {
    this.connection.confirm()
    if (this.#probing && this.connection.up) {
      this.#probing = false
      this.#toldOfDrops = false
      this.#sendAll()
    }
    if (this.#alerts.waiting === 0 && !this.#status) this.#stopping?.resolve()
  }

  async #readAlerts(): Promise<readonly AlertRow[] | undefined> {
    if (!(await this.connection.connected())) return undefined
    return this.connection.run((client) => readAlerts(client, this.#alertIds))
  }

  // ---- status, metrics, history ----

  #publishStatus(snapshot: Snapshot, stopped: boolean): void {
    if (this.#stopping) return
    const { json, cut } = encodeStatus(snapshot, ++this.#statusBeat)
    this.stats.cut += cut
    this.#status = { json, stopped }
    if (this.connection.up && (stopped || !this.#probing)) this.#sendStatus()
    if (this.#flowing) this.#sendHistory(snapshot, stopped)
  }

  #sendStatus(): void {
    const status = this.#status
    if (!status) return
    const keys = [statusKey(this.#service, this.#instance), SERVICES_KEY, instancesKey(this.#service)]
    const silentAfter = Math.ceil(3 * this.#intervalMs)
    const message = [statusChannel(this.#service), status.json, String(silentAfter), this.#service, this.#instance]
    const forgottenAfter = String(Math.max(HOUR_MS, silentAfter))
    this.#send((client) => client.healthBeat(...keys, ...message, forgottenAfter, status.stopped ? 'stopped' : 'alive')).then(
      () => {
        if (status.stopped && this.#status === status) this.#status = undefined
        this.#taken()
      },
      () => {},
    )
  }

  #sendMetrics(): void {
    const json = this.#metrics
    if (json === undefined) return
    this.#send((client) => client.publish(metricsChannel(this.#service), json)).then(
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
    const counts = encodeMessage(increaseOf(snapshot.totals, this.#historyTotals))
    const gauges = encodeMessage(snapshot.metrics)
    this.stats.cut += counts.cut + gauges.cut
    this.#send((client) =>
      client.healthHistory(
        historyKey(this.#service),
        String(this.#retentionMs),
        this.#instance,
        snapshot.instanceStatus,
        counts.json,
        gauges.json,
      ),
    ).then(
      () => {
        this.#historyTotals = snapshot.totals
        this.#taken()
      },
      () => (this.#historyAt = before),
    )
  }

  #trim(): void {
    if (!this.#flowing) return
    this.#send((client) => client.healthTrim(ALERTS_KEY, historyKey(this.#service), String(this.#retentionMs))).catch(() => {})
  }

  // ---- what goes wrong ----

  /** Sends in the same tick. A rejection has been dealt with; what is to be repeated is sent again when the connection is back. */
  async #send(command: (client: PublisherClient) => Promise<unknown>): Promise<void> {
    try {
      await this.connection.run(command)
    } catch (error) {
      if (this.#failed(error)) this.#answered()
      throw error
    }
  }

  /** Returns whether only this message is at fault: Redis answered, and does not refuse everything. */
  #failed(error: unknown): boolean {
    this.stats.failed++
    if (!isReply(error)) return false
    if (isRefusal(error)) {
      this.connection.giveUp(error)
      return false
    }
    if (!this.#toldOfFault) diag.warn(`otel-health: Redis does not take a message that is made for it (${reasonOf(error)}).`)
    this.#toldOfFault = true
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

function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}

/** The server takes no writes at all, for now. Older servers wrap these codes into the text of a script's error. */
function isRefusal(error: Error): boolean {
  return /\b(OOM|READONLY|LOADING|MISCONF|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|BUSY|NOAUTH|NOPERM|WRONGPASS|EXECABORT)\b/.test(
    error.message,
  )
}
