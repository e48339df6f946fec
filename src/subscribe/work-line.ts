/** Kinds of work that are done one at a time, each once however often it was asked for meanwhile, the more urgent kind first. */

/** `urgent`: for between the parts of long work; does what is more urgent than it. */
type Work = (urgent: () => Promise<void>) => Promise<void>

export class WorkLine<Kind extends string> {
  readonly #work: Readonly<Record<Kind, Work>>
  readonly #kinds: readonly Kind[]
  readonly #done: () => void
  readonly #failed: (error: unknown) => void
  readonly #wanted = new Map<Kind, PromiseWithResolvers<void>>()
  #running = false

  /** `work`: the most urgent kind first. `done`: after each; `failed`: nothing else is done until something is asked for again. */
  constructor(work: Readonly<Record<Kind, Work>>, done: () => void, failed: (error: unknown) => void) {
    this.#work = work
    this.#kinds = Object.keys(work) as Kind[]
    this.#done = done
    this.#failed = failed
  }

  /** Resolves when that kind has been done, begun after this; or has failed: then it is still wanted. */
  async want(kind: Kind): Promise<void> {
    let wanted = this.#wanted.get(kind)
    if (!wanted) this.#wanted.set(kind, (wanted = Promise.withResolvers()))
    const { promise } = wanted
    if (!this.#running) void this.#run()
    await promise
  }

  async #run(): Promise<void> {
    this.#running = true
    try {
      await this.#doBefore(this.#kinds.length)
    } catch (error) {
      // Whoever waits is not kept waiting for a server that is away.
      for (const [kind, { resolve }] of this.#wanted) {
        resolve()
        this.#wanted.set(kind, Promise.withResolvers())
      }
      this.#failed(error)
    } finally {
      this.#running = false
    }
  }

  /** Kinds before that place. */
  async #doBefore(place: number): Promise<void> {
    for (;;) {
      const at = this.#kinds.findIndex((kind, i) => i < place && this.#wanted.has(kind))
      if (at < 0) return
      const kind = this.#kinds[at]!
      const wanted = this.#wanted.get(kind)!
      this.#wanted.delete(kind)
      try {
        await this.#work[kind](async () => await this.#doBefore(at))
      } catch (error) {
        wanted.resolve()
        if (!this.#wanted.has(kind)) this.#wanted.set(kind, Promise.withResolvers())
        throw error
      }
      this.#done()
      wanted.resolve()
    }
  }
}
