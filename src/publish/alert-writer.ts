/**
 * What this instance says of alerts, on its way to Redis, where the alert of the service is folded from it. Each is said again, after growing
 * pauses, until Redis has answered it or something newer of the same alert has taken its place.
 */
import { diag } from '../diag.ts'
import { isOpen, type Instant } from '../judge/alert.ts'
import type { Alert, Clock, TransitionCause } from '../types.ts'
import { encodeEntry, type EncodedEntry } from '../wire/alert-entry.ts'
import type { ShardNames } from '../wire/names.ts'
import type { AlertReply, PublisherClient } from '../wire/redis-client.ts'
import { alertKeys, lookingOnly } from '../wire/scripts/alert.ts'
import { signatureOf } from '../wire/signature.ts'
import { Outbox, type OutboxEntry } from './outbox.ts'

export interface AlertWriterOptions {
  readonly names: ShardNames
  readonly service: string
  /** As it is called in keys. */
  readonly instance: string
  /** Milliseconds without a sign of life after which this instance counts as gone. */
  readonly goneAfterMs: number
  readonly retentionMs: number
  /** What is kept while Redis is away. */
  readonly limit: number
  /** What may cause the alerts of a rule, by its name: `<service>:<rule>` each. */
  readonly causes?: ReadonlyMap<string, readonly string[]>
  readonly clock: Clock
  readonly delivery: Delivery
}

/** The way to Redis, and who counts what becomes of the messages. */
export interface Delivery {
  /** Whether a message may be sent as soon as there is one. */
  readonly flowing: () => boolean
  readonly connected: () => boolean
  /** Whether it has been said that this instance stops. */
  readonly leaving: () => boolean
  /** Sends in the same tick. */
  readonly run: <T>(command: (client: PublisherClient) => Promise<T>) => Promise<T>
  /** Redis took a message. */
  readonly taken: () => void
  /** Returns whether Redis answered, and refuses this message only. */
  readonly failed: (error: unknown) => boolean
  readonly conflicted: () => void
  readonly cut: (count: number) => void
  readonly dropped: (count: number) => void
  readonly heardEpoch: (epoch: string) => void
}

interface AlertEntry extends OutboxEntry {
  readonly n: number
  readonly alert: Alert
  readonly encoded: EncodedEntry
  readonly cause: TransitionCause
  failures: number
}

interface LastSaid {
  readonly alert: Alert
  /** Milliseconds on the monotonic clock. */
  readonly saidAt: number
  /** The number of the last write that was answered. */
  readonly answered: number
}

/** Alerts of which it is remembered what was said: more are not compared with what the server holds. */
const MOST_REMEMBERED = 2000

function isActive(alert: Alert): boolean {
  return isOpen(alert) || alert.state === 'pending'
}

/** What a server had answered for longer has been written down, or sent to its replicas. */
const RECENT_MS = 60_000

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 20_000
/** Without an answer, as from a cluster that is choosing a new primary. */
const LONGEST_PAUSE_UNANSWERED_MS = 500

export class AlertWriter {
  readonly #options: AlertWriterOptions
  readonly #outbox: Outbox<AlertEntry>
  /** Tells the writes of this process from those of an earlier one with the same name: the server's time of its first contact. */
  #start: string | undefined
  #n = 0
  /** What was last said of each alert. */
  readonly #last = new Map<string, LastSaid>()
  /** Alerts that people were told of, and for which this instance stands. */
  readonly #told = new Set<string>()
  /** Something was not answered: what was answered shortly before may be lost with the server that did. */
  #isInDoubt = false
  #saidUnknownVersion = false
  /** A process of the same name, started later, has spoken: what was said here is not said again. */
  #isSuperseded = false

  constructor(options: AlertWriterOptions) {
    this.#options = options
    this.#outbox = new Outbox(options.limit)
  }

  /** What Redis has not confirmed. */
  get waiting(): number {
    return this.#outbox.size
  }

