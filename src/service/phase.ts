/** Which phase a service is in: what it says of itself, and what is shown until its first checks have run. */
import type { Phase } from '../types.ts'

/** What a service may say of itself; `stopped` is what a monitor's `stop` makes of it. */
export type ServicePhase = Exclude<Phase, 'stopped'>

const PHASES: readonly unknown[] = ['starting', 'running', 'paused', 'draining'] satisfies ServicePhase[]

export function isServicePhase(phase: unknown): phase is ServicePhase {
  return PHASES.includes(phase)
}

export class Phases {
  /** What the service says of itself; shown once the start is over. */
  said: ServicePhase = 'running'
  shown: Phase = 'starting'
  /** The first checks have run. */
  started = false

  get stopped(): boolean {
    return this.shown === 'stopped'
  }

  /** What is said before the start is over holds from then on; after the stop nothing does. Whether that changes what is shown. */
  say(phase: ServicePhase): boolean {
    this.said = phase
    if (!this.started || this.stopped) return false
    this.shown = phase
    return true
  }

  start(): void {
    this.started = true
    this.shown = this.said
  }
}
