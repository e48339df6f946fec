/** Transitions that were read from the stream and are not done with: bounded, in the order of the stream. Pure. */
import type { AlertMessage } from '../wire/alert-message.ts'

export interface Item {
  /** The entry of the stream that is done with once this one and all before it are. */
  readonly cursor: string
  /** By which a receiver knows it. */
  readonly id: string
  /** Left out where there is nothing to pass on. */
  readonly message?: AlertMessage
  state: 'waiting' | 'sending' | 'done'
  failures: number
  /** On the monotonic clock. */
  firstFailedAt: number
  notBefore: number
}

/** Read and not done with, at most. */
const MOST_ITEMS = 64

export class TransitionWindow {
  #items: Item[] = []

  get room(): number {
    return Math.max(MOST_ITEMS - this.#items.length, 0)
  }

  get isHalfEmpty(): boolean {
    return this.#items.length <= MOST_ITEMS / 2
  }

  get isEmpty(): boolean {
    return this.#items.length === 0
  }

  get sending(): number {
    return this.#items.filter(({ state }) => state === 'sending').length
  }

  /** To be passed on. */
  add(cursor: string, id: string, message: AlertMessage): void {
    this.#items.push({ cursor, id, message, state: 'waiting', failures: 0, firstFailedAt: 0, notBefore: 0 })
  }

  /** An entry with which there is nothing to do. */
  pass(cursor: string): void {
    this.#items.push({ cursor, id: '', state: 'done', failures: 0, firstFailedAt: 0, notBefore: 0 })
  }

  /** Of each alert the first that is not done, if it waits; those that failed least come first, so that one that is refused holds up no other. */
  ready(): readonly Item[] {
    const first = new Map<string, Item>()
    for (const item of this.#items) {
      const alert = item.message?.alert_id
      if (item.state !== 'done' && alert !== undefined && !first.has(alert)) first.set(alert, item)
    }
    return [...first.values()].filter(({ state }) => state === 'waiting').toSorted((a, b) => a.failures - b.failures)
  }

  /** Takes off what is done, as far as nothing before it is not; the entry up to which all is done, if it is a new one. */
  settle(): string | undefined {
    let cursor: string | undefined
    while (this.#items[0]?.state === 'done') cursor = this.#items.shift()!.cursor
    return cursor
  }

  clear(): void {
    this.#items = []
  }
}
