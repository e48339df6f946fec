/**
 * What is made of messages as they come. Anybody may publish: a message makes something be read, at most so often, and is passed on to
 * who wants to hear it; it changes nothing that is known. The work for one is the same however many services there are.
 */
import type { Clock } from '../types.ts'
import type { AlertMessage } from '../wire/alert-message.ts'
import { parseMessage, type HealthMessage } from '../wire/message.ts'
import { kindOfChannel } from '../wire/names.ts'
import { Allowance } from './allowance.ts'
import type { Audience } from './audience.ts'
import type { Problem } from './health-view.ts'
import { FUTURE_MS } from './read-scores.ts'
import type { ShardFollower } from './shard-follower.ts'

/** Messages of services and instances that nobody knows: so many a second are looked up and passed on. The next look finds the rest. */
const STRANGERS_PER_SECOND = 200
/** Messages of transitions that are not there: for so many a second the stream is read at once, for the rest together. */
const LIES_PER_SECOND = 50
/** Bytes. */
const LARGEST = 64 * 1024

export interface EarOptions {
  readonly clock: Clock
  readonly audience: Audience
  readonly shardOf: (channel: string) => ShardFollower | undefined
  /** Epoch milliseconds of the server. */
  readonly now: () => number
}

export class Ear {
  readonly stats = { bad: 0, future: 0, strangers: 0 }
  readonly #options: EarOptions
  readonly #strangers: Allowance
  readonly #lies: Allowance
  #newsWaits = false
  #strangersBefore = 0
  #problems: readonly Problem[] = []

  constructor(options: EarOptions) {
    this.#options = options
    this.#strangers = new Allowance(options.clock, STRANGERS_PER_SECOND)
    this.#lies = new Allowance(options.clock, LIES_PER_SECOND)
  }

  get problems(): readonly Problem[] {
    return this.#problems
  }

  /** Everything is looked at anew. */
  beginAnew(): void {
    const left = this.stats.strangers - this.#strangersBefore
    this.#strangersBefore = this.stats.strangers
    const reason = `said ${left} times that services or instances are there which nobody knows: they were left to the lists`
    this.#problems = left > 0 ? [{ key: 'status messages', reason }] : []
  }

  hear(channel: string, text: Buffer): void {
    const of = kindOfChannel(channel)
    const shard = of && this.#options.shardOf(channel)
    if (!of || !shard) return
    // What nobody wants to hear need not be understood.
    if (of.kind === 'metrics' && !this.#options.audience.wantsMessages) return
    const isStranger = of.service !== undefined && !shard.known.has(of.service)
    if (isStranger && !this.#isLetIn()) return
    const message = text.length <= LARGEST ? parseMessage(channel, text.toString(), shard.names.hmacKey) : undefined
    if (!message) this.stats.bad++
    else if (message.channel === 'alerts') this.#hearTransition(shard, message)
    else if (isStranger || shard.knows(message) || this.#isLetIn()) {
      if (message.channel === 'status') shard.hear({ service: message.service, instance: message.instance })
      this.#passOn(shard, message, text.length)
    }
  }

  #isLetIn(): boolean {
    if (this.#strangers.take()) return true
    this.stats.strangers++
    return false
  }

  /** Some that were announced were there after all. */
  newsRead(wasTrue: boolean): void {
    if (wasTrue) this.#lies.giveBack()
  }

  #hearTransition(shard: ShardFollower, message: AlertMessage): void {
    if (!shard.isNews(message) || this.#newsWaits) return
    if (this.#lies.take()) void shard.readNews()
    else {
      this.#newsWaits = true
      this.#options.clock.after(this.#lies.waitMs, () => {
        this.#newsWaits = false
        this.#hearTransition(shard, message)
      })
    }
  }

  /** Those of an instance whose clock is known to be ahead are not of the future. */
  #passOn(shard: ShardFollower, message: Exclude<HealthMessage, AlertMessage>, size: number): void {
    const skewMs = shard.known.instance(message.service, message.instance)?.skewMs ?? 0
    if (Date.parse(message.timestamp) > this.#options.now() + FUTURE_MS + Math.max(skewMs, 0)) this.stats.future++
    else this.#options.audience.tell({ kind: 'message', message }, size)
  }
}
