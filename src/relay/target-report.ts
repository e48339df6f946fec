/** What becomes of a target: each change of its state is said once, everything is counted. */

export interface TargetCounts {
  /** Transitions that it took; of an Alertmanager, requests. */
  sent: number
  /** Attempts that failed and were, or will be, made again. */
  retried: number
  /** What it refused for good, or failed at again and again though it took others. */
  refused: number
  /** Transitions that were trimmed from the stream before they were passed on. */
  trimmed: number
  /** Messages that are of another version, or are none. */
  unreadable: number
}

export interface RelayEvent {
  readonly event:
    | 'claimed'
    | 'lost'
    | 'target_down'
    | 'target_up'
    | 'refused'
    | 'trimmed'
    | 'memory_lost'
    | 'unreadable'
    | 'redis_down'
    | 'redis_up'
    | 'summary'
  readonly target?: string
  /** One sentence. */
  readonly text: string
  readonly [detail: string]: unknown
}

export type Say = (event: RelayEvent) => void

export class TargetReport {
  readonly name: string
  readonly counts: TargetCounts = { sent: 0, retried: 0, refused: 0, trimmed: 0, unreadable: 0 }
  readonly #say: Say
  /** Lanes that hold it: one for each shard. */
  #held = 0
  #down = false
  #saidUnreadable = false

  constructor(name: string, say: Say) {
    this.name = name
    this.#say = say
  }

  claimed(): void {
    if (this.#held++ === 0) this.#tell('claimed', `This relay passes on to ${this.name}.`)
  }

  lost(): void {
    if (--this.#held === 0) this.#tell('lost', `Another relay may pass on to ${this.name} now.`)
  }

  sent(): void {
    this.counts.sent++
    if (!this.#down) return
    this.#down = false
    this.#tell('target_up', `${this.name} takes messages again.`)
  }

  failed(reason: string): void {
    this.counts.retried++
    if (this.#down) return
    this.#down = true
    this.#tell('target_down', `${this.name} takes no messages (${reason}); trying again.`, { reason })
  }

  /** `id`: of the delivery, if it was one. */
  refused(reason: string, id?: string): void {
    this.counts.refused++
    const what = id === undefined ? 'what it was sent' : `message ${id}`
    this.#tell('refused', `${this.name} refused ${what} (${reason}); it is not sent again.`, { reason, ...(id !== undefined && { id }) })
  }

  trimmed(transitions: number): void {
    this.counts.trimmed += transitions
    this.#tell('trimmed', `${transitions} transitions were trimmed before ${this.name} got them; it is told how the open alerts stand.`, {
      transitions,
    })
  }

  memoryLost(): void {
    this.#tell('memory_lost', `Redis has lost its memory; ${this.name} gets what it says from now on.`)
  }

  unreadable(): void {
    this.counts.unreadable++
    if (this.#saidUnreadable) return
    this.#saidUnreadable = true
    this.#tell('unreadable', `There are messages for ${this.name} of a version that this relay does not know, or that are none: update it.`)
  }

  #tell(event: RelayEvent['event'], text: string, details: Readonly<Record<string, unknown>> = {}): void {
    this.#say({ event, target: this.name, text, ...details })
  }
}
