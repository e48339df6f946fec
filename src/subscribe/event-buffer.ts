/**
 * Events of one reader who takes them one after the other. It holds so many and no more: what a slow reader misses is counted, and the
 * count stands where it would have been. Of views only the last is of use.
 */
import type { HealthEvent, ToldEvent } from './health-event.ts'
import type { HealthView } from './health-view.ts'

/** Characters of the messages that wait. */
const MOST_CHARACTERS = 4_000_000

type Waiting = Exclude<HealthEvent, { kind: 'view' }> | { readonly kind: 'view' }

export class EventBuffer implements AsyncIterableIterator<HealthEvent, undefined> {
  readonly #most: number
  readonly #view: () => HealthView
  readonly #onReturn: () => void
  #waiting: { readonly event: Waiting; readonly size: number }[] = []
  /** Of `#waiting`, those that have been taken. */
  #taken = 0
  #characters = 0
  #hasView = false
  #missed: { events: number; transitions: number } | undefined
  #readers: PromiseWithResolvers<IteratorResult<HealthEvent, undefined>>[] = []
  #ended = false

  /** `view`: the present one. */
  constructor(most: number, view: () => HealthView, onReturn: () => void) {
    this.#most = most
    this.#view = view
    this.#onReturn = onReturn
  }

  /** `size`: characters of a message. */
  push(event: ToldEvent, size: number = 0): void {
    if (event.kind === 'view') {
      if (this.#hasView) return
      this.#hasView = true
      this.#add({ kind: 'view' }, 0)
    } else if (this.#missed || this.#held >= this.#most || this.#characters + size > MOST_CHARACTERS) {
      this.#missed ??= { events: 0, transitions: 0 }
      this.#missed.events++
      if (event.kind === 'message' && event.message.channel === 'alerts') this.#missed.transitions++
    } else this.#add(event, size)
  }

  async next(): Promise<IteratorResult<HealthEvent, undefined>> {
    const event = this.#take()
    if (event) return { done: false, value: event }
    if (this.#ended) return { done: true, value: undefined }
    const reader = Promise.withResolvers<IteratorResult<HealthEvent, undefined>>()
    this.#readers.push(reader)
    return await reader.promise
  }

  /** What waits is still yielded. */
  end(): void {
    this.#ended = true
    for (const reader of this.#readers.splice(0)) reader.resolve({ done: true, value: undefined })
  }

  // oxlint-disable-next-line typescript/require-await
  async return(): Promise<IteratorResult<HealthEvent, undefined>> {
    this.#waiting = []
    this.#taken = 0
    this.#missed = undefined
    this.#onReturn()
    this.end()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  get #held(): number {
    return this.#waiting.length - this.#taken - Number(this.#hasView)
  }

  #add(event: Waiting, size: number): void {
    this.#waiting.push({ event, size })
    this.#characters += size
    const reader = this.#readers.shift()
    if (reader) reader.resolve({ done: false, value: this.#take()! })
  }

  #take(): HealthEvent | undefined {
    const first = this.#waiting[this.#taken]
    if (!first) return this.#takeMissed()
    this.#taken++
    this.#characters -= first.size
    // Not one by one: that would take as long as there are.
    if (this.#taken >= this.#most || this.#taken === this.#waiting.length) {
      this.#waiting.splice(0, this.#taken)
      this.#taken = 0
    }
    if (first.event.kind !== 'view') return first.event
    this.#hasView = false
    return { kind: 'view', view: this.#view() }
  }

  #takeMissed(): HealthEvent | undefined {
    const missed = this.#missed
    this.#missed = undefined
    return missed && { kind: 'overflow', ...missed }
  }
}
