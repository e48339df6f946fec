/**
 * Status, metrics and alerts on the health Redis, over a connection of its own. No call waits for the network or throws. What Redis
 * could not take is kept: every transition within a bound, of status and metrics only the newest. When Redis is back the
 * transitions are written in order, then the newest status.
 */
import { randomUUID } from 'node:crypto'
import { diag } from '@opentelemetry/api'
import { SERVICE_SILENT } from '../catalogue.ts'
import type { Alert, Cancel, Clock, HealthExporter, Presence, Snapshot, StoredAlert, Transition } from '../types.ts'
import { decodeAlert, encodeAlert, encodeTransition, toStoredAlert } from './alert-document.ts'
import { encodeMessage } from './bounded-json.ts'
import { increaseOf } from './history.ts'
import {
  alertKey,
  ALERTS_CHANNEL,
  ALERTS_KEY,
  historyKey,
  instancesKey,
  META_KEY,
  metricsChannel,
  OPEN_KEY,
  SERVICES_KEY,
  statusChannel,
  statusKey,
  toInstanceName,
} from './keys.ts'
import { Outbox, type OutboxEntry } from './outbox.ts'
import { encodeMetrics, encodeStatus } from './payload.ts'
import type { PublisherClient } from './redis-client.ts'
import { PresenceReader } from './presence.ts'
import { RedisConnection, reasonOf, type RedisConnectionOptions } from './redis-connection.ts'

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

interface AlertEntry extends OutboxEntry {
  readonly alert: Alert
  readonly document: string
  /** What is told, if it is. */
  readonly message: { readonly type: Transition['type']; readonly head: string; readonly body: string; readonly tail: string } | undefined
  attempts: number
  sent: boolean
}

