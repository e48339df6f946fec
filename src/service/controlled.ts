/** What of a monitor is there for who obeys people or a supervisor: how the service stands, what it is held at, and when it ends. */
import type { HealthOptions } from '../config/options.ts'
import type { Settings } from '../config/settings.ts'
import type { RedisExporter } from '../publish/redis-exporter.ts'
import type { Interruptions } from '../record/interruptions.ts'
import type { WorkInHand } from '../record/work-in-hand.ts'
import type { Clock, Profile } from '../types.ts'
import type { Evaluation } from './evaluation.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Held, Phases } from './phase.ts'
import type { Publication } from './publication.ts'
import { Recoverable, type RecoverableAlert } from './recoverable.ts'
import type { Standing } from './standing.ts'

export interface ControlledParts {
  readonly resolved: HealthOptions
  readonly instance: string
  readonly profile: Profile
  readonly clock: Clock
  readonly interruptions: Interruptions
  readonly phases: Phases
  readonly evaluation: Evaluation
  readonly publication: Publication
  readonly lifecycle: Lifecycle
  readonly inHand: WorkInHand
  readonly redis: RedisExporter | undefined
  readonly evaluateSoon: () => void
}

export class Controlled {
  readonly #parts: ControlledParts
  readonly #recoverable: Recoverable

  constructor(parts: ControlledParts) {
    this.#parts = parts
    this.#recoverable = new Recoverable(parts.profile.rules)
  }

  get service(): string {
    return this.#parts.resolved.serviceName
  }

  get instance(): string {
    return this.#parts.instance
  }

  get settings(): Settings {
    return this.#parts.resolved.settings
  }

  /** What it has begun and not ended, counted by whoever watches it from outside. */
  get inHand(): WorkInHand {
    return this.#parts.inHand
  }

  /** Where it publishes; `undefined` where that is no Redis of ours. */
  get publishedTo(): RedisExporter | undefined {
    return this.#parts.redis
  }

  /** How the instance stands, as it was judged last. */
  get standing(): Pick<Standing, 'phase' | 'instanceStatus'> {
    return this.#parts.publication.standing()
  }

  /** How much work waits in its queues; `undefined`: its kind says nothing of queues, or it is not known. */
  get waiting(): number | undefined {
    const size = this.#parts.publication.snapshot().metrics['total_queue_size']
    return typeof size === 'number' ? size : undefined
  }

  /** Whether the service itself, or a signal, says that it is ending. */
  get saysDraining(): boolean {
    return this.#parts.phases.saysDraining
  }

  /** What it is held at on request, whatever it says of itself; `undefined`: nothing. */
  hold(held: Held | undefined): void {
    this.#parts.phases.hold(held)
    this.#parts.evaluateSoon()
  }

  /** What is done in the tick in which another phase is shown. It must not throw. */
  onPhase(action: () => void): void {
    this.#parts.publication.onPhase(action)
  }

  /** `isSo`: whether a supervisor starts this process again when it ends, as its status says from now on. */
  supervisedIf(isSo: () => boolean): void {
    this.#parts.publication.supervisedIf(isSo)
  }

  /** `isSo`: whether it works again after a pause, but for what it pauses itself, as its status says from now on. */
  pausedInPartIf(isSo: () => boolean): void {
    this.#parts.publication.pausedInPartIf(isSo)
  }

  /** What is done once the service says that it is ending, or a signal does, after everybody who hears the signal as well. It must not throw. */
  onDraining(action: () => void): void {
    this.#parts.phases.onDraining(action)
  }

  /** What is done in the same tick in which the monitor stops, before its last status is said. It must not throw. */
  onStop(action: () => void): void {
    this.#parts.lifecycle.onStop(action)
  }

  /** Alerts of its own that say that to start the process again can help. To be asked about once for each evaluation. */
  recoverable(): readonly RecoverableAlert[] {
    return this.#recoverable.among(this.#parts.evaluation.last, this.#parts.clock.monotonicMs())
  }

  /** Work that was in hand when an earlier process was killed or crashed. */
  recordInterrupted(work: Parameters<Interruptions['add']>[0]): void {
    this.#parts.interruptions.add(work)
  }
}
