/** Asks for something now and then, and soon after there is news of it: never twice at once, and never more than once a second. */

export interface RefresherParts {
  /** Never rejects. */
  readonly load: () => Promise<void>
  readonly everyMs: number
  /** While nobody looks nothing is asked for. */
  readonly isSeen: () => boolean
}

const LEAST_MS = 1000

export class Refresher {
  readonly #parts: RefresherParts
  #timer: ReturnType<typeof setTimeout> | undefined
  #isLoading = false
  /** There was news while an answer was on its way. */
  #isOld = false
  #isStopped = false
  #loadedAt = -Infinity

  constructor(parts: RefresherParts) {
    this.#parts = parts
  }

  /** There is news, or somebody looks again. */
  ask(): void {
    if (this.#isLoading) this.#isOld = true
    else this.#later(this.#loadedAt + LEAST_MS - Date.now())
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  #later(ms: number): void {
    clearTimeout(this.#timer)
    if (this.#isStopped) return
    if (ms <= 0) void this.#load()
    else this.#timer = setTimeout(() => void this.#load(), ms)
  }

  async #load(): Promise<void> {
    if (!this.#parts.isSeen()) return
    this.#isLoading = true
    this.#isOld = false
    this.#loadedAt = Date.now()
    await this.#parts.load()
    this.#isLoading = false
    this.#later(this.#isOld ? this.#loadedAt + LEAST_MS - Date.now() : this.#parts.everyMs)
  }
}
