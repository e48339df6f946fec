/**
 * Bee-Queue 1 and 2. `process`, which may be called once for a queue, keeps what calls the service's function as the queue's `handler`;
 * there it is replaced by one that does the same and tells. The function itself is left alone: Bee-Queue looks at its `length`.
 */
import { cancelAll, prototypeOf, replaceMethod } from '../calls/replace-method.ts'
import { connectionTarget } from './connection-target.ts'
import { sayNotRecorded } from './not-recorded.ts'
import type { Asking } from './queue-form.ts'
import type { FoundQueue, LibraryListener, QueueLibrary } from './queue-library.ts'
import { ageSeconds, EARLIEST_MS, greatest, known } from './queue-reading.ts'
import { count, finite, firstScore, list } from './redis-reply.ts'
import { type Handler, idOf, inHandDuring, tellingHandler } from './work-call.ts'

const QUEUE_MODULE = /\/bee-queue\/lib\/queue\.js$/

interface Queue {
  readonly name: string
  readonly settings: { readonly redis: unknown; readonly keyPrefix: string }
  handler: unknown
  /** It is being closed. */
  readonly paused?: boolean
}

interface Job {
  readonly id?: unknown
  readonly options?: { readonly timeout?: number }
}

export const beeQueue: QueueLibrary = {
  name: 'Bee-Queue',
  canBeHeld: true,
  watch(hook, listener) {
    return hook.add({
      label: 'bee-queue',
      matches: (url) => QUEUE_MODULE.test(url),
      names: ['Queue'],
      isCommonJs: true,
      onLoad({ Queue }, url) {
        const prototype = prototypeOf(Queue?.get()) ?? {}
        if (!Object.hasOwn(prototype, 'process')) return sayNotRecorded('Bee-Queue', url, ['Queue.process'])
        return cancelAll([
          replaceMethod(prototype, 'process', (queue, args, original) => {
            const result = Reflect.apply(original, queue, args)
            watchHandler(queue as Queue, listener)
            return result
          }),
          replaceMethod(prototype, '_getNextJob', (queue, args, original) =>
            listener.hold.isHeld ? nextWhenOver(queue as Queue, args, original, listener) : Reflect.apply(original, queue, args),
          ),
          replaceMethod(
            prototype,
            '_runJob',
            inHandDuring(listener, (queue, [job]) => [{ queue: (queue as Queue).name, ...idOf((job as Job).id) }]),
          ),
        ])
      },
    })
  },
  ask: (target, epochMs) => ('beeQueue' in target ? askBeeQueue(`${target.prefix ?? 'bq'}:${target.beeQueue}:`, epochMs) : undefined),
}

/**
 * A queue that is closed meanwhile is never given an answer: it counts none as a job, and waits for none. The wait that is under way when the
 * hold begins may bring one more job, which is then done: Bee-Queue cannot give one back.
 */
async function nextWhenOver(queue: Queue, args: unknown[], original: Handler, { hold }: LibraryListener): Promise<unknown> {
  while (hold.isHeld && queue.paused !== true) await hold.overOrAWhile()
  return await (queue.paused === true ? new Promise(() => {}) : Reflect.apply(original, queue, args))
}

function watchHandler(queue: Queue, listener: LibraryListener): void {
  listener.onQueue(() => queueOf(queue))
  const { handler } = queue
  if (typeof handler !== 'function') return
  queue.handler = tellingHandler(handler as Handler, queue.name, ([job]) => (job as Job | undefined)?.options?.timeout, listener)
}

/** What its client puts before every key is part of the prefix: node_redis calls it `prefix`, ioredis `keyPrefix`. */
function queueOf({ name, settings: { redis, keyPrefix } }: Queue): FoundQueue | undefined {
  const ending = `:${name}:`
  if (!keyPrefix.endsWith(ending)) return undefined
  const connection = typeof redis === 'string' ? { url: redis } : typeof redis === 'number' ? { port: redis } : redis
  const { options = connection } = connection as { options?: unknown }
  const { prefix, keyPrefix: before = prefix ?? '' } = options as { prefix?: unknown; keyPrefix?: unknown }
  if (typeof before !== 'string') return undefined
  return {
    name,
    target: { beeQueue: name, prefix: before + keyPrefix.slice(0, -ending.length) },
    redis: connectionTarget(connection),
  }
}

/**
 * Jobs are taken from the right of `waiting`. Delayed jobs whose time has come are due: only a queue that is told to (`activateDelayedJobs`)
 * moves them, and there may be none. Bee-Queue has no pause that other processes see.
 */
function* askBeeQueue(prefix: string, epochMs: number): Asking {
  const [waiting, active, delayed, overdue, failed, firstDelayed, ...ends] = yield [
    ['LLEN', `${prefix}waiting`],
    ['LLEN', `${prefix}active`],
    ['ZCARD', `${prefix}delayed`],
    ['ZCOUNT', `${prefix}delayed`, '-inf', epochMs],
    ['SCARD', `${prefix}failed`],
    ['ZRANGE', `${prefix}delayed`, 0, 0, 'WITHSCORES'],
    ['LRANGE', `${prefix}waiting`, -1, -1],
  ]
  const countOverdue = count(overdue)
  const due = count(waiting) + countOverdue
  const jobs = ends.flatMap(list).map(String)
  const [texts] = jobs.length === 0 ? [] : yield [['HMGET', `${prefix}jobs`, ...jobs]]
  const since = texts ? list(texts).map(waitingSince) : []
  const firstDue = firstScore(firstDelayed)
  if (countOverdue > 0) since.push(firstDue)
  return known({
    due,
    scheduled: Math.max(0, count(delayed) - countOverdue),
    leased: count(active),
    failed: count(failed),
    oldestAgeSeconds: due === 0 ? 0 : greatest(since.map((ms) => ms && ageSeconds(epochMs, ms))),
  })
}

interface JobOptions {
  readonly timestamp?: unknown
  readonly delay?: unknown
  readonly stacktraces?: readonly unknown[]
}

/** Since it was made, or since its delay was over. When a job that is tried again was put back is noted nowhere. */
function waitingSince(job: unknown): number | undefined {
  try {
    const { options } = JSON.parse(String(job)) as { options: JobOptions }
    const made = finite(options.timestamp)
    if (made === undefined || made < EARLIEST_MS || (options.stacktraces ?? []).length > 0) return undefined
    return Math.max(made, finite(options.delay) ?? 0)
  } catch {
    return undefined
  }
}
