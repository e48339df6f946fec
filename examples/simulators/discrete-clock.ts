import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from '../service/clock.ts'

interface Sleeper {
  readonly due: number
  readonly order: number
  readonly wake: () => void
}

/**
 * Virtual time for programs that do real I/O: it stands still while any exchange given to `busy` is open, and otherwise jumps to the
 * next sleeper. A day passes as fast as its work can be done, and loopback overhead never counts as time.
 */
export class DiscreteClock implements Clock {
  #now: number
  #busy = 0
  #order = 0
  readonly #sleepers = new Set<Sleeper>()

  /** Epoch milliseconds. */
  constructor(startAt: number = Date.UTC(2026, 10, 22)) {
    this.#now = startAt
  }

  now(): number {
    return this.#now
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const wake = (): void => {
        this.#sleepers.delete(sleeper)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      const sleeper: Sleeper = { due: this.#now + Math.max(0, ms), order: this.#order++, wake }
      this.#sleepers.add(sleeper)
      signal?.addEventListener('abort', wake, { once: true })
    })
  }

  /** Time stands still until `exchange` has settled. */
  async busy<T>(exchange: Promise<T>): Promise<T> {
    this.#busy++
    try {
      return await exchange
    } finally {
      this.#busy--
    }
  }

  /** Lets `ms` pass, or less: until `done` has settled. Resolves when nothing more can happen before that time. */
  async run(ms: number, done?: Promise<unknown>): Promise<void> {
    const end = this.#now + ms
    let finished = false
    const finish = (): void => void (finished = true)
    done?.then(finish, finish)
    for (;;) {
      await this.#quiet()
      if (finished) return
      const next = this.#next()
      if (!next || next.due > end) break
      this.#now = Math.max(this.#now, next.due)
      next.wake()
    }
    this.#now = end
  }

  /** What follows an exchange may begin the next one a few turns of the event loop later: two quiet turns in a row are asked for. */
  async #quiet(): Promise<void> {
    for (let turns = 0; turns < 2; turns++) {
      await nextTurn()
      if (this.#busy > 0) turns = -1
    }
  }

  #next(): Sleeper | undefined {
    let first: Sleeper | undefined
    for (const sleeper of this.#sleepers) {
      if (!first || sleeper.due < first.due || (sleeper.due === first.due && sleeper.order < first.order)) first = sleeper
    }
    return first
  }
}
