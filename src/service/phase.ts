/** Which phase a service is in: what it says of itself, and what is shown until its first checks have run. */
import type { Clock, Phase } from '../types.ts'

/** What a service may say of itself; `stopped` is what a monitor's `stop` makes of it. */
export type ServicePhase = Exclude<Phase, 'stopped'>

const PHASES: readonly unknown[] = ['starting', 'running', 'paused', 'draining'] satisfies ServicePhase[]

export function isServicePhase(phase: unknown): phase is ServicePhase {
  return PHASES.includes(phase)
}

export class Phases {
  readonly #clock: Clock
  #said: ServicePhase = 'running'
  #drainingSince: number | undefined
  shown: Phase = 'starting'
  /** The first checks have run. */
  started = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What the service says of itself, or a signal says of it; shown once the start is over. */
  get said(): ServicePhase {
    return this.#said
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

  /** Whether it is draining, and has been for no more than so many seconds. */
  drainsWithin(seconds: number): boolean {
    return this.isDraining && this.drainingSeconds <= seconds
  }

  /**
   * What is said before the start is over holds from then on; after the stop nothing does. Whether that changes what is shown. A start that
   * began before the service was asked to end, `begunAgoMs` ago, does not call that off.
   */
  say(phase: ServicePhase, begunAgoMs: number = 0): boolean {
    if (phase === 'running' && this.isDraining && 1000 * this.drainingSeconds <= begunAgoMs) return false
    this.#said = phase
    // Said once more it is the same drain.
    this.#drainingSince = phase === 'draining' ? (this.#drainingSince ?? this.#clock.monotonicMs()) : undefined
    if (!this.started || this.stopped) return false
    this.shown = phase
    return true
  }

  start(): void {
    this.started = true
    this.shown = this.said
  }
}
