/** Whether the work of a service is seen. A service that records its work itself says nothing here. */
import { HEALTH_WORK_SOURCES } from '../catalogue.ts'
import type { LevelHandle, Recording } from '../record/recording.ts'
import { NO_SOURCE } from '../wire/no-source.ts'

/** What of its work is seen from outside a service. */
export interface WorkSeen {
  /** How many sources of work are watched. */
  readonly sources: number
  /** Why there is none: half a sentence. */
  readonly why?: string
  /** Why no size of a queue is known, as long as none is: half a sentence. */
  readonly queues?: string
  /** It has no work of its own: nothing is missed. */
  readonly isIdle?: boolean
}

export class Work {
  readonly #recording: Recording
  readonly #onChange: () => void
  #sources: LevelHandle | undefined
  #seen: WorkSeen | undefined

  constructor(recording: Recording, onChange: () => void) {
    this.#recording = recording
    this.#onChange = onChange
  }

  observe(seen: WorkSeen): void {
    this.#seen = seen
    this.#sources ??= this.#recording.level(HEALTH_WORK_SOURCES, {})
    this.#sources.set(seen.sources)
    this.#onChange()
  }

  /** Whether a source of work is watched; `undefined`: that is not known yet, or there is no work that could be seen. */
  get isWatched(): boolean | undefined {
    if (this.#seen === undefined) return undefined
    return this.#seen.sources > 0 ? true : this.#seen.isIdle ? undefined : false
  }

  /** Why no size of a queue is known. */
  get unreadQueues(): string | undefined {
    return this.#seen?.queues
  }

  /** Why no work is seen; `undefined` if some is, or nobody has said. */
  get unseen(): string | undefined {
    return this.#seen?.sources === 0 ? (this.#seen.why ?? NO_SOURCE) : undefined
  }
}
