/** The history of a service: a minute of this instance at a time. Minutes that Redis missed are in the next entry. */
import type { Clock, Counted, Snapshot } from '../types.ts'
import { countedSince, countedText } from '../wire/counted.ts'
import type { ShardNames } from '../wire/names.ts'
import type { PublisherClient } from '../wire/redis-client.ts'
import { historyEntry, increaseOf } from './history.ts'

export interface HistoryWriterOptions {
  readonly names: ShardNames
  readonly service: string
  /** As it is called in keys. */
  readonly instance: string
  readonly retentionMs: number
  readonly clock: Clock
  /** Sends in the same tick. A rejection has been dealt with. */
  readonly send: <T>(command: (client: PublisherClient) => Promise<T>) => Promise<T>
  readonly taken: () => void
}

const MINUTE_MS = 60_000

export class HistoryWriter {
  readonly #options: HistoryWriterOptions
  #writtenAt: number
  /** As Redis has taken them. */
  #totals: Snapshot['totals'] = {}
  #counted: Counted = {}

  constructor(options: HistoryWriterOptions) {
    this.#options = options
    this.#writtenAt = options.clock.monotonicMs()
  }

  /** If a minute has passed, or nothing follows. Returns how much was left out of it. */
  write(snapshot: Snapshot, isLast: boolean): number {
    const { names, service, instance, retentionMs, clock, send, taken } = this.#options
    const now = clock.monotonicMs()
    if (now - this.#writtenAt < MINUTE_MS && !isLast) return 0
    const before = this.#writtenAt
    this.#writtenAt = now
    const { instanceStatus: status, totals, metrics: gauges, counted } = snapshot
    const { fields, cut } = historyEntry({ instance, status, counts: increaseOf(totals, this.#totals), gauges })
    const keys = [names.history(service), names.alerts, names.counted(service)]
    const more = countedText(countedSince(counted, this.#counted))
    send((client) => client.healthHistory(...keys, String(retentionMs), instance, more, ...fields)).then(
      () => {
        this.#totals = totals
        this.#counted = counted
        taken()
      },
      () => (this.#writtenAt = before),
    )
    return cut
  }
}
