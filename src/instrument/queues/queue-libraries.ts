/** The queue libraries whose workers are seen, and what is the same for all of them: nothing they see is told twice or hurts the service. */
import { diag } from '../../diag.ts'
import type { Cancel, Clock } from '../../types.ts'
import { cancelAll } from '../calls/replace-method.ts'
import type { ModuleHook } from '../hook/module-hook.ts'
import { bullmq } from './bullmq.ts'
import type { FoundQueue, QueueAttempt, QueueLibrary } from './queue-library.ts'

export const QUEUE_LIBRARIES: readonly QueueLibrary[] = [bullmq]

/** Whether a script is not a service but a part of a queue library, which inherits `--import`. */
export function isSandbox(script: string | undefined): boolean {
  return script !== undefined && QUEUE_LIBRARIES.some(({ sandbox }) => sandbox.test(script))
}

/** A service that makes queues on and on is told of no more than these. */
const MAX_QUEUES = 1000

export interface LibraryWatchOptions {
  readonly clock: Clock
  /** Must not throw; if it does, that is said once for each library and the service does not notice. */
  readonly onAttempt: (attempt: QueueAttempt) => void
  /** A queue that a worker takes work from; once for each queue of each Redis. The same holds. */
  readonly onQueue: (queue: FoundQueue) => void
}

/** Workers of modules loaded before this are not seen. Returns what restores them all; nothing is told after it was called. */
export function watchQueueLibraries(hook: ModuleHook, { clock, onAttempt, onQueue }: LibraryWatchOptions): Cancel {
  const told = new Set<string>()
  let watching = true
  const tellQueue = (look: () => FoundQueue | undefined): void => {
    const queue = told.size < MAX_QUEUES ? look() : undefined
    if (!queue) return
    const { target, redis } = queue
    const identity = JSON.stringify([target, redis?.host, redis?.port, redis?.database])
    if (told.has(identity)) return
    told.add(identity)
    onQueue(queue)
  }
  const watches = QUEUE_LIBRARIES.map((library) => {
    const safely = guard(`otel-health: a ${library.name} worker could not be recorded:`)
    return library.watch(hook, {
      clock,
      onAttempt(look) {
        if (watching) safely(() => onAttempt(look()))
      },
      onQueue(look) {
        if (watching) safely(() => tellQueue(look))
      },
    })
  })
  return () => {
    watching = false
    cancelAll(watches)()
  }
}

/** Runs what may throw; that it did is said once. */
function guard(message: string): (fn: () => void) => void {
  let said = false
  return (fn) => {
    try {
      fn()
    } catch (error) {
      if (!said) diag.warn(message, (error as Error | undefined)?.message)
      said = true
    }
  }
}
