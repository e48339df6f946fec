/**
 * What is to be said of alerts, until Redis has confirmed it: of each alert in order, one at a time, for a cluster that moves its slots may
 * overtake. Bounded: when full, each alert keeps its first and its last entry, so that what began and what is true now are told; what lay
 * between is dropped and counted.
 */

export interface OutboxEntry {
  readonly alertId: string
  /** A state without a transition; one that is followed by anything newer of the same alert need not be written. */
  readonly silent: boolean
  /** Sent, but not yet answered. */
  sent: boolean
}

export class Outbox<E extends OutboxEntry> {
  readonly #limit: number
  /** By alert, in the order in which their first entries came. */
  readonly #entries = new Map<string, E[]>()
  #size = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get size(): number {
    return this.#size
  }

  get isFull(): boolean {
    return this.#size >= this.#limit
  }

  has(alertId: string): boolean {
    return this.#entries.has(alertId)
  }

  /** The entry of that alert whose turn it is. */
  first(alertId: string): E | undefined {
    return this.#entries.get(alertId)?.[0]
  }

  /** Of each alert the entry whose turn it is. */
  firsts(): readonly E[] {
    return Array.from(this.#entries.values(), ([first]) => first!)
  }

  /** Returns how many entries were dropped to keep the bound. */
  add(entry: E): number {
    const entries = this.#entries.get(entry.alertId) ?? []
    const last = entries.at(-1)
    if (last?.silent && !last.sent) {
      entries[entries.length - 1] = entry
      return 0
    }
    entries.push(entry)
    this.#entries.set(entry.alertId, entries)
    return ++this.#size > this.#limit ? this.#shrink(entry.alertId) : 0
  }

  delete(entry: E): void {
    const entries = this.#entries.get(entry.alertId)
    const at = entries?.indexOf(entry) ?? -1
    if (!entries || at < 0) return
    entries.splice(at, 1)
    this.#size--
    if (entries.length === 0) this.#entries.delete(entry.alertId)
  }

  /** Forgets what waits of an alert if none of it is a transition, and returns whether that is so. */
  forgetSilent(alertId: string): boolean {
    const entries = this.#entries.get(alertId) ?? []
    if (!entries.every(({ silent }) => silent)) return false
    this.#size -= entries.length
    this.#entries.delete(alertId)
    return true
  }

  /** `newest`: the alert whose entry came last, which stays. */
  #shrink(newest: string): number {
    const before = this.#size
    for (const entries of this.#entries.values()) this.#drop(entries, 1, entries.length - 2)
    // More alerts than places: of the oldest only what is true now is kept, and then nothing.
    for (const entries of this.#entries.values()) {
      if (this.#size <= this.#limit) break
      this.#drop(entries, 0, entries.length - 1)
    }
    for (const [alertId, entries] of this.#entries) {
      if (this.#size <= this.#limit) break
      if (alertId === newest) continue
      this.#drop(entries, 0, entries.length)
      this.#entries.delete(alertId)
    }
    return before - this.#size
  }

  #drop(entries: E[], from: number, count: number): void {
    if (count > 0) this.#size -= entries.splice(from, count).length
  }
}
