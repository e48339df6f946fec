/**
 * What a queue library is to us: how its work is seen in a service that knows nothing of us, which queues the service is found to use, and
 * how one of its queues is read. A library is one file with one of these, and one line in queue-libraries.ts.
 */
import type { QueueTarget } from '../../config/targets.ts'
import type { RedisTarget } from '../../wire/redis-client.ts'
import type { Piece } from '../../record/work-in-hand.ts'
import type { Cancel, Clock } from '../../types.ts'
import type { Hold } from '../calls/hold.ts'
import type { ModuleHook } from '../hook/module-hook.ts'
import type { QueueForm } from './queue-form.ts'
import type { QueueReading } from './queue-reading.ts'

/** Without `ask`: its queues are not in Redis. */
export interface QueueLibrary extends Partial<QueueForm> {
  /** As people call it. */
  readonly name: string
  /** The script of a process or thread that the library runs processors in: what they do is seen in the worker that calls them. */
  readonly sandbox?: RegExp
  /** Its work may be a part of a job of another library: it is told as long as no worker of another one is seen. */
  readonly isPartOfWork?: boolean
  /** Its workers take nothing while the service is held: `hold` of the listener. */
  readonly canBeHeld?: boolean
  /** It tells of work when that is over, and not when it begins. */
  readonly tellsEndsOnly?: boolean
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

/** A piece of work that begins. */
export interface BegunPiece {
  readonly queue: string
  /** Of the job. */
  readonly id?: string
}

/** A queue that the service takes work from. It is data: it can be sent to another thread. */
export interface FoundQueue {
  readonly name: string
  /** The queue as health.config would name it, so that it can be read. */
  readonly target: QueueTarget
  /** Where the queue is, with credentials; `undefined` if that cannot be told or is no Redis: it is then not read. */
  readonly redis: RedisTarget | undefined
}

/** A queue that only the service itself can ask: through a client of its library, or because it is in the service's memory. */
export interface AskedQueue {
  readonly name: string
  /** What is asked, so that a queue is asked once however often it is found; held weakly. */
  readonly of: object
  /** How long until it is asked again: what asking costs decides. Seconds, 1 at least. */
  readonly everySeconds: number
  /** May throw and reject; asked again after the answer only. */
  ask(): QueueReading | Promise<QueueReading>
}

/**
 * Who a library tells what it sees. None of its functions throws, and what it is given may: what a service has made, or thrown, may throw when
 * it is looked at.
 */
export interface LibraryListener {
  readonly clock: Clock
  readonly onAttempt: (look: () => QueueAttempt) => void
  /** A piece of work is in hand from now on, until `onEnd` is told what is returned: `undefined` for what is none, which has no end. */
  readonly onBegin: (look: () => BegunPiece) => Piece | undefined
  readonly onEnd: (piece: Piece | undefined) => void
  /** Asks for the next piece of work, which may be in hand before it is known to be. Rejects as `ask` does. */
  readonly taking: <T>(ask: () => Promise<T>) => Promise<T>
  /** What takes work waits while it is held. */
  readonly hold: Hold
  /** May be told of the same queue any number of times. `undefined`: it is none that can be named. */
  readonly onQueue: (look: () => FoundQueue | undefined) => void
  /** The same of a queue that we can't read by ourselves. */
  readonly onAskedQueue: (look: () => AskedQueue | undefined) => void
  /** The service has paused all of its own workers of a queue, or lets one go on; the queue itself goes on for others. */
  readonly onRest: (queue: string, isResting: boolean) => void
}
