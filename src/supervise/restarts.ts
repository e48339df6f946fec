/**
 * How often a process is started again, and after which pauses. There is one budget for all reasons, however long it ran: at most `intensity`
 * restarts within `periodMs`, as Erlang's supervisors count them. Source: the documentation of supervisor, "intensity" and "period".
 */
import { duration } from '../subscribe/duration.ts'

/** Times: milliseconds. */
export interface RestartLimits {
  readonly intensity: number
  readonly periodMs: number
  readonly firstPauseMs: number
  readonly longestPauseMs: number
}

/** As many are told of. */
const MOST_TRIES = 10

export class Restarts {
  readonly #limits: RestartLimits
  readonly #random: () => number
  #at: number[] = []
  /** In a row, without being ready in between. */
  #failures = 0
  #tries: string[] = []

  constructor(limits: RestartLimits, random: () => number) {
    this.#limits = limits
    this.#random = random
  }

  /** `now`: milliseconds on the monotonic clock, here and below. */
  allows(now: number): boolean {
    return this.#within(now) < this.#limits.intensity
  }

  /** Returns the pause before it, which doubles with each failure in a row, less up to a half at random: many that fail at once do not start at once. */
  spend(why: string, now: number): number {
    const { firstPauseMs, longestPauseMs } = this.#limits
    this.#at.push(now)
    this.#tries = [...this.#tries, why].slice(-MOST_TRIES)
    return Math.round(Math.min(firstPauseMs * 2 ** this.#failures++, longestPauseMs) * (1 - this.#random() / 2))
  }

  /** The process is ready. */
  succeeded(): void {
    this.#failures = 0
  }

  /** A person has it started: what was before counts no more. */
  clear(): void {
    this.#at = []
    this.#failures = 0
    this.#tries = []
  }

  /** `2 of 5 within 10 min`. */
  countWords(now: number): string {
    return `${this.#within(now)} of ${this.#limits.intensity} within ${duration(this.#limits.periodMs)}`
  }

  /** With the evidence of each. */
  triesWords(now: number): string {
    const times = this.#within(now)
    const count = `it was started again ${times} ${times === 1 ? 'time' : 'times'} within ${duration(this.#limits.periodMs)}`
    return this.#tries.length === 0 ? count : `${count} (${this.#tries.join('; ')})`
  }

  #within(now: number): number {
    this.#at = this.#at.filter((at) => now - at < this.#limits.periodMs)
    return this.#at.length
  }
}
