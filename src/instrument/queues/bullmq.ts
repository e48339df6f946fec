/**
 * BullMQ. What calls the processor, in process or sandboxed, is the method `callProcessJob` of Worker, from BullMQ 1 to 6; what begins to
 * take jobs is `run`. Both are replaced on the prototype when the module is loaded, by ones that do the same and tell. The processor
 * itself is left alone: BullMQ looks at its `length`.
 */
import { isPromise } from 'node:util/types'

import { diag } from '../../diag.ts'
import type { Clock } from '../../types.ts'
import { cancelAll, noticeCalls, prototypeOf, replaceMethod } from '../calls/replace-method.ts'
import type { Reply } from './command-client.ts'
import { connectionTarget } from './connection-target.ts'
import type { Asking } from './queue-form.ts'
import type { FoundQueue, QueueAttempt, QueueLibrary } from './queue-library.ts'
import { ageSeconds, EARLIEST_MS, greatest, known } from './queue-reading.ts'
import { count, finite, firstScore, list, text } from './redis-reply.ts'

/** `import` and `require` both load the CommonJS build; the other one is for bundlers, and Node cannot load it. */
const WORKER_MODULE = /\/bullmq\/dist\/cjs\/classes\/worker\.js$/

/** Whoever calls `moveToDelayed`, `moveToWait` or `moveToWaitingChildren` ends the processor by one of these; a rate limit is known by its message. */
const POSTPONING = ['DelayedError', 'WaitingError', 'WaitingChildrenError']
const RATE_LIMITED = 'bullmq:rateLimitExceeded'

const METHODS = ['callProcessJob', 'run'] as const

export const bullmq: QueueLibrary = {
  name: 'BullMQ',
  sandbox: /[/\\]bullmq[/\\]dist[/\\](?:cjs|esm)[/\\]classes[/\\]main(?:-worker)?\.js$/,
  watch(hook, { clock, onAttempt, onQueue }) {
    return hook.add({
      label: 'bullmq',
      matches: (url) => WORKER_MODULE.test(url),
      names: ['Worker'],
      isCommonJs: true,
      onLoad({ Worker }, url) {
        const prototype = prototypeOf(Worker?.get()) ?? {}
        if (!METHODS.every((name) => Object.hasOwn(prototype, name))) {
          diag.warn(`otel-health: workers of this version of BullMQ cannot be recorded whole (${url}).`)
        }
        const around = recorded(clock, (worker, durationMs, outcome) =>
          onAttempt(() => ({ queue: (worker as { name: string }).name, durationMs, ...outcome() })),
        )
        return cancelAll([
          replaceMethod(prototype, 'callProcessJob', around),
          noticeCalls(prototype, 'run', (worker) => onQueue(() => queueOf(worker))),
        ])
      },
    })
  },
  ask: (target, epochMs) => ('bullmq' in target ? askBullmq(`${target.prefix ?? 'bull'}:${target.bullmq}:`, epochMs) : undefined),
}

type Outcome = Pick<QueueAttempt, 'failed' | 'error' | 'postponed'>

/** Goes around a method that does the work. */
function recorded(
  clock: Clock,
  tell: (worker: unknown, durationMs: number, outcome: () => Outcome) => void,
): Parameters<typeof replaceMethod>[2] {
  return (worker, args, original) => {
    const startedAt = clock.monotonicMs()
    const completed = (): void => {
      tell(worker, clock.monotonicMs() - startedAt, () => ({ failed: false, postponed: false }))
    }
    const threw = (error: unknown): void => {
      tell(worker, clock.monotonicMs() - startedAt, () =>
        isPostponing(error) ? { failed: false, postponed: true } : { failed: true, postponed: false, error },
      )
    }
    let result: unknown
    try {
      result = Reflect.apply(original, worker, args)
    } catch (error) {
      threw(error)
      throw error
    }
    if ((typeof result !== 'object' || result === null) && typeof result !== 'function') {
      completed()
      return result
    }
    // BullMQ awaits what is returned and handles its rejection, so that to listen as well hides nothing from anybody. Only a plain
    // promise may be asked twice; to ask another thenable twice may be to run it twice, so BullMQ is given a promise that asks it once.
    const promise = isPlainPromise(result) ? result : new Promise((resolve) => resolve(result))
    promise.then(completed, threw)
    return promise
  }
}

function isPostponing(error: unknown): boolean {
  const { name, message } = (error ?? {}) as { name?: unknown; message?: unknown }
  return message === RATE_LIMITED || POSTPONING.includes(name as string)
}

