/**
 * The transitions of the last day, as the stream of alerts holds them. What has been read is kept, and with each question only what came
 * since is read; bounded, so that a storm of a day does not fill the memory.
 */
import { parseMessage } from '../../wire/message.ts'
import type { ShardNames } from '../../wire/names.ts'
import type { RedisClient } from '../../wire/redis-client.ts'
import { pagesBackward, pagesForward, timeOf, type StreamEntry } from './read-stream.ts'
import { transitionRow, type KnownTransition } from './transition-row.ts'

/** Transitions that are kept, of all shards: some 20 MB. */
const MOST = 20_000

export interface Tail {
  /** In the order of time. */
  readonly transitions: readonly KnownTransition[]
  /** Epoch milliseconds: what was told before is not known any more. */
  readonly knownSince: number
}

export class TransitionTail {
  readonly #shards: readonly ShardTail[]
  #reading: Promise<Tail> | undefined

  /** `now`: epoch milliseconds of the server. `hours`: how long the stream keeps what is told. */
  constructor(client: RedisClient, names: readonly ShardNames[], hours: number, now: () => number) {
    const most = Math.ceil(MOST / names.length)
    this.#shards = names.map((each) => new ShardTail(client, each, { hours, most, now }))
  }

  /** As it is now. Whoever asks while it is read gets the same answer. */
  read(): Promise<Tail> {
    this.#reading ??= this.#read().finally(() => (this.#reading = undefined))
    return this.#reading
  }

  async #read(): Promise<Tail> {
    const tails = await Promise.all(this.#shards.map((shard) => shard.read()))
    const knownSince = Math.max(...tails.map((tail) => tail.knownSince))
    const [first] = tails
    if (tails.length === 1) return first!
    return { transitions: tails.flatMap(({ transitions }) => transitions).toSorted((a, b) => a.at - b.at), knownSince }
  }
}

interface TailOptions {
  readonly hours: number
  readonly most: number
  readonly now: () => number
}

class ShardTail {
  readonly #client: RedisClient
  readonly #names: ShardNames
  readonly #options: TailOptions
  #transitions: KnownTransition[] = []
  #epoch: string | null = null
  #lastId: string | undefined
  #cutAt = 0

  constructor(client: RedisClient, names: ShardNames, options: TailOptions) {
    this.#client = client
    this.#names = names
    this.#options = options
  }

  async read(): Promise<Tail> {
    const { hours, most, now } = this.#options
    const from = Math.max(now() - hours * 3_600_000, 0)
    const epoch = await this.#client.hget(this.#names.meta, 'epoch')
    // The server has lost its memory: ids begin anew, perhaps before those that were read.
    if (this.#lastId === undefined || epoch !== this.#epoch) await this.#readAnew(from)
    else await this.#readOn(this.#lastId)
    this.#epoch = epoch
    const old = this.#transitions.findIndex(({ at }) => at >= from)
    const tooMany = Math.max(this.#transitions.length - most, 0)
    const cut = Math.max(old < 0 ? this.#transitions.length : old, tooMany)
    if (cut > 0) {
      if (tooMany > 0) this.#cutAt = this.#transitions[tooMany - 1]!.at
      this.#transitions = this.#transitions.slice(cut)
    }
    return { transitions: this.#transitions, knownSince: Math.max(from, this.#cutAt) }
  }

  async #readAnew(from: number): Promise<void> {
    const found: KnownTransition[] = []
    let lastId: string | undefined
    this.#cutAt = 0
    for await (const page of pagesBackward(this.#client, this.#names.alerts, String(Math.floor(from)))) {
      lastId ??= page[0]![0]
      found.push(...this.#parsed(page))
      if (found.length < this.#options.most) continue
      this.#cutAt = timeOf(page.at(-1)![0])
      break
    }
    this.#lastId = lastId
    this.#transitions = found.toReversed()
  }

  async #readOn(lastId: string): Promise<void> {
    const added: KnownTransition[] = []
    for await (const page of pagesForward(this.#client, this.#names.alerts, `(${lastId}`)) {
      this.#lastId = page.at(-1)![0]
      added.push(...this.#parsed(page))
    }
    // Another list: whoever has the one before goes through it.
    if (added.length > 0) this.#transitions = [...this.#transitions, ...added]
  }

  #parsed(page: readonly StreamEntry[]): readonly KnownTransition[] {
    return page.flatMap(([id, [field, text]]) => {
      const message = field === 'd' && text !== undefined ? parseMessage(this.#names.alertsChannel, text, this.#names.hmacKey) : undefined
      return message?.channel === 'alerts' && message.id === id ? [transitionRow(message)] : []
    })
  }
}
