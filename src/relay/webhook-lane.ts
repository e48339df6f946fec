/**
 * Passes transitions on to a webhook, in the order of the stream for each alert, several alerts at once. The position in the stream moves
 * over what is done without a gap: after a death some may be sent again, with the same id, and none is left out.
 */
import { isOpen } from '../judge/alert.ts'
import type { Cancel, Clock } from '../types.ts'
import { parseMessage } from '../wire/message.ts'
import type { AlertMessage } from '../wire/alert-message.ts'
import type { ShardNames } from '../wire/names.ts'
import { toIso } from '../wire/iso-time.ts'
import { isQuiet } from '../wire/overlays-view.ts'
import { backoffMs } from './backoff.ts'
import type { Affected, Delivery } from './delivery.ts'
import { deliveryId, standing } from './delivery.ts'
import type { LaneOfWork, LaneWork } from './lane.ts'
import type { LaneStore, Pulled, StreamEntry } from './lane-store.ts'
import type { Outcome } from './post.ts'
import { BEGINNING, endOf, seqOf, trimmedAfter } from './stream-id.ts'
import type { TargetReport } from './target-report.ts'
import { type ToldRecord, withTold } from './told.ts'
import { TransitionWindow, type Item } from './transition-window.ts'

export interface WebhookLaneOptions {
  readonly store: LaneStore
  readonly clock: Clock
  readonly report: TargetReport
  readonly lane: LaneOfWork
  readonly names: ShardNames
  /** Rejects where Redis does not answer. `message` counts as told. */
  readonly affected: (message: AlertMessage) => Promise<Affected>
  /** Never rejects. */
  readonly send: (delivery: Delivery, signal: AbortSignal) => Promise<Outcome>
  readonly wait?: typeof backoffMs
}

/** Requests at the same time. */
const AT_ONCE = 8
/** One that failed so often, while others were taken, will not be taken. */
const MOST_FAILURES = 8

export class WebhookLane implements LaneWork {
  readonly #options: WebhookLaneOptions
  readonly #window = new TransitionWindow()
  #records = new Map<string, ToldRecord>()
  /** Alerts whose record Redis does not have yet. */
  #changed = new Set<string>()
  #after: string | undefined
  #cursor = BEGINNING
  #epoch = ''
  #moved = false
  #hadRoom = true
  #catchingUp = false
  #advancing: Promise<void> | undefined
  /** Whatever was begun before the claim was lost is of another generation. */
  #generation = 0
  #finishing = false
  #aborter = new AbortController()
  #failures = 0
  #pausedUntil = 0
  #tookAt = -Infinity
  #cancelPump: Cancel | undefined

  constructor(options: WebhookLaneOptions) {
    this.#options = options
  }

  get after(): string | undefined {
    return this.#after
  }

  get room(): number {
    return this.#catchingUp || this.#finishing ? 0 : this.#window.room
  }

  begin(records: ReadonlyMap<string, ToldRecord>): void {
    this.#records = new Map(records)
    this.#after = undefined
  }

  lose(): void {
    this.#generation++
    this.#aborter.abort()
    this.#aborter = new AbortController()
    this.#cancelPump?.()
    this.#window.clear()
    this.#changed.clear()
    this.#moved = false
    this.#catchingUp = false
    this.#after = undefined
    this.#failures = 0
    this.#pausedUntil = 0
  }

