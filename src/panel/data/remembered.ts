/** Answers that are asked for often and cost much: each is found once at a time, and kept for a while. Bounded: what was asked for longest ago goes. */
import type { Clock } from '../../types.ts'

interface Kept<T> {
  readonly answer: Promise<T>
  readonly at: number
}

export class Remembered<T> {
  readonly #clock: Clock
  readonly #keptMs: number
  readonly #most: number
  readonly #kept = new Map<string, Kept<T>>()

  /** `keptMs`: from the moment it was asked for. `most`: answers that are kept at a time. */
  constructor(clock: Clock, { keptMs, most }: { readonly keptMs: number; readonly most: number }) {
    this.#clock = clock
    this.#keptMs = keptMs
    this.#most = most
  }

  /** What rejects is not kept. */
  get(key: string, find: () => Promise<T>): Promise<T> {
    const now = this.#clock.monotonicMs()
    const known = this.#kept.get(key)
    if (known && now - known.at < this.#keptMs) return known.answer
    const kept: Kept<T> = { answer: find(), at: now }
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    kept.answer.catch(() => {
      if (this.#kept.get(key) === kept) this.#kept.delete(key)
    })
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#most) break
      this.#kept.delete(oldest)
    }
    return kept.answer
  }
}
