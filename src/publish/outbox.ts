/**
 * What is to be written to alerts, in order, until Redis has confirmed it. Bounded: when full, each alert keeps its first and its last
 * entry, so that what began and what is true now are told; what lay between is dropped and counted.
 */

export interface OutboxEntry {
  /** Rises with every entry of this process. */
  readonly n: number
  readonly alertId: string
  /** A saved state without a message; one that is followed by anything newer of the same alert need not be written. */
  readonly silent: boolean
  /** Sent, but not yet answered. */
  sent: boolean
}

export class Outbox<E extends OutboxEntry> {
  readonly #limit: number
  readonly #entries = new Map<number, E>()
  /** The last entry of each alert that has any. */
  readonly #last = new Map<string, E>()

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#entries.size
  }

  /** In the order in which they came. */
  values(): Iterable<E> {
    return this.#entries.values()
  }

  has(alertId: string): boolean {
    return this.#last.has(alertId)
  }

  /** Returns how many entries were dropped to keep the bound. */
  add(entry: E): number {
    const previous = this.#last.get(entry.alertId)
    if (previous?.silent && !previous.sent) this.#entries.delete(previous.n)
    this.#entries.set(entry.n, entry)
    this.#last.set(entry.alertId, entry)
    return this.#entries.size > this.#limit ? this.#shrink() : 0
  }

  delete(entry: E): void {
    this.#entries.delete(entry.n)
    if (this.#last.get(entry.alertId) === entry) this.#last.delete(entry.alertId)
  }

  /** The connection is gone: what was sent and not answered is to be sent again. */
  unsend(): void {
    for (const entry of this.#entries.values()) entry.sent = false
  }

  #shrink(): number {
    const before = this.#entries.size
    const begun = new Set<string>()
    for (const entry of this.#entries.values()) {
      if (begun.has(entry.alertId) && this.#last.get(entry.alertId) !== entry) this.#entries.delete(entry.n)
      begun.add(entry.alertId)
    }
    // More alerts than places: the oldest go.
    for (const entry of this.#entries.values()) {
      if (this.#entries.size <= this.#limit) break
      this.delete(entry)
    }
    return before - this.#entries.size
  }
}
