/** The queue libraries whose workers are seen, and what is the same for all of them: nothing they see is told twice or hurts the service. */
import { diag } from '../../diag.ts'
import type { Piece, WorkInHand } from '../../record/work-in-hand.ts'
import type { Cancel, Clock } from '../../types.ts'
import type { Hold } from '../calls/hold.ts'
import { cancelAll } from '../calls/replace-method.ts'
import type { ModuleHook } from '../hook/module-hook.ts'
import { agenda } from './agenda.ts'
import { amqplib } from './amqplib.ts'
import { beeQueue } from './bee-queue.ts'
import { bull } from './bull.ts'
import { bullmq } from './bullmq.ts'
import { graphileWorker } from './graphile-worker.ts'
import { kafkajs } from './kafkajs.ts'
import { nodeCron } from './node-cron.ts'
import { pQueue } from './p-queue.ts'
import { pgBoss } from './pg-boss.ts'
import type { AskedQueue, FoundQueue, QueueAttempt, QueueLibrary } from './queue-library.ts'
import { sqsClient } from './sqs-client.ts'
import { sqsConsumer } from './sqs-consumer.ts'

export const QUEUE_LIBRARIES: readonly QueueLibrary[] = [
  bullmq,
  bull,
  beeQueue,
  pgBoss,
  graphileWorker,
  sqsConsumer,
  sqsClient,
  amqplib,
  kafkajs,
  agenda,
  pQueue,
  nodeCron,
]

/** Whether a script is not a service but a part of a queue library, which inherits `--import`. */
export function isSandbox(script: string | undefined): boolean {
  return script !== undefined && QUEUE_LIBRARIES.some(({ sandbox }) => sandbox?.test(script) === true)
}

/** A service that makes queues on and on is told of no more than these. */
const MAX_QUEUES = 1000

export interface LibraryWatchOptions {
  readonly clock: Clock
  /** Must not throw; if it does, that is said once for each library and the service does not notice. */
  readonly onAttempt: (attempt: QueueAttempt) => void
  /** A queue that a worker takes work from; once for each queue of each Redis. The same holds. */
  readonly onQueue: (queue: FoundQueue, library: QueueLibrary) => void
  /** The same of a queue that only the service can ask. */
  readonly onAskedQueue: (queue: AskedQueue, library: QueueLibrary) => void
  /** Where what has begun is counted until it ends. */
  readonly inHand: WorkInHand
  /** Workers take nothing while it is held. */
  readonly hold: Hold
  /** The service has paused all of its workers of a queue, or lets one go on. */
  readonly onRest?: (queue: string, isResting: boolean) => void
  /** Of each package whose workers are seen, once it is loaded; at once. */
  readonly onPackage?: (name: string) => void
}

/** Workers of modules loaded before this are not seen. Returns what restores them all; nothing is told after it was called. */
export function watchQueueLibraries(
  hook: ModuleHook,
  { clock, onAttempt, onQueue, onAskedQueue, onRest, onPackage, inHand, hold }: LibraryWatchOptions,
): Cancel {
  const noting: ModuleHook = {
    ...hook,
    add(target) {
      onPackage?.(target.label)
      return hook.add(target)
    },
  }
  const told = new Set<string>()
  const asked = new WeakSet<object>()
  let askedCount = 0
  let watching = true
  let seesWorkers = false
  const tellQueue = (library: QueueLibrary, look: () => FoundQueue | undefined): void => {
    const queue = told.size < MAX_QUEUES ? look() : undefined
    if (!queue) return
    const { target, redis } = queue
    const identity = JSON.stringify([target, redis?.host, redis?.port, redis?.database])
    if (told.has(identity)) return
    told.add(identity)
    onQueue(queue, library)
  }
  const tellAskedQueue = (library: QueueLibrary, look: () => AskedQueue | undefined): void => {
    const queue = askedCount < MAX_QUEUES ? look() : undefined
    if (!queue || asked.has(queue.of)) return
    asked.add(queue.of)
    askedCount++
    onAskedQueue(queue, library)
  }
  const watches = QUEUE_LIBRARIES.map((library) => {
    const safely = guard(`otel-health: a ${library.name} worker could not be recorded:`)
    const isPart = library.isPartOfWork === true
    return library.watch(noting, {
      clock,
      onAttempt(look) {
        if (watching && !(isPart && seesWorkers)) safely(() => onAttempt(look()))
      },
      onBegin(look) {
        let piece: Piece | undefined
        if (watching && !(isPart && seesWorkers))
          safely(() => {
            const { queue, id } = look()
            piece = inHand.begin(queue, id)
          })
        return piece
      },
      onEnd: (piece) => piece && inHand.end(piece),
      taking: (ask) => inHand.taking(ask),
      hold,
      onQueue(look) {
        seesWorkers = true
        if (watching) safely(() => tellQueue(library, look))
      },
      onAskedQueue(look) {
        seesWorkers ||= !isPart
        if (watching) safely(() => tellAskedQueue(library, look))
      },
      onRest(queue, isResting) {
        if (watching) safely(() => onRest?.(queue, isResting))
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