  /** Ids of the alerts that are open here. */
  get open(): readonly string[] {
    return [...this.#last.values()].flatMap(({ alert }) => (isOpen(alert) ? [alert.id] : []))
  }

  /** Whether the server has told its time, and what was said before this process began: nothing is sent before. */
  get begun(): boolean {
    return this.#start !== undefined
  }

  /** Milliseconds of the server's clock at the first contact; later ones change nothing. */
  begin(serverNow: number): void {
    if (this.#start !== undefined) return
    this.#start = String(serverNow * 1000 + Math.floor(Math.random() * 1000))
    if (this.#options.delivery.flowing()) this.sendAll()
  }

  /** `silent`: no transition; what is newer takes its place. */
  say(alert: Alert, silent: boolean, cause: TransitionCause = 'condition'): void {
    if (this.#last.size >= MOST_REMEMBERED && !this.#last.has(alert.id)) this.#forgetOne()
    this.#last.set(alert.id, { alert, saidAt: this.#options.clock.monotonicMs(), answered: this.#last.get(alert.id)?.answered ?? 0 })
    const encoded = encodeEntry(alert, this.#now())
    if (encoded.cut > 0) this.#options.delivery.cut(encoded.cut)
    const entry = { n: ++this.#n, alertId: alert.id, alert, encoded, cause, silent, sent: false, failures: 0 }
    this.#options.delivery.dropped(this.#outbox.add(entry))
    if (this.#options.delivery.flowing()) this.#sendNext(alert.id)
  }

  /** Rather one that is over, and of these what was said of first. */
  #forgetOne(): void {
    const all = [...this.#last]
    const [id] = all.find(([, { alert }]) => !isActive(alert)) ?? all[0]!
    this.#last.delete(id)
  }

  /**
   * What an earlier process of this name said, as the server holds it. Returns those of which nothing newer was said here: an alert that is open
   * there goes on, and what was found here without it, and is told to nobody, is not said.
   */
  adopt(alerts: readonly Alert[]): readonly Alert[] {
    return alerts.filter((alert) => {
      const own = this.#last.get(alert.id)
      const isOwn = own !== undefined && own.saidAt !== -Infinity
      if (isOwn && this.begun) return false
      if (isOpen(alert)) this.#told.add(alert.id)
      if (isOwn && (!isOpen(alert) || isOpen(own.alert))) return false
      if (isOwn && (own.alert.state === 'resolved' || !this.#outbox.forgetSilent(alert.id))) {
        // Its end had no room: the next comparison is to find that the server does not have it.
        if (!this.#outbox.has(alert.id)) this.#last.set(alert.id, { ...own, answered: Infinity })
        return false
      }
      if (!own || isOwn) this.#last.set(alert.id, { alert, saidAt: -Infinity, answered: 0 })
      return true
    })
  }

  /** Everything that is not over, once more: others took this instance for gone, or the server has lost its memory. */
  sayAgain(): void {
    for (const { alert } of this.#last.values()) if (isActive(alert)) this.#sayOnce(alert)
  }

  /** And what is over since so lately that the server may have lost it: another has taken its place, or it did not write it down. */
  sayAgainWhatIsRecent(): void {
    const now = this.#options.clock.monotonicMs()
    for (const { alert, saidAt } of this.#last.values()) if (isActive(alert) || now - saidAt < RECENT_MS) this.#sayOnce(alert)
  }

  /** Compares what was answered with what the server holds. `open`: the number of what this instance said last of each open alert. */
  compare(open: ReadonlyMap<string, number>): void {
    for (const [id, { alert, answered }] of this.#last) {
      const held = open.get(id)
      const isLost = held === undefined ? isOpen(alert) && this.#told.has(id) : answered > held
      if (isLost) this.#sayOnce(alert)
    }
  }

  /** What has no room does not push out what was never told. */
  #sayOnce(alert: Alert): void {
    if (this.#outbox.has(alert.id) || this.#isSuperseded) return
    if (this.#outbox.isFull) return this.#options.delivery.dropped(1)
    this.say(alert, true)
  }

  /** Sends what comes first; `false` if there is nothing. */
  sendFirst(): boolean {
    const [first] = this.#outbox.firsts()
    if (first === undefined || this.#start === undefined) return false
    this.#sendNext(first.alertId)
    return true
  }

  sendAll(): void {
    for (const { alertId } of this.#outbox.firsts()) this.#sendNext(alertId)
  }

  /** Looks who is gone, for an alert of this service. */
  async fold(alertId: string): Promise<void> {
    const { delivery, names, service, retentionMs } = this.#options
    const looking = lookingOnly(names, retentionMs, this.#start ?? '0')
    await delivery.run((client) => client.healthAlert(...alertKeys(names, alertId, service), ...looking))
  }

  #sendNext(alertId: string): void {
    const entry = this.#outbox.first(alertId)
    if (!entry || entry.sent || this.#start === undefined) return
    entry.sent = true
    const { delivery, service, instance, goneAfterMs, names, retentionMs } = this.#options
    const { head, about } = entry.encoded
    const tail = this.#signed(entry)
    const says = `${head}"keep":${goneAfterMs},"start":${this.#start},"n":${entry.n},${entry.encoded.counted}`
    const told = this.#told.has(alertId) ? 'told' : 'untold'
    const how = `${entry.alert.scope ?? 'any'} ${told} ${delivery.leaving() ? 'leaving' : 'staying'} ${entry.cause}`
    const answer = delivery.run((client) =>
      client.healthAlert(
        ...alertKeys(names, alertId, service),
        ...[instance, says, tail, about, how, names.alertsChannel, String(retentionMs), this.#start!],
        this.#options.causes?.get(entry.alert.rule)?.join(' ') ?? '',
      ),
    )
    answer.then(
      (reply) => this.#answered(entry, reply),
      (error: unknown) => this.#refused(entry, error),
    )
  }

  /** What people read, signed with the key that was given, if one was. */
  #signed({ encoded, alert, n }: AlertEntry): string {
    const {
      instance,
      names: { hmacKey },
    } = this.#options
    if (hmacKey === undefined) return encoded.tail
    const { id: alertId, service, rule, state, severity } = alert
    const { labels, message, runbook, value } = encoded.said
    const statement = { alertId, service, rule, labels, instance, state, severity, start: this.#start!, n, message, runbook, value }
    return `${encoded.tail.slice(0, -2)},${signatureOf(hmacKey, statement)}}}`
  }

  #answered(entry: AlertEntry, [outcome, , state, , , epoch]: AlertReply): void {
    const { delivery, service, instance } = this.#options
    if (outcome === '4') {
      if (!this.#saidUnknownVersion)
        diag.warn(
          `otel-health: the alert ${entry.alert.rule} of ${service} is kept in Redis by a newer otel-health and is left alone: bring this service to the same version.`,
        )
      this.#saidUnknownVersion = true
      return this.#later(entry)
    }
    if (outcome === '3') {
      delivery.conflicted()
      if (!this.#isSuperseded)
        diag.warn(`otel-health: another process calls itself ${instance} of ${service}, and started later: alerts are its own to tell now.`)
      this.#isSuperseded = true
    } else {
      if (isOpen({ state: state as Alert['state'] }) && isOpen(entry.alert)) this.#told.add(entry.alertId)
      else this.#told.delete(entry.alertId)
      if (epoch !== '') delivery.heardEpoch(epoch)
    }
    const last = this.#last.get(entry.alertId)
    if (last) this.#last.set(entry.alertId, { ...last, answered: entry.n })
    this.#outbox.delete(entry)
    this.#sendNext(entry.alertId)
    delivery.taken()
    if (!this.#isInDoubt) return
    this.#isInDoubt = false
    this.sayAgainWhatIsRecent()
  }

  #refused(entry: AlertEntry, error: unknown): void {
    const isAnswer = this.#options.delivery.failed(error)
    this.#isInDoubt ||= !isAnswer
    this.#later(entry, isAnswer ? LONGEST_PAUSE_MS : LONGEST_PAUSE_UNANSWERED_MS)
  }

  /** At fault may be this alert alone: the others are not kept waiting. */
  #later(entry: AlertEntry, longestMs: number = LONGEST_PAUSE_MS): void {
    entry.sent = false
    const { clock, delivery } = this.#options
    if (!delivery.connected()) return
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** entry.failures++, longestMs)
    // Not only while messages flow: it may be the one that went ahead, for whose answer all others wait.
    clock.after(pause * (1 - Math.random() / 4), () => delivery.connected() && this.#sendNext(entry.alertId))
  }

  #now(): Instant {
    const { clock } = this.#options
    return { monotonicMs: clock.monotonicMs(), epochMs: clock.epochMs() }
  }
}