/** Nobody can tell it from another promise that settles alike (async_hooks adds symbols). */
function isPlainPromise(value: unknown): value is Promise<unknown> {
  return isPromise(value) && Object.getPrototypeOf(value) === Promise.prototype && Object.getOwnPropertyNames(value).length === 0
}

/** `undefined` for a worker whose queue is not in Redis. */
function queueOf(worker: unknown): FoundQueue | undefined {
  const { name, keys, opts } = worker as { name: string; keys?: { wait?: unknown }; opts?: { connection?: unknown } }
  const wait = keys?.wait
  const ending = `:${name}:wait`
  if (typeof wait !== 'string' || !wait.endsWith(ending)) return undefined
  return { name, target: { bullmq: name, prefix: wait.slice(0, -ending.length) }, redis: connectionTarget(opts?.connection) }
}

/** BullMQ's scores of delayed jobs: the time due in milliseconds times this, plus a number that keeps their order. */
const DELAYED_SCORES_PER_MS = 0x1000

/**
 * Keys as BullMQ 4 to 6 has them; since 6 a paused queue keeps its jobs in `wait`, `paused` is what older versions left. Jobs are taken
 * from the right of a list. Delayed jobs whose time has come are due: only a worker moves them, and there may be none.
 *
 * The ages of the jobs at both ends of each list are read (those added as LIFO wait at the other end); where jobs of several priorities
 * wait there may be one that is older still.
 */
function* askBullmq(prefix: string, epochMs: number): Asking {
  const [waiting, paused, prioritized, active, delayed, overdue, failed, firstDelayed, ...ends] = yield [
    ['LLEN', `${prefix}wait`],
    ['LLEN', `${prefix}paused`],
    ['ZCARD', `${prefix}prioritized`],
    ['LLEN', `${prefix}active`],
    ['ZCARD', `${prefix}delayed`],
    ['ZCOUNT', `${prefix}delayed`, '-inf', (epochMs + 1) * DELAYED_SCORES_PER_MS - 1],
    ['ZCARD', `${prefix}failed`],
    ['ZRANGE', `${prefix}delayed`, 0, 0, 'WITHSCORES'],
    ['LRANGE', `${prefix}wait`, -2, -1],
    ['LRANGE', `${prefix}paused`, -2, -1],
    ['LRANGE', `${prefix}wait`, 0, 0],
    ['LRANGE', `${prefix}paused`, 0, 0],
    ['ZRANGE', `${prefix}prioritized`, 0, 0],
    ['ZRANGE', `${prefix}prioritized`, -1, -1],
  ]
  const ids = ends.flatMap(list).map(text)
  // Up to version 4, `0:<time>` at the right of the list woke a worker up and was no job.
  const markers = ends.slice(0, 2).filter((end) => isMarker(list(end).at(-1))).length
  const countOverdue = count(overdue)
  const due = Math.max(0, count(waiting) + count(paused) - markers) + count(prioritized) + countOverdue
  const jobs = [...new Set(ids)].filter((id) => !isMarker(id))
  const replies = jobs.length === 0 ? [] : yield jobs.map((id) => ['HMGET', prefix + id, 'timestamp', 'processedOn', 'opts'] as const)
  const since = replies.map(waitingSince)
  const firstDue = firstScore(firstDelayed)
  if (countOverdue > 0 && firstDue !== undefined) since.push(Math.floor(firstDue / DELAYED_SCORES_PER_MS))
  return known({
    due,
    scheduled: Math.max(0, count(delayed) - countOverdue),
    leased: count(active),
    failed: count(failed),
    oldestAgeSeconds: due === 0 ? 0 : greatest(since.map((ms) => ms && ageSeconds(epochMs, ms))),
  })
}

function isMarker(id: unknown): boolean {
  return typeof id === 'string' && id.startsWith('0:')
}

/** A job waits since it was added and its delay was over, or since it was last begun: a retry keeps its `timestamp`. */
function waitingSince(reply: Reply): number | undefined {
  const [timestamp, processedOn, opts] = list(reply)
  const added = finite(timestamp)
  if (added === undefined || added < EARLIEST_MS) return undefined
  return Math.max(added + delayOf(opts), finite(processedOn) ?? 0)
}

/** The delay a job was added with; the field `delay` is 0 once it is over. */
function delayOf(opts: unknown): number {
  try {
    const { delay } = JSON.parse(text(opts)) as { delay?: unknown }
    return Math.max(0, finite(delay) ?? 0)
  } catch {
    return 0
  }
}
