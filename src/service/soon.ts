/** Changes that are judged before the event loop goes on, all those of one turn at once. */
export class Soon {
  readonly #run: (changed: ReadonlySet<string>) => void
  #changed: Set<string> | undefined

  /** `run` is given the metrics that changed, and none where only the status is to be looked at. */
  constructor(run: (changed: ReadonlySet<string>) => void) {
    this.#run = run
  }

  ask(metric: string | undefined): void {
    const asked = this.#changed !== undefined
    this.#changed ??= new Set()
    if (metric !== undefined) this.#changed.add(metric)
    if (asked) return
    queueMicrotask(() => {
      const changed = this.#changed ?? new Set()
      this.#changed = undefined
      this.#run(changed)
    })
  }
}
