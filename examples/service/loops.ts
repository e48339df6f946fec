import type { Clock } from './clock.ts'
import type { Log } from './log.ts'

export interface Pauses {
  /** After a step that found nothing to do. */
  readonly idleMs: number
  /** After a step that failed. */
  readonly failedMs: number
}

/** What a service does over and over, until it is drained. */
export class Loops {
  readonly #clock: Clock
  readonly #log: Log
  readonly #drainMs: number
  readonly #stop = new AbortController()
  readonly #giveUp = new AbortController()
  readonly #open = new Set<Promise<void>>()

  constructor(options: { clock: Clock; log: Log; drainMs: number }) {
    this.#clock = options.clock
    this.#log = options.log
    this.#drainMs = options.drainMs
  }

  /** Aborted when a drain has lasted too long, to end calls in flight. */
  get giveUp(): AbortSignal {
    return this.#giveUp.signal
  }

  /** Repeats `step`, which resolves to whether there may be more to do at once. */
  repeat(name: string, { idleMs, failedMs }: Pauses, step: () => Promise<boolean>): void {
    this.alongside(this.#repeat(name, { idleMs, failedMs }, step))
  }

  /** A drain waits for this too. It must not reject. */
  alongside(work: Promise<void>): void {
    const open = work.finally(() => this.#open.delete(open))
    this.#open.add(open)
  }

  /** No step begins any more; resolves when all have ended. Calls in flight get `drainMs`. */
  async end(): Promise<void> {
    this.#stop.abort()
    const drained = new AbortController()
    void this.#clock.sleep(this.#drainMs, drained.signal).then(() => {
      if (!drained.signal.aborted) this.#giveUp.abort()
    })
    while (this.#open.size > 0) await Promise.all(this.#open)
    drained.abort()
  }

  async #repeat(name: string, { idleMs, failedMs }: Pauses, step: () => Promise<boolean>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        if (await step()) continue
        await this.#clock.sleep(idleMs, this.#stop.signal)
      } catch (error) {
        this.#log(name, { error: String(error) })
        await this.#clock.sleep(failedMs, this.#stop.signal)
      }
    }
  }
}
