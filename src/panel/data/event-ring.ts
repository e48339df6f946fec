/**
 * The last events of the live stream, numbered without a gap, for those who come back. Bounded by their number and by their size together:
 * whoever was away for longer than it reaches back gets everything anew.
 */
import type { FeedEvent } from '../panel-data.ts'

export interface RingBounds {
  readonly events: number
  /** Characters of JSON, together. */
  readonly size: number
}

export class EventRing {
  readonly #run: string
  readonly #bounds: RingBounds
  /** Those before `#first` are done with; they are cut off now and then. */
  #events: FeedEvent[] = []
  #first = 0
  #size = 0
  #last = 0

  /** `run` tells its ids from those of another life of the process: letters and digits. */
  constructor(run: string, bounds: RingBounds) {
    this.#run = run
    this.#bounds = bounds
  }

  /** Of the last event; of none at first. */
  get lastId(): string {
    return `${this.#run}-${this.#last}`
  }

  add(event: FeedEvent['event'], json: string): FeedEvent {
    this.#last++
    const added: FeedEvent = { id: this.lastId, event, json }
    this.#events.push(added)
    this.#size += json.length
    while (this.#events.length - this.#first > this.#bounds.events || this.#size > this.#bounds.size) {
      this.#size -= this.#events[this.#first]!.json.length
      this.#first++
    }
    if (this.#first > this.#bounds.events) {
      this.#events = this.#events.slice(this.#first)
      this.#first = 0
    }
    return added
  }

  /** `undefined`: it is no id of this run, or what came after it is no longer kept. */
  after(id: string): readonly FeedEvent[] | undefined {
    const [, run, text] = /^([a-z0-9]+)-(\d{1,15})$/.exec(id) ?? []
    const kept = this.#events.length - this.#first
    const wanted = this.#last - Number(text)
    if (run !== this.#run || wanted < 0 || wanted > kept) return undefined
    return wanted === 0 ? [] : this.#events.slice(-wanted)
  }
}