  take(pulled: Pulled): void {
    if (this.#finishing || this.#catchingUp) return
    if (this.#after === undefined && pulled.stored) {
      this.#after = this.#cursor = pulled.stored.cursor
      this.#epoch = pulled.stored.epoch
    }
    if (this.#after === undefined) this.#catchUp(pulled, 0)
    else if (pulled.epoch !== this.#epoch) this.#beginAnew(pulled)
    else {
      const trimmed = pulled.seq < seqOf(this.#after) ? 1 : trimmedAfter(this.#after, pulled)
      if (trimmed > 0) this.#catchUp(pulled, trimmed)
      else for (const entry of pulled.entries) this.#add(entry)
      this.#hadRoom = this.#window.room > 0
    }
    this.#settle()
    this.#pump()
  }

  async finish(graceMs: number): Promise<void> {
    this.#finishing = true
    this.#cancelPump?.()
    const cancel = this.#options.clock.after(graceMs, () => this.#aborter.abort())
    while (this.#window.sending > 0 && !this.#aborter.signal.aborted) {
      // oxlint-disable-next-line no-await-in-loop
      await this.#idle()
    }
    cancel()
    this.#settle()
    await this.#advancing
  }

  /** What was read of the former memory is passed on first. */
  #beginAnew(pulled: Pulled): void {
    if (!this.#window.isEmpty) return
    if (this.#epoch !== '') this.#options.report.memoryLost()
    this.#epoch = pulled.epoch
    this.#after = this.#cursor = BEGINNING
    // A server that was emptied has forgotten them too.
    this.#changed = new Set(this.#records.keys())
    this.#moved = true
    this.#options.lane.look()
  }

  /** Of what was trimmed, or was there before the target was: how alerts stand that the target was not told so. */
  #catchUp(pulled: Pulled, trimmed: number): void {
    const { store, clock, report } = this.#options
    const generation = this.#generation
    const cursor = endOf(pulled, this.#after)
    const read = async () => {
      const open = await store.openIds()
      const alerts = await store.alerts([...new Set([...open, ...this.#records.keys()])])
      if (generation !== this.#generation) return
      if (trimmed > 0) report.trimmed(trimmed)
      this.#epoch = pulled.epoch
      for (const alert of alerts.values()) {
        const record = this.#records.get(alert.alert_id)
        const { id, message } = standing(alert, pulled.epoch, record, toIso(clock.epochMs()))
        if (this.#isKnown(message) || (!record && (!isOpen(alert) || isQuiet(alert)))) continue
        // Until all of them are done, the position stays before them.
        this.#window.add(this.#cursor, id, message)
      }
      this.#window.pass(cursor)
      this.#after = cursor
    }
    this.#catchingUp = true
    // Where Redis does not answer, the next look at the stream finds it as before.
    read()
      .catch(() => {})
      .finally(() => {
        if (generation !== this.#generation) return
        this.#catchingUp = false
        this.#settle()
        this.#pump()
      })
  }

  #add({ id, text }: StreamEntry): void {
    const { report, names } = this.#options
    const parsed = parseMessage(names.alertsChannel, text, names.hmacKey)
    const message = parsed?.channel === 'alerts' ? parsed : undefined
    if (!message) report.unreadable()
    if (message?.deliver) this.#window.add(id, deliveryId(message.epoch, message.id, names.sharded ? names.shard : undefined), message)
    else this.#window.pass(id)
    this.#after = id
  }

  /** Begins what may be begun. */
  #pump(): void {
    this.#cancelPump?.()
    if (this.#finishing || !this.#options.lane.holds()) return
    const now = this.#options.clock.monotonicMs()
    // Of a target that failed, one message finds out whether it takes them again.
    const most = this.#failures > 0 ? 1 : AT_ONCE
    let sending = this.#window.sending
    const next = this.#window.ready()
    for (const item of next) {
      if (sending >= most || now < this.#pausedUntil) break
      if (now < item.notBefore) continue
      if (this.#isKnown(item.message!)) {
        item.state = 'done'
        this.#settle()
        return this.#pump()
      }
      sending++
      void this.#send(item)
    }
    const waits = next.filter(({ state }) => state === 'waiting').map(({ notBefore }) => Math.max(notBefore, this.#pausedUntil) - now)
    if (waits.length > 0 && sending < most)
      this.#cancelPump = this.#options.clock.after(Math.max(1, Math.min(...waits)), () => this.#pump())
  }

  /** It was told how the alert stands, which was after this. */
  #isKnown({ alert_id: id, epoch, rev }: AlertMessage): boolean {
    const record = this.#records.get(id)
    return record?.epoch === epoch && record.rev >= rev
  }

  async #send(item: Item): Promise<void> {
    const { clock, report, send, lane, wait = backoffMs } = this.#options
    const generation = this.#generation
    item.state = 'sending'
    const delivery = await this.#deliveryOf(item)
    if (generation !== this.#generation) return
    // This process may have stood still meanwhile.
    if (!lane.holds()) return void (item.state = 'waiting')
    const outcome = await send(delivery, this.#aborter.signal)
    if (generation !== this.#generation) return
    const now = clock.monotonicMs()
    if (outcome.kind === 'ok') {
      report.sent()
      this.#failures = 0
      this.#tookAt = now
      this.#told(item)
    } else if (outcome.kind === 'refused') this.#giveUp(item, outcome.reason)
    else if (!this.#aborter.signal.aborted) {
      if (item.failures++ === 0) item.firstFailedAt = now
      this.#failures++
      report.failed(outcome.reason)
      item.notBefore = now + wait(item.failures, Math.random(), outcome.askedMs)
      this.#pausedUntil = now + wait(this.#failures, Math.random(), outcome.askedMs)
      if (item.failures >= MOST_FAILURES && this.#tookAt > item.firstFailedAt) this.#giveUp(item, outcome.reason)
      else item.state = 'waiting'
    } else item.state = 'waiting'
    this.#settle()
    this.#pump()
  }

  async #deliveryOf({ id, message }: Item): Promise<Delivery> {
    const { store, affected } = this.#options
    const { alert_id: alertId } = message!
    // What cannot be read now is left out: the transition itself is what counts.
    const [services, elsewhere] = await Promise.all([
      affected(message!).catch(() => undefined),
      store.toldElsewhere([alertId]).catch(() => new Map<string, never>()),
    ])
    const own = this.#records.get(alertId)
    return {
      id,
      message: message!,
      ...(services && { services }),
      told: [...(own ? [{ target: this.#options.report.name, told: own.told }] : []), ...(elsewhere.get(alertId) ?? [])],
    }
  }

  #told(item: Item): void {
    const message = item.message!
    const at = toIso(this.#options.clock.epochMs())
    const { alert_id: id, type, severity } = message
    if (message.state === 'resolved') this.#records.delete(id)
    else this.#records.set(id, withTold(this.#records.get(id), message, { type, severity, at }))
    this.#changed.add(id)
    item.state = 'done'
  }

  #giveUp(item: Item, reason: string): void {
    this.#options.report.refused(reason, item.id)
    const { alert_id: id, state } = item.message!
    // Nothing follows it that would take the record away.
    if (state === 'resolved' && this.#records.delete(id)) this.#changed.add(id)
    item.state = 'done'
  }

  /** Moves the position over what is done. */
  #settle(): void {
    const cursor = this.#window.settle()
    if (cursor !== undefined) {
      this.#cursor = cursor
      this.#moved = true
      // There may be more than there was room for.
      if (!this.#hadRoom && this.#window.isHalfEmpty) this.#options.lane.look()
    }
    if ((this.#moved || this.#changed.size > 0) && !this.#advancing) {
      this.#advancing = this.#advance().finally(() => (this.#advancing = undefined))
    }
  }

  async #advance(): Promise<void> {
    const generation = this.#generation
    let answered = true
    while (answered && generation === this.#generation && (this.#moved || this.#changed.size > 0)) {
      const changed = [...this.#changed]
      this.#moved = false
      this.#changed.clear()
      const records = new Map(changed.map((id) => [id, this.#records.get(id)]))
      // oxlint-disable-next-line no-await-in-loop
      answered = await this.#options.store.advance({ cursor: this.#cursor, epoch: this.#epoch }, records).catch(() => false)
      if (answered || generation !== this.#generation) continue
      // With the next look at the stream, if the claim is still held then.
      this.#moved = true
      for (const id of changed) this.#changed.add(id)
    }
  }

  #idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.after(10, resolve)
    })
  }
}
