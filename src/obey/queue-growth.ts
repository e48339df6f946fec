/** What came to wait while a service was paused, for who reads that it works again. */

export class QueueGrowth {
  readonly #waiting: () => number | undefined
  #before: number | undefined

  /** `waiting`: how much work waits in the queues of the service; `undefined`: nobody knows. */
  constructor(waiting: () => number | undefined) {
    this.#waiting = waiting
  }

  /** It is paused. */
  begin(): void {
    this.#before = this.#waiting()
  }

  /** The end of a sentence, '' where nothing more waits, or nobody knows. */
  words(): string {
    const [before, now] = [this.#before, this.#waiting()]
    if (before === undefined || now === undefined || now <= before) return ''
    const more = now - before
    return `; ${more.toLocaleString('en')} more ${more === 1 ? 'waits' : 'wait'} in its queues than when it was paused`
  }
}
