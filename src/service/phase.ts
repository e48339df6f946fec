/**
 * Which phase a service is in: what it says of itself, what it is held at on request, which nothing that it says of itself changes, and what is
 * shown until its first checks have run.
 */
import type { Clock, Phase } from '../types.ts'

/** What a service may say of itself; `stopped` is what a monitor's `stop` makes of it. */
export type ServicePhase = Exclude<Phase, 'stopped'>

/** What somebody has asked of the service, and why, as people read it. */
export interface Held {
  readonly phase: 'paused' | 'draining'
  readonly reason: string
}

const PHASES: readonly unknown[] = ['starting', 'running', 'paused', 'draining'] satisfies ServicePhase[]

export function isServicePhase(phase: unknown): phase is ServicePhase {
  return PHASES.includes(phase)
}

export class Phases {
  readonly #clock: Clock
  #said: ServicePhase = 'running'
  #held: Held | undefined
  readonly #onDraining: (() => void)[] = []
  #drainingSince: number | undefined
  shown: Phase = 'starting'
  /** The first checks have run. */
  started = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What the service says of itself, or a signal or who holds it says of it; shown once the start is over. */
  get said(): ServicePhase {
    return this.saysDraining ? 'draining' : (this.#held?.phase ?? this.#said)
  }

  /** Whether the service itself, or a signal, says that it is ending. */
  get saysDraining(): boolean {
    return this.#said === 'draining'
  }

  /** Why it is held; `undefined` if it is not. */
  get heldBecause(): string | undefined {
    return this.#held?.reason
  }

  get stopped(): boolean {
    return this.shown === 'stopped'
  }

  get isDraining(): boolean {
    return this.#drainingSince !== undefined
  }

  /** How long it has been draining; 0 if it is not. */
  get drainingSeconds(): number {
    return this.#drainingSince === undefined ? 0 : (this.#clock.monotonicMs() - this.#drainingSince) / 1000
  }

  /** Whether it says that it is draining, and has been for no more than so many seconds. */
  drainsWithin(seconds: number): boolean {
    return this.saysDraining && this.drainingSeconds <= seconds
  }

  /**
   * What is said before the start is over holds from then on; after the stop nothing does. Whether that changes what is shown. A start that
   * began before the service was asked to end, `begunAgoMs` ago, does not call that off.
   */
  say(phase: ServicePhase, begunAgoMs: number = 0): boolean {
    if (phase === 'running' && this.saysDraining && 1000 * this.drainingSeconds <= begunAgoMs) return false
    this.#said = phase
    if (phase === 'draining') for (const action of this.#onDraining) queueMicrotask(action)
    return this.#follow()
  }

  /** What is done each time that the service itself, or a signal, says that it is ending, once everybody has heard. It must not throw. */
  onDraining(action: () => void): void {
    this.#onDraining.push(action)
  }

  /** `undefined`: it is held no more. Whether that changes what is shown. */
  hold(held: Held | undefined): boolean {
    this.#held = held
    return this.#follow()
  }

  #follow(): boolean {
    // Said once more it is the same drain.
    this.#drainingSince = this.said === 'draining' ? (this.#drainingSince ?? this.#clock.monotonicMs()) : undefined
    if (!this.started || this.stopped) return false
    this.shown = this.said
    return true
  }

  start(): void {
    this.started = true
    this.shown = this.said
  }
}
