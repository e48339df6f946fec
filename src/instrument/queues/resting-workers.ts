/** Workers that the service itself has paused: a queue whose workers of this process all are is at rest here, whatever others do. */
export class RestingWorkers {
  readonly #running = new Map<string, Set<object>>()
  readonly #paused = new WeakSet<object>()
  readonly #resting = new Set<string>()
  readonly #onRest: (queue: string, isResting: boolean) => void

  /** `onRest` is told when a queue comes to rest here, and when it goes on; must not throw. */
  constructor(onRest: (queue: string, isResting: boolean) => void) {
    this.#onRest = onRest
  }

  /** It takes jobs from now on, unless it is paused. */
  begin(queue: string, worker: object): void {
    const workers = this.#running.get(queue)
    if (workers?.has(worker)) return
    if (workers) workers.add(worker)
    else this.#running.set(queue, new Set([worker]))
    this.#look(queue)
  }

  pause(queue: string, worker: object): void {
    this.#paused.add(worker)
    this.#look(queue)
  }

  resume(queue: string, worker: object): void {
    this.#paused.delete(worker)
    this.#look(queue)
  }

  /** It is closed. Where none is left, nobody rests on purpose. */
  end(queue: string, worker: object): void {
    const workers = this.#running.get(queue)
    workers?.delete(worker)
    if (workers?.size === 0) this.#running.delete(queue)
    this.#look(queue)
  }

  #look(queue: string): void {
    const workers = [...(this.#running.get(queue) ?? [])]
    const isResting = workers.length > 0 && workers.every((worker) => this.#paused.has(worker))
    if (isResting === this.#resting.has(queue)) return
    if (isResting) this.#resting.add(queue)
    else this.#resting.delete(queue)
    this.#onRest(queue, isResting)
  }
}
