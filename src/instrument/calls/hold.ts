/**
 * While a service is held, whatever takes its next piece of work waits here. It is apart from what the service pauses itself: that stays
 * paused when the hold is over.
 */
import type { Cancel, Clock } from '../../types.ts'

/** Milliseconds after which whoever waits looks again whether it is to go on at all: its library may be closing. */
const LOOK_AGAIN_MS = 250
/** Beyond, they are not told apart. */
const MOST_SOURCES = 1000

export class Hold {
  readonly #clock: Clock
  #over: PromiseWithResolvers<void> | undefined
  /** Functions of the service do not wait any more. */
  #letGo: PromiseWithResolvers<void> = Promise.withResolvers()
  #isLetGo = false
  readonly #listeners = new Set<(isHeld: boolean) => void>()
  readonly #covered = new Set<string>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get isHeld(): boolean {
    return this.#over !== undefined
  }

  begin(): void {
    if (this.#over) return
    this.#over = Promise.withResolvers()
    this.#tell(true)
  }

  end(): void {
    const over = this.#over
    if (!over) return
    this.#over = undefined
    this.#tell(false)
    over.resolve()
  }

  /** The process is to end: what waits in functions of the service is its own again, for it may wait for them itself. Its workers take nothing all the same. */
  letGo(): void {
    this.#isLetGo = true
    this.#letGo.resolve()
  }

  /** Whether functions of the service wait. */
  get holdsFunctions(): boolean {
    return this.isHeld && !this.#isLetGo
  }

  /** Resolves when functions of the service wait no more. */
  async functionsGoOn(): Promise<void> {
    while (this.#over && !this.#isLetGo) await Promise.race([this.#over.promise, this.#letGo.promise])
  }

  /** Resolves when it is over, or after a quarter of a second. */
  async overOrAWhile(): Promise<void> {
    if (!this.#over) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = this.#clock.after(LOOK_AGAIN_MS, resolve)
    await Promise.race([this.#over.promise, promise])
    cancel()
  }

  /** For what is paused in a way of its own: told of each change. `listener` must not throw. */
  onChange(listener: (isHeld: boolean) => void): Cancel {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** What takes work from these sources waits here. */
  get covered(): ReadonlySet<string> {
    return this.#covered
  }

  cover(source: string): void {
    if (this.#covered.size < MOST_SOURCES) this.#covered.add(source)
  }

  #tell(isHeld: boolean): void {
    for (const listener of this.#listeners) listener(isHeld)
  }
}