const MOST_ATTEMPTS = 4
const MOST_OPEN_ALERTS = 1000
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
  /** Numbers the writes of this process, so that one that is repeated is recognised. */
  readonly #writer = randomUUID()
  #n = 0
  readonly #outbox: Outbox<AlertEntry>
  readonly #revs = new Map<string, string>()
  /** Open alerts as they were last written: should the server lose its memory, they are saved again. */
  readonly #open = new Map<string, { readonly alert: Alert; readonly document: string }>()
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
    this.#outbox = new Outbox(options.outboxLimit ?? 1000)
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
      return await Promise.race([this.#read(), late.promise])
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
    this.#safely(() => {
      const { alert, type } = transition
      const { document, cut, ...pieces } = encodeTransition(transition, this.#instance, this.#now())
      this.stats.cut += cut
      this.#write({ alert, document, message: { type, ...pieces } })
    })
  }

  save(alert: Alert): void {
    this.#safely(() => this.#write({ alert, document: encodeAlert(alert, this.#instance, this.#now()), message: undefined }))
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
      this.#drop(this.#outbox.size)
      this.connection.close()
    })
    this.connection.retryNow()
    return stopping.promise
  }

  get #flowing(): boolean {
    return this.connection.up && !this.#probing
  }

  #now(): { readonly monotonicMs: number; readonly epochMs: number } {
    return { monotonicMs: this.#clock.monotonicMs(), epochMs: this.#clock.epochMs() }
  }

  #up(): void {
    this.#upSince = this.#clock.monotonicMs()
    this.stats.reconnects = this.connection.reconnects
    this.#outbox.unsend()
    if (this.stats.reconnects > 0) this.#saveOpenAgain()
    this.#probing = this.connection.troubled
    if (this.#probing) this.#sendOne()
    else this.#sendAll()
  }

  #down(): void {
    this.#upSince = undefined
    this.#outbox.unsend()
    // Its attempt to say goodbye failed; the process need not wait for another.
    this.#stopping?.resolve()
  }

  #sendOne(): void {
    const [first] = this.#outbox.values()
    if (first) this.#sendEntry(first)
    else this.#sendStatus()
  }

  #sendAll(): void {
    for (const entry of this.#outbox.values()) if (!entry.sent) this.#sendEntry(entry)
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
    if (this.#outbox.size === 0 && !this.#status) this.#stopping?.resolve()
  }

  // ---- alerts ----

  #write(write: Pick<AlertEntry, 'alert' | 'document' | 'message'>): void {
    if (this.#stopping) return
    const entry: AlertEntry = {
      ...write,
      n: ++this.#n,
      alertId: write.alert.id,
      silent: write.message === undefined,
      sent: false,
      attempts: 0,
    }
    if (isOpen(entry.alert)) this.#open.set(entry.alertId, entry)
    else this.#open.delete(entry.alertId)
    this.#drop(this.#outbox.add(entry))
    if (this.#flowing) this.#sendEntry(entry)
  }

  #sendEntry(entry: AlertEntry): void {
    const { alertId, alert, message } = entry
    entry.sent = true
    const saved = [this.#revs.get(alertId) ?? '0', this.#writer, String(entry.n), entry.document]
    saved.push(alertId, String(alert.since), isOpen(alert) ? 'open' : 'other')
    const key = alertKey(alertId)
    const told = message && [message.head, message.body, message.tail, ALERTS_CHANNEL, String(this.#retentionMs)]
    const answer = this.connection.run((client) =>
      told ? client.healthTransition(key, OPEN_KEY, ALERTS_KEY, META_KEY, ...saved, ...told) : client.healthSave(key, OPEN_KEY, ...saved),
    )
    answer.then(
      ([outcome, rev, document]) => {
        this.#revs.set(alertId, rev)
        if (outcome === 0) this.#conflict(entry, document)
        else {
          this.#outbox.delete(entry)
          this.#taken()
        }
      },
      (error: unknown) => {
        if (!this.#failed(error)) return
        // At fault is this entry, which must not keep the others waiting for ever.
        if (++entry.attempts < MOST_ATTEMPTS) return this.#sendEntry(entry)
        this.#outbox.delete(entry)
        this.#drop(1)
        this.#answered()
      },
    )
  }

  /** Somebody else changed the alert. What they wrote stands unless ours still says something else. */
  #conflict(entry: AlertEntry, document: string): void {
    this.stats.conflicts++
    if (!entry.message || this.#saysTheSame(entry, document) || ++entry.attempts >= MOST_ATTEMPTS) {
      this.#outbox.delete(entry)
      this.#taken()
    } else this.#sendEntry(entry)
  }

  #saysTheSame({ alert, message }: AlertEntry, document: string): boolean {
    if (!message || !TELLS_STATE.has(message.type)) return false
    const held = decodeAlert(document, this.#now())
    return held?.state === alert.state && held.severity === alert.severity
  }

  #saveOpenAgain(): void {
    for (const [alertId, { alert, document }] of this.#open) {
      if (!this.#outbox.has(alertId))
        this.#outbox.add({ n: ++this.#n, alertId, alert, document, message: undefined, silent: true, sent: false, attempts: 0 })
    }
  }

  async #read(): Promise<readonly StoredAlert[] | undefined> {
    if (!(await this.connection.connected())) return undefined
    const rows = await this.connection.run(async (client) => {
      const [open, known] = await Promise.all([
        client.zrange(OPEN_KEY, '0', String(MOST_OPEN_ALERTS - 1)),
        Promise.all(this.#alertIds.map((id) => client.hmget(alertKey(id), 'rev', 'doc'))),
      ])
      const others = open.filter((id) => !this.#alertIds.includes(id))
      return [...known, ...(await Promise.all(others.map((id) => client.hmget(alertKey(id), 'rev', 'doc'))))]
    })
    const stored: StoredAlert[] = []
    for (const [rev = null, document = null] of rows) {
      const found = toStoredAlert(rev, document, this.#now())
      if (document === null || !found) continue
      const { id, rule, service } = found.alert
      if (service !== this.#service && rule !== SERVICE_SILENT) continue
      // A transition that overtook this answer knows better.
      if (this.#revs.has(id) || this.#outbox.has(id)) continue
      this.#revs.set(id, String(found.rev))
      if (isOpen(found.alert)) this.#open.set(id, { alert: found.alert, document })
      stored.push(found)
    }
    return stored
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

/** Messages that say nothing but which state the alert is in. */
const TELLS_STATE: ReadonlySet<Transition['type']> = new Set(['fired', 'escalated', 'deescalated', 'resolved', 'reopened', 'unknown'])

function isOpen({ state }: Alert): boolean {
  return state === 'firing' || state === 'recovering' || state === 'unknown'
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
