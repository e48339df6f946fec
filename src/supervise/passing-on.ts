/**
 * Passes on the signals that ask a process to end, so that it has each once. Whoever ends all that it has started, one by one (PM2, concurrently)
 * or as a group, has sent it to the process as well, and a second one cuts short what the process still had to do. A process that is heard says
 * which it has; any other is sent all.
 */
import { isEndingSignal } from '../supervised/protocol.ts'
import type { EndingSignal } from '../supervised/supervised.ts'
import type { Cancel, Clock } from '../types.ts'

/** A process that has it says so within four of these, unless its event loop is busy. Not within one: a machine may stand still for longer. Milliseconds. */
const TURN_MS = 100
const SAYS_SO_WITHIN_TURNS = 4
/** What it says that it has is what we are sent so soon after. Milliseconds. */
const SAME_WITHIN_MS = 1000

export class PassingOn {
  readonly #clock: Clock
  readonly #send: (signal: NodeJS.Signals) => void
  /** That it has from others, by when it said so. */
  readonly #has = new Map<EndingSignal, number>()
  /** That it may have from others. */
  readonly #waiting = new Map<EndingSignal, Cancel>()
  /** That it was sent by us, and has not said to have. */
  readonly #sent = new Set<EndingSignal>()

  constructor(clock: Clock, send: (signal: NodeJS.Signals) => void) {
    this.#clock = clock
    this.#send = send
  }

  /** `isHeard`: whether the process says which signals it has. */
  pass(signal: NodeJS.Signals, isHeard: boolean): void {
    if (!isHeard || !isEndingSignal(signal)) return this.#send(signal)
    // Who is asked twice is told twice.
    if (this.#waiting.has(signal)) this.#pass(signal)
    const saidAt = this.#has.get(signal)
    this.#has.delete(signal)
    if (saidAt !== undefined && this.#clock.monotonicMs() - saidAt < SAME_WITHIN_MS) return
    let turns = 0
    this.#waiting.set(
      signal,
      this.#clock.every(TURN_MS, () => ++turns === SAYS_SO_WITHIN_TURNS && this.#pass(signal)),
    )
  }

  /** The process says that it has it. */
  heard(signal: EndingSignal): void {
    if (this.#waiting.has(signal)) this.#waitNoMore(signal)
    else if (!this.#sent.delete(signal)) this.#has.set(signal, this.#clock.monotonicMs())
  }

  /** Another process is started, which has none. */
  startAnew(): void {
    for (const signal of this.#waiting.keys()) this.#waitNoMore(signal)
    this.#has.clear()
    this.#sent.clear()
  }

  #pass(signal: EndingSignal): void {
    this.#waitNoMore(signal)
    this.#sent.add(signal)
    this.#send(signal)
  }

  #waitNoMore(signal: EndingSignal): void {
    this.#waiting.get(signal)?.()
    this.#waiting.delete(signal)
  }
}
