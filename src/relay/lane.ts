/**
 * One target and one shard: claimed by one relay at a time, so that a transition is passed on once for all of them. Whoever holds the
 * claim renews it with every look at the stream; what it no longer surely holds it does not act on.
 */
import type { Cancel, Clock } from '../types.ts'
import type { LaneStore, Pulled } from './lane-store.ts'
import type { TargetReport } from './target-report.ts'
import type { ToldRecord } from './told.ts'

export interface LaneWork {
  /** The last entry it has taken; `undefined` before the first. */
  readonly after: string | undefined
  /** How many entries it can take now. */
  readonly room: number
  /** The claim is this process's: what was told is as `records` say, and begins at the stored position. */
  begin(records: ReadonlyMap<string, ToldRecord>): void
  /** With every look at the stream, whether there is something new or not. */
  take(pulled: Pulled): void
  /** The claim may be another's: nothing more is sent or written. */
  lose(): void
  /** Begins nothing more, and waits for what is under way, `graceMs` at most. */
  finish(graceMs: number): Promise<void>
}

/** What a lane is to its work. */
export interface LaneOfWork {
  /** Whether the claim is surely held. */
  readonly holds: () => boolean
  /** Looks at the stream at once instead of when the time has come. */
  readonly look: () => void
}

export interface LaneTiming {
  /** Between two looks at the stream. Milliseconds. */
  readonly pollMs: number
  /** A claim that is not renewed for so long is free. Milliseconds. */
  readonly claimMs: number
}

export interface LaneOptions extends LaneTiming {
  readonly store: LaneStore
  readonly clock: Clock
  readonly report: TargetReport
  /** Redis did not answer, or refused; `undefined`: it answered. */
  readonly onRedis: (error?: unknown) => void
}

export class Lane {
  readonly #options: LaneOptions
  readonly #work: LaneWork
  #held = false
  #heldUntil = 0
  #stopped = false
  #cancelTurn: Cancel | undefined
  /** Asked to look again while it was looking. */
  #again = false
  #turning: Promise<void> = Promise.resolve()

  constructor(options: LaneOptions, work: (lane: LaneOfWork) => LaneWork) {
    this.#options = options
    this.#work = work({ holds: () => this.#holds, look: () => this.#look() })
  }

  start(): void {
    this.#turning = this.#turn()
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopped = true
    this.#cancelTurn?.()
    await this.#turning
    if (!this.#held) return
    await this.#work.finish(graceMs)
    await this.#options.store.release().catch(() => {})
  }

  get #holds(): boolean {
    return this.#held && this.#options.clock.monotonicMs() < this.#heldUntil
  }

  #look(): void {
    this.#again = true
    if (this.#stopped || !this.#cancelTurn) return
    this.#cancelTurn()
    this.#turning = this.#turn()
  }

  async #turn(): Promise<void> {
    const { store, clock, onRedis, pollMs, claimMs } = this.#options
    const asked = clock.monotonicMs()
    this.#cancelTurn = undefined
    this.#again = false
    try {
      const pulled = await store.pull(this.#held ? this.#work.after : undefined, this.#work.room)
      onRedis()
      if (!pulled) this.#lose()
      // Between the last renewal and this one it may have been another's.
      else if (this.#held && !this.#holds) this.#lose()
      else {
        this.#heldUntil = asked + claimMs
        if (!this.#held) await this.#begin()
        if (!this.#stopped) this.#work.take(pulled)
      }
    } catch (error) {
      onRedis(error)
    }
    if (this.#stopped) return
    this.#cancelTurn = clock.after(this.#again ? 0 : pollMs, () => (this.#turning = this.#turn()))
  }

  async #begin(): Promise<void> {
    this.#work.begin(await this.#options.store.records())
    this.#held = true
    this.#options.report.claimed()
  }

  #lose(): void {
    if (!this.#held) return
    this.#held = false
    this.#work.lose()
    this.#options.report.lost()
  }
}
