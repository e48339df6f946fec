/** What came to wait while a service was paused, for who reads that it works again. */

/** Since when it is paused. Of a process that came back paused nobody knows how much waited when the one before it was. */
export type PausedSince = 'it was paused' | 'it came back'

export class QueueGrowth {
  readonly #waiting: () => number | undefined
  #since: PausedSince = 'it was paused'
  #before: number | undefined

  /** `waiting`: how much work waits in the queues of the service; `undefined`: nobody knows. */
  constructor(waiting: () => number | undefined) {
    this.#waiting = waiting
  }

  /** It is paused. */
  begin(since: PausedSince): void {
    this.#since = since
    this.#before = this.#waiting()
  }

  /** It is still paused: a process that came back so reads its queues for the first time only then. */
  goesOn(): void {
    if (this.#since === 'it came back') this.#before ??= this.#waiting()
  }

  /** The end of a sentence, '' where nothing more waits, or nobody knows. */
  words(): string {
    const [before, now] = [this.#before, this.#waiting()]
    if (before === undefined || now === undefined || now <= before) return ''
    const more = now - before
    return `; ${more.toLocaleString('en')} more ${more === 1 ? 'waits' : 'wait'} in its queues than when ${this.#since}`
  }
}
