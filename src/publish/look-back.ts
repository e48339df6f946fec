/** What earlier processes of a service left in Redis, as a new one reads it: what they said of alerts, and what they counted. */
import type { Instant } from '../judge/alert.ts'
import type { Alert, Clock, CountedBefore } from '../types.ts'
import type { ShardNames } from '../wire/names.ts'
import type { PublisherClient } from '../wire/redis-client.ts'
import { toMs } from '../wire/scripts/time.ts'
import { readCounted } from './counted-before.ts'
import { Question } from './question.ts'
import { readSaid, type SaidBefore } from './said-before.ts'

export interface LookBackOptions {
  readonly names: ShardNames
  readonly service: string
  /** As it is called in keys. */
  readonly instance: string
  readonly alertIds: readonly string[]
  /** Milliseconds without a sign of life after which an instance counts as gone. */
  readonly goneAfterMs: number
  readonly clock: Clock
  /** Sends in the same tick. */
  readonly run: <T>(command: (client: PublisherClient) => Promise<T>) => Promise<T>
  readonly connected: () => boolean
  /** Returns whether Redis answered, and refuses this message only. */
  readonly failed: (error: unknown) => boolean
  /** Whether a status of this process may have reached Redis. */
  readonly hasBeaten: () => boolean
  /** Returns the alerts of which nothing newer was said here. */
  readonly adopt: (said: SaidBefore) => readonly Alert[]
  /** From here on alerts may be said; in the tick in which those who asked were told. `serverNow`: epoch milliseconds; later calls change nothing. */
  readonly begin: (serverNow: number) => void
  /** What waits may be sent, for the first look is over. */
  readonly over: () => void
}

export class LookBack {
  readonly #options: LookBackOptions
  readonly #said: Question<SaidBefore, readonly Alert[]>
  readonly #counted: Question<readonly CountedBefore[], readonly CountedBefore[]>
  readonly #startedAt: number
  /** Milliseconds of the server's clock, when it was last told. */
  #serverNow: number | undefined
  #isOver = false

  constructor(options: LookBackOptions) {
    const { clock, connected, failed, run } = options
    this.#options = options
    this.#startedAt = clock.monotonicMs()
    const asked = { connected, failed, clock }
    this.#said = new Question({
      ...asked,
      ask: () => run((client) => readSaid(client, { ...options, hasBeaten: options.hasBeaten() }, this.#now())),
      taken: (said) => {
        this.#serverNow ??= said.now
        return options.adopt(said)
      },
      settled: () => this.#settled(),
    })
    this.#counted = new Question({
      ...asked,
      ask: () => run((client) => readCounted(client, { ...options, ageMs: clock.monotonicMs() - this.#startedAt })),
      taken: (counted) => counted,
    })
  }

  load(timeoutMs: number, late?: (alerts: readonly Alert[]) => void): Promise<readonly Alert[] | undefined> {
    return this.#said.answer(timeoutMs, late)
  }

  recall(timeoutMs: number, late?: (counted: readonly CountedBefore[]) => void): Promise<readonly CountedBefore[] | undefined> {
    return this.#counted.answer(timeoutMs, late)
  }

  /** Whether the first look was answered, or is refused: nothing more is known then. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** There is a new connection. */
  up(): void {
    if (this.#isOver) this.#said.up()
    else this.#said.want()
    this.#counted.up()
    if (this.#isOver && this.#serverNow === undefined) void this.#askTime()
  }

  /** There is none. */
  down(): void {
    this.#said.down()
    this.#counted.down()
  }

  /** The server has told its time, in epoch milliseconds. */
  heardTime(serverNow: number): void {
    this.#serverNow ??= serverNow
    if (this.#isOver) this.#options.begin(this.#serverNow)
  }

  #settled(): void {
    const isFirst = !this.#isOver
    this.#isOver = true
    if (this.#serverNow !== undefined) this.#options.begin(this.#serverNow)
    else if (isFirst) return void this.#askTime()
    if (isFirst) this.#options.over()
  }

  async #askTime(): Promise<void> {
    const { run, names, failed, over } = this.#options
    try {
      this.heardTime(toMs(await run((client) => client.healthTime(names.meta))))
    } catch (error) {
      failed(error)
    }
    over()
  }

  #now(): Instant {
    const { clock } = this.#options
    return { monotonicMs: clock.monotonicMs(), epochMs: clock.epochMs() }
  }
}
