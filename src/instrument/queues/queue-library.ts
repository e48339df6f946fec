/**
 * What a queue library is to us: how its work is seen in a service that knows nothing of us, which queues the service is found to use, and
 * how one of its queues is read. A library is one file with one of these, and one line in queue-libraries.ts.
 */
import type { QueueTarget } from '../../config/targets.ts'
import type { RedisTarget } from '../../wire/redis-client.ts'
import type { Cancel, Clock } from '../../types.ts'
import type { ModuleHook } from '../hook/module-hook.ts'
import type { QueueForm } from './queue-form.ts'

export interface QueueLibrary extends QueueForm {
  /** As people call it. */
  readonly name: string
  /** The script of a process or thread that the library runs processors in: what they do is seen in the worker that calls them. */
  readonly sandbox: RegExp
  /** Workers of modules loaded before this are not seen. Nothing of it may throw into the service. Returns what restores them all. */
  watch(hook: ModuleHook, listener: LibraryListener): Cancel
}

/** One try at one piece of work, whether or not tries are left after it. */
export interface QueueAttempt {
  /** The name of the queue it was taken from. */
  readonly queue: string
  /** From the call of the service's own function until it returned or its promise settled; without what the library does to note the end. */
  readonly durationMs: number
  readonly failed: boolean
  /** What was thrown; absent unless it failed. */
  readonly error?: unknown
  /** Ended early to go on later (delayed, rate limited, waiting for other work): the library counts it neither as completed nor as failed. */
  readonly postponed: boolean
}

/** A queue that the service takes work from. It is data: it can be sent to another thread. */
export interface FoundQueue {
  readonly name: string
  /** The queue as health.config would name it, so that it can be read. */
  readonly target: QueueTarget
  /** Where the queue is, with credentials; `undefined` if that cannot be told or is no Redis: it is then not read. */
  readonly redis: RedisTarget | undefined
}

/**
 * Who a library tells what it sees. Neither function throws, and what it is given may: what a service has made, or thrown, may throw when
 * it is looked at.
 */
export interface LibraryListener {
  readonly clock: Clock
  readonly onAttempt: (look: () => QueueAttempt) => void
  /** May be told of the same queue any number of times. `undefined`: it is none that can be named. */
  readonly onQueue: (look: () => FoundQueue | undefined) => void
}
