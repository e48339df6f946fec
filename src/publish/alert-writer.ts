/**
 * Alerts on their way to Redis, which holds the state of record: each write is a compare-and-set of its own, sent in order and
 * again until Redis has taken it, others were faster, or there are too many.
 */
import { randomUUID } from 'node:crypto'
import { SERVICE_SILENT } from '../catalogue.ts'
import { isOpen, type Instant } from '../judge/alert.ts'
import type { Alert, StoredAlert, Transition } from '../types.ts'
import { decodeAlert, encodeAlert, encodeTransition, type EncodedAlert, toStoredAlert } from '../wire/alert-document.ts'
import { alertKey, ALERTS_CHANNEL, ALERTS_KEY, META_KEY, OPEN_KEY } from '../wire/names.ts'
import { Outbox, type OutboxEntry } from './outbox.ts'
import type { PublisherClient } from '../wire/redis-client.ts'
import type { AlertRow } from './stored-alerts.ts'

export interface AlertWriterOptions {
  readonly service: string
  /** As it is called in keys. */
  readonly instance: string
  readonly retentionMs: number
  /** Transitions and saved alerts kept while Redis is away. */
  readonly limit: number
  readonly now: () => Instant
  readonly delivery: Delivery
}

/** The way to Redis, and who counts what becomes of the messages. */
export interface Delivery {
  /** Whether a message may be sent as soon as there is one. */
  readonly flowing: () => boolean
  /** Sends in the same tick. */
  readonly run: <T>(command: (client: PublisherClient) => Promise<T>) => Promise<T>
  /** Redis took a message. */
  readonly taken: () => void
  /** Redis takes messages, if not every one. */
  readonly answered: () => void
  /** Returns whether only this message is at fault. */
  readonly failed: (error: unknown) => boolean
  readonly conflicted: () => void
  readonly cut: (count: number) => void
  readonly dropped: (count: number) => void
}

interface AlertEntry extends OutboxEntry {
  readonly alert: Alert
  readonly encoded: EncodedAlert
  /** What is told, if it is. */
  readonly told: Transition['type'] | undefined
  attempts: number
  sent: boolean
}

const MOST_ATTEMPTS = 4

export class AlertWriter {
  readonly #options: AlertWriterOptions
  readonly #delivery: Delivery
  /** Numbers the writes of this process, so that one that is repeated is recognised. */
  readonly #writer = randomUUID()
  #n = 0
  readonly #outbox: Outbox<AlertEntry>
  readonly #revs = new Map<string, string>()
  /** Open alerts as they were last written: should the server lose its memory, they are saved again. */
  readonly #open = new Map<string, Alert>()

  constructor(options: AlertWriterOptions) {
    this.#options = options
    this.#delivery = options.delivery
    this.#outbox = new Outbox(options.limit)
  }

  /** Writes that Redis has not confirmed. */
  get waiting(): number {
    return this.#outbox.size
  }

  tell(transition: Transition): void {
    const { instance, now } = this.#options

    const encoded = encodeTransition(transition, instance, now())

    this.#write(transition.alert, encoded, transition.type)
    if (encoded.cut > 0) this.#delivery.cut(encoded.cut)
  }

  /** Without a message. */
  save(alert: Alert): void {
    const { instance, now } = this.#options
    this.#write(alert, encodeAlert(alert, instance, now()), undefined)
  }

  /** The connection is lost: what was sent may have been carried out, and is recognised if it is sent again. */
  unsend(): void {
    this.#outbox.unsend()
  }

  /** Sends the oldest write; `false` if there is none. */
  sendFirst(): boolean {
    const [first] = this.#outbox.values()
    if (first) this.#send(first)
    return first !== undefined
  }

