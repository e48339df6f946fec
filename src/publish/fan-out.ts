/** One exporter for the monitor: the store and channel that has always been there, and further channels, none of which can hurt another. */
import { diag } from '../diag.ts'
import type {
  Alert,
  Clock,
  CountedBefore,
  HealthChannel,
  HealthExporter,
  Presence,
  Snapshot,
  Transition,
  TransitionCause,
} from '../types.ts'

/** What waits for a channel that is slow; the oldest gives way, and is counted. */
const MOST_WAITING = 1000

export class FanOut implements HealthExporter {
  readonly #first: HealthExporter
  readonly #queues: readonly ChannelQueue[]

  constructor(first: HealthExporter, channels: readonly HealthChannel[], clock: Clock) {
    this.#first = first
    this.#queues = channels.map((channel) => new ChannelQueue(channel, clock))
  }

  /** What channels were to be told and were not, because they were too slow or failed. */
  get dropped(): number {
    return this.#queues.reduce((sum, { dropped }) => sum + dropped, 0)
  }

  load(timeoutMs: number, late?: (alerts: readonly Alert[]) => void): Promise<readonly Alert[] | undefined> {
    return this.#first.load(timeoutMs, late)
  }

  recall(timeoutMs: number, late?: (counted: readonly CountedBefore[]) => void): Promise<readonly CountedBefore[] | undefined> {
    return this.#first.recall(timeoutMs, late)
  }

  presence(): Promise<Presence | undefined> {
    return this.#first.presence()
  }

  save(alert: Alert, cause?: TransitionCause): void {
    this.#first.save(alert, cause)
  }

  status(snapshot: Snapshot): void {
    this.#first.status(snapshot)
    for (const queue of this.#queues) queue.add((channel) => channel.status(snapshot))
  }

  metrics(snapshot: Snapshot): void {
    this.#first.metrics(snapshot)
    for (const queue of this.#queues) queue.add((channel) => channel.metrics(snapshot))
  }

  transition(transition: Transition): void {
    this.#first.transition(transition)
    for (const queue of this.#queues) queue.add((channel) => channel.transition(transition))
  }

  async stop(last: Snapshot, timeoutMs: number): Promise<void> {
    await Promise.all([this.#first.stop(last, timeoutMs), ...this.#queues.map((queue) => queue.stop(last, timeoutMs))])
  }
}

type Message = (channel: HealthChannel) => void | Promise<void>

/** What is said to one channel, one after the other. */
class ChannelQueue {
  dropped = 0
  readonly #channel: HealthChannel
  readonly #clock: Clock
  readonly #waiting: Message[] = []
  #isWorking = false
  #worked: Promise<void> = Promise.resolve()
  #said = false

  constructor(channel: HealthChannel, clock: Clock) {
    this.#channel = channel
    this.#clock = clock
  }

  add(message: Message): void {
    this.#waiting.push(message)
    if (this.#waiting.length > MOST_WAITING) {
      this.#waiting.shift()
      this.#drop('it is too slow')
    }
    if (!this.#isWorking) this.#worked = this.#work()
  }

  /** Waits at most `timeoutMs` for what is queued. */
  async stop(last: Snapshot, timeoutMs: number): Promise<void> {
    let cancel = () => {}
    const late = new Promise<void>((resolve) => (cancel = this.#clock.after(timeoutMs, resolve)))
    const stopped = this.#worked.then(() => this.#channel.stop(last, timeoutMs)).catch(() => this.#drop('it failed'))
    await Promise.race([stopped, late])
    cancel()
  }

  async #work(): Promise<void> {
    this.#isWorking = true
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      try {
        await next(this.#channel)
      } catch (error) {
        this.#drop(error instanceof Error ? error.message : 'it failed')
      }
    }
    // Before anybody can add more: what is added from here on begins anew.
    this.#isWorking = false
  }

  #drop(why: string): void {
    this.dropped++
    if (!this.#said) diag.warn(`otel-health: a health channel is not told everything (${why}); the others are.`)
    this.#said = true
  }
}
