/** What a process asks of Redis at its start, until there is an answer: with every new connection again. It counts however late it comes. */
import type { Clock } from '../types.ts'

export interface QuestionOptions<R, T> {
  /** Rejects with what Redis says against it, or without an answer. */
  readonly ask: () => Promise<R>
  /** Makes of an answer what those who asked are told. */
  readonly taken: (answer: R) => T
  /** They have been told, or it is refused and so nothing is known; in the tick of the answer. */
  readonly settled?: () => void
  readonly connected: () => boolean
  /** Returns whether Redis answered, and refuses this question only. */
  readonly failed: (error: unknown) => boolean
  readonly clock: Clock
}

/** Without an answer though there is a connection, as from a cluster that is choosing a new primary. */
const AGAIN_MS = 200

export class Question<R, T> {
  readonly #options: QuestionOptions<R, T>
  readonly #waiting = new Set<(answer: T | undefined) => void>()
  /** Somebody wants to know and has not heard. */
  #isOpen = false
  #isAsked = false
  /** An answer that nobody has heard. */
  #kept: { readonly answer: T } | undefined
  #late: ((answer: T) => void) | undefined

  constructor(options: QuestionOptions<R, T>) {
    this.#options = options
  }

  /**
   * `undefined` if there is no answer within `timeoutMs`, no connection, or if it is refused. `late` is then told an answer that comes after all, in
   * the tick in which it comes.
   */
  async answer(timeoutMs: number, late?: (answer: T) => void): Promise<T | undefined> {
    const kept = this.#kept
    this.#kept = undefined
    if (kept) return kept.answer
    const { promise, resolve } = Promise.withResolvers<T | undefined>()
    const cancel = this.#options.clock.after(timeoutMs, () => resolve(undefined))
    this.#waiting.add(resolve)
    this.want()
    const answer = await promise
    cancel()
    this.#waiting.delete(resolve)
    if (answer === undefined && late) this.#late = late
    return answer
  }

  /** From now on it is asked as soon as there is a connection. */
  want(): void {
    this.#isOpen = true
    this.up()
  }

  /** There is a connection. */
  up(): void {
    if (this.#isOpen && !this.#isAsked && this.#options.connected()) void this.#ask()
  }

  /** There is none: who waits need not wait for the next. */
  down(): void {
    for (const resolve of this.#waiting) resolve(undefined)
  }

  async #ask(): Promise<void> {
    const { ask, connected, failed, clock } = this.#options
    this.#isAsked = true
    const outcome = await ask().then(
      (answer) => ({ answer }),
      (error: unknown) => ({ error }),
    )
    this.#isAsked = false
    if ('answer' in outcome) this.#answered(outcome.answer)
    else if (failed(outcome.error)) this.#settled(undefined)
    else if (connected()) clock.after(AGAIN_MS, () => this.up())
  }

  #answered(answer: R): void {
    const told = this.#options.taken(answer)
    const late = this.#late
    this.#late = undefined
    if (!late && this.#waiting.size === 0) this.#kept = { answer: told }
    late?.(told)
    this.#settled(told)
  }

  #settled(told: T | undefined): void {
    this.#isOpen = false
    for (const resolve of this.#waiting) resolve(told)
    this.#options.settled?.()
  }
}
