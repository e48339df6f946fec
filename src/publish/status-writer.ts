/** The status of this instance on its way to Redis: only the newest counts. Each is a sign of life, and its answer says how the server is. */
import { randomBytes } from 'node:crypto'

import { SERVICE_SILENT } from '../catalogue.ts'
import type { Clock, Snapshot } from '../types.ts'
import { alertId } from '../wire/alert-id.ts'
import type { ShardNames } from '../wire/names.ts'
import type { BeatReply, PublisherClient } from '../wire/redis-client.ts'
import { signed } from '../wire/signature.ts'
import { encodeStatus } from '../wire/status-message.ts'
import { isRefusalOfAll, isReply } from './refusals.ts'

export interface StatusWriterOptions {
  readonly names: ShardNames
  readonly service: string
  /** As it is called in keys. */
  readonly instance: string
  /** Milliseconds without a sign of life after which this instance counts as gone. */
  readonly goneAfterMs: number
  readonly retentionMs: number
  /** Whether it is an alert when nothing is heard of the service. */
  readonly isWatched: boolean
  readonly clock: Clock
  /** Sends in the same tick. A rejection has been dealt with. */
  readonly send: <T>(command: (client: PublisherClient) => Promise<T>) => Promise<T>
  /** Whether one that was refused may be sent again now. */
  readonly mayBeSentAgain: () => boolean
  readonly taken: (reply: BeatReply) => void
}

/** One that was refused or not answered is sent again after this, unless there is a newer one or another connection. */
const AGAIN_MS = 1000
const HOUR_MS = 3_600_000

interface Message {
  readonly json: string
  readonly stopped: boolean
  readonly draining: boolean
  isTaken: boolean
}

export class StatusWriter {
  readonly #options: StatusWriterOptions
  /**
   * Of this process: instances may bear a name that lasts, or have the name of another by mistake. Short, because Redis keeps a sorted set
   * whose members are longer than 64 bytes in a form that takes four times the memory.
   */
  readonly #process = randomBytes(8).toString('hex')
  /** A start was noted: later messages are of a process that is known. */
  #hasBeaten = false
  #hasSent = false
  #beat = 0
  #newest: Message | undefined

  constructor(options: StatusWriterOptions) {
    this.#options = options
  }

  /** Whether there is one: the newest is sent with every new connection. */
  get has(): boolean {
    return this.#newest !== undefined
  }

  /** Whether one may have reached Redis. */
  get hasSent(): boolean {
    return this.#hasSent
  }

  /** It has not been said that this instance stops, although it is to be. */
  get owesFarewell(): boolean {
    return this.#newest?.stopped === true && !this.#newest.isTaken
  }

  /** Returns how many texts were shortened and entries left out. */
  make(snapshot: Snapshot, stopped: boolean): number {
    const { hmacKey } = this.#options.names
    const { json, cut } = encodeStatus(snapshot, ++this.#beat)
    this.#newest = {
      json: hmacKey === undefined ? json : signed(hmacKey, 'status', json),
      stopped,
      draining: snapshot.phase === 'draining',
      isTaken: false,
    }
    return cut
  }

  send(): void {
    const message = this.#newest
    // Who has stopped does not live again.
    if (!message || (message.stopped && message.isTaken)) return
    const { send, taken, clock, mayBeSentAgain } = this.#options
    const [keys, args] = [this.#keys(), this.#arguments(message)]
    this.#hasSent = true
    send((client) => client.healthBeat(...keys, ...args)).then(
      (reply) => {
        message.isTaken = true
        this.#hasBeaten = true
        taken(reply)
      },
      // A cluster that is choosing a new primary does not lose the connection.
      (error: unknown) => {
        // Its start is noted all the same where only a channel was refused.
        if (isReply(error) && !isRefusalOfAll(error)) this.#hasBeaten = true
        clock.after(AGAIN_MS, () => {
          if (!message.isTaken && this.#newest === message && mayBeSentAgain()) this.send()
        })
      },
    )
  }

  #keys(): readonly string[] {
    const { names, service, instance } = this.#options
    return [
      ...[names.status(service, instance), names.services, names.instances(service), names.due, names.meta, names.watcher],
      ...[names.alert(alertId(SERVICE_SILENT, service)), names.open, names.openOf(service), names.alerts, names.silent],
      ...[names.starts(service), names.restarts(service), names.silences, names.causing, names.overlayDue, names.draining(service)],
    ]
  }

  #arguments({ json, stopped, draining }: Message): readonly string[] {
    const { names, service, instance, goneAfterMs, retentionMs, isWatched } = this.#options
    const says = stopped ? 'stopped' : this.#hasBeaten ? 'alive' : 'first'
    const [forgottenAfterMs, watchesMs] = [Math.max(HOUR_MS, goneAfterMs), Math.ceil(goneAfterMs / 2)]
    return [
      ...[names.statusChannel(service), json, String(goneAfterMs), service, instance, String(forgottenAfterMs)],
      ...[says, names.alertsChannel, String(retentionMs), instance, alertId(SERVICE_SILENT, service)],
      ...[String(watchesMs), this.#process, isWatched ? 'watched' : 'unwatched', draining ? 'draining' : 'staying'],
    ]
  }
}
