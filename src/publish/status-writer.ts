/** The status of this instance on its way to Redis: only the newest counts. Each is a sign of life, and its answer says how the server is. */
import { SERVICE_SILENT } from '../catalogue.ts'
import type { Clock, Snapshot } from '../types.ts'
import { alertId } from '../wire/alert-id.ts'
import type { ShardNames } from '../wire/names.ts'
import type { BeatReply, PublisherClient } from '../wire/redis-client.ts'
import { signed } from '../wire/signature.ts'
import { encodeStatus } from '../wire/status-message.ts'

export interface StatusWriterOptions {
  readonly names: ShardNames
  readonly service: string
  /** As it is called in keys. */
  readonly instance: string
  /** Milliseconds without a sign of life after which this instance counts as gone. */
  readonly goneAfterMs: number
  readonly retentionMs: number
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
  isTaken: boolean
}

export class StatusWriter {
  readonly #options: StatusWriterOptions
  #beat = 0
  #newest: Message | undefined

  constructor(options: StatusWriterOptions) {
    this.#options = options
  }

  /** Whether there is one: the newest is sent with every new connection. */
  get has(): boolean {
    return this.#newest !== undefined
  }

  /** It has not been said that this instance stops, although it is to be. */
  get owesFarewell(): boolean {
    return this.#newest?.stopped === true && !this.#newest.isTaken
  }

  /** Returns how many texts were shortened and entries left out. */
  make(snapshot: Snapshot, stopped: boolean): number {
    const { hmacKey } = this.#options.names
    const { json, cut } = encodeStatus(snapshot, ++this.#beat)
    this.#newest = { json: hmacKey === undefined ? json : signed(hmacKey, 'status', json), stopped, isTaken: false }
    return cut
  }

  send(): void {
    const message = this.#newest
    // Who has stopped does not live again.
    if (!message || (message.stopped && message.isTaken)) return
    const { send, taken, clock, mayBeSentAgain } = this.#options
    const [keys, args] = [this.#keys(), this.#arguments(message)]
    send((client) => client.healthBeat(...keys, ...args)).then(
      (reply) => {
        message.isTaken = true
        taken(reply)
      },
      // A cluster that is choosing a new primary does not lose the connection.
      () =>
        void clock.after(AGAIN_MS, () => {
          if (!message.isTaken && this.#newest === message && mayBeSentAgain()) this.send()
        }),
    )
  }

  #keys(): readonly string[] {
    const { names, service, instance } = this.#options
    return [
      ...[names.status(service, instance), names.services, names.instances(service), names.due, names.meta, names.watcher],
      ...[names.alert(alertId(SERVICE_SILENT, service)), names.open, names.openOf(service), names.alerts, names.silent],
    ]
  }

  #arguments({ json, stopped }: Message): readonly string[] {
    const { names, service, instance, goneAfterMs, retentionMs } = this.#options
    const [forgottenAfterMs, watchesMs] = [Math.max(HOUR_MS, goneAfterMs), Math.ceil(goneAfterMs / 2)]
    return [
      ...[names.statusChannel(service), json, String(goneAfterMs), service, instance, String(forgottenAfterMs)],
      ...[stopped ? 'stopped' : 'alive', names.alertsChannel, String(retentionMs), instance, alertId(SERVICE_SILENT, service)],
      String(watchesMs),
    ]
  }
}
