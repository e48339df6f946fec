/** A clock that stands still until it is told to advance; timers run in due order, with the clock at their due time. */
import type { Cancel, Clock } from '../../src/types.ts'

interface Timer {
  due: number
  readonly order: number
  readonly interval: number | undefined
  readonly fn: () => void
}

export class VirtualClock implements Clock {
  #now = 0
  #epochOffset: number
  #order = 0
  readonly #timers = new Set<Timer>()

  constructor(epochStart: number = Date.UTC(2026, 10, 22, 10)) {
    this.#epochOffset = epochStart
  }

  monotonicMs(): number {
    return this.#now
  }

  epochMs(): number {
    return this.#epochOffset + this.#now
  }

  every(ms: number, fn: () => void): Cancel {
    return this.#add(ms, fn, ms)
  }

  after(ms: number, fn: () => void): Cancel {
    return this.#add(ms, fn, undefined)
  }

  #add(ms: number, fn: () => void, interval: number | undefined): Cancel {
    const timer = { due: this.#now + ms, order: this.#order++, interval, fn }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  /** When the next timer is due, on the monotonic clock; Infinity if none waits. */
  nextDue(): number {
    let next = Infinity
    for (const timer of this.#timers) next = Math.min(next, timer.due)
    return next
  }

  /** Runs every timer due within the next `ms`, each at its own time, and ends `ms` later. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      let first: Timer | undefined
      for (const timer of this.#timers) {
        if (timer.due <= end && (!first || timer.due < first.due || (timer.due === first.due && timer.order < first.order))) first = timer
      }
      if (!first) break
      this.#now = Math.max(this.#now, first.due)
      if (first.interval === undefined) this.#timers.delete(first)
      else first.due += first.interval
      first.fn()
    }
    this.#now = end
  }

  /** Time passes and nothing runs, as while an event loop is blocked; then what is due meanwhile runs once, as Node's timers do. */
  block(ms: number): void {
    this.#now += ms
    for (const timer of this.#timers) timer.due = Math.max(timer.due, this.#now)
    this.advance(0)
  }

  /** What NTP or a person does to the wall clock; the monotonic clock does not notice. */
  stepWallClock(ms: number): void {
    this.#epochOffset += ms
  }
}