  sendAll(): void {
    for (const entry of this.#outbox.values()) if (!entry.sent) this.#send(entry)
  }

  /** The server may have lost its memory. What is still to be told does not give way to it. */
  saveOpenAgain(): void {
    const { instance, now, limit } = this.#options
    for (const alert of this.#open.values()) {
      if (this.#outbox.has(alert.id)) continue
      if (this.#outbox.size < limit) this.#add(alert, encodeAlert(alert, instance, now()), undefined)
      else this.#delivery.dropped(1)
    }
  }

  /** Takes over what Redis holds of this service and of silences; without those that were written here meanwhile, which is newer. */
  adopt(rows: readonly AlertRow[]): readonly StoredAlert[] {
    const stored: StoredAlert[] = []
    for (const [rev, document] of rows) {
      const found = toStoredAlert(rev, document, this.#options.now())
      if (document === null || !found) continue
      const { id, rule, service } = found.alert
      if (service !== this.#options.service && rule !== SERVICE_SILENT) continue
      if (this.#revs.has(id) || this.#outbox.has(id)) continue
      this.#revs.set(id, String(found.rev))
      if (isOpen(found.alert)) this.#open.set(id, found.alert)
      stored.push(found)
    }
    return stored
  }

  #write(alert: Alert, encoded: EncodedAlert, told: AlertEntry['told']): void {
    if (isOpen(alert)) this.#open.set(alert.id, alert)
    else this.#open.delete(alert.id)
    const entry = this.#add(alert, encoded, told)
    if (this.#delivery.flowing()) this.#send(entry)
  }

  #add(alert: Alert, encoded: EncodedAlert, told: AlertEntry['told']): AlertEntry {
    const entry = { n: ++this.#n, alertId: alert.id, alert, encoded, told, silent: told === undefined, sent: false, attempts: 0 }
    this.#delivery.dropped(this.#outbox.add(entry))
    return entry
  }

  #send(entry: AlertEntry): void {
    const { alertId, alert, told } = entry
    const { fields, timers } = entry.encoded
    entry.sent = true
    const expected = this.#revs.get(alertId) ?? '0'
    const key = alertKey(alertId)
    const keep = isOpen(alert) ? 'open' : 'other'
    const written = [expected, this.#writer, String(entry.n), fields, timers, alertId, String(alert.since), keep] as const

    const answer = this.#delivery.run((client) =>
      told
        ? client.healthTransition(key, OPEN_KEY, ALERTS_KEY, META_KEY, ...written, ALERTS_CHANNEL, String(this.#options.retentionMs))
        : client.healthSave(key, OPEN_KEY, ...written),
    )

    answer.then(
      ([outcome, rev, document]) => {
        this.#revs.set(alertId, rev)
        if (outcome === 0) this.#conflict(entry, document)
        else {
          this.#outbox.delete(entry)
          this.#delivery.taken()
        }
      },
      (error: unknown) => {
        if (!this.#delivery.failed(error)) return
        // At fault is this entry, which must not keep the others waiting for ever.
        if (++entry.attempts < MOST_ATTEMPTS) return this.#send(entry)
        this.#outbox.delete(entry)
        this.#delivery.dropped(1)
        this.#delivery.answered()
      },
    )
  }

  /** Somebody else changed the alert. What they wrote stands unless ours still says something else. */
  #conflict(entry: AlertEntry, document: string): void {
    this.#delivery.conflicted()
    if (!entry.told || this.#saysTheSame(entry, document) || ++entry.attempts >= MOST_ATTEMPTS) {
      this.#outbox.delete(entry)
      this.#delivery.taken()
    } else this.#send(entry)
  }

  #saysTheSame({ alert, told }: AlertEntry, document: string): boolean {
    if (!told || !TELLS_STATE.has(told)) return false
    const held = decodeAlert(document, this.#options.now())
    return held?.state === alert.state && held.severity === alert.severity
  }
}

/** Messages that say nothing but which state the alert is in. */
const TELLS_STATE: ReadonlySet<Transition['type']> = new Set(['fired', 'escalated', 'deescalated', 'resolved', 'reopened', 'unknown'])
