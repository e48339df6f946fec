/**
 * Bull 3 and 4. `setHandler` puts what calls the service's function, or its sandbox, among the queue's `handlers`; there it is replaced by
 * one that does the same and tells. The function itself is left alone: Bull looks at its `length`. What begins to take jobs is `run`.
 */
import { cancelAll, noticeCalls, prototypeOf, replaceMethod } from '../calls/replace-method.ts'
import { DELAYED_SCORES_PER_MS, waitingTimes } from './bull-job.ts'
import { BullPauses } from './bull-pauses.ts'
import { connectionTarget } from './connection-target.ts'
import { sayNotRecorded } from './not-recorded.ts'
import type { Asking } from './queue-form.ts'
import type { FoundQueue, LibraryListener, QueueLibrary } from './queue-library.ts'
import { ageSeconds, greatest, known } from './queue-reading.ts'
import { count, list, text } from './redis-reply.ts'
import { type Handler, idOf, inHandDuring, tellingHandler } from './work-call.ts'

const QUEUE_MODULE = /\/bull\/lib\/queue\.js$/
const METHODS = ['setHandler', 'run'] as const

/** Of the service, which made it; Bull keeps no options of its connection, but its first client, which it has made by then, does. */
interface Queue {
  readonly name: string
  readonly keyPrefix: string
  readonly client: unknown
  readonly handlers: Record<string, unknown>
}

interface Job {
  readonly id?: unknown
  readonly opts?: { readonly timeout?: number }
}

export const bull: QueueLibrary = {
  name: 'Bull',
  canBeHeld: true,
  sandbox: /[/\\]bull[/\\]lib[/\\]process[/\\]master\.js$/,
  watch(hook, listener) {
    return hook.add({
      label: 'bull',
      matches: (url) => QUEUE_MODULE.test(url),
      names: ['Queue'],
      isCommonJs: true,
      onLoad({ Queue }, url) {
        const prototype = prototypeOf(Queue?.get()) ?? {}
        const lacks = METHODS.filter((name) => !Object.hasOwn(prototype, name))
        if (lacks.length > 0)
          return sayNotRecorded(
            'Bull',
            url,
            lacks.map((name) => `Queue.${name}`),
          )
        const pauses = new BullPauses(listener)
        return cancelAll([
          replaceMethod(prototype, 'setHandler', (queue, args, original) => {
            const result = Reflect.apply(original, queue, args)
            watchHandler(queue as Queue, String(args[0]), listener)
            return result
          }),
          noticeCalls(prototype, 'run', (queue) => {
            pauses.begin(queue as object)
            listener.onQueue(() => queueOf(queue as Queue))
          }),
          ...pauses.watch(prototype),
          replaceMethod(prototype, 'getNextJob', (queue, args, original) =>
            listener.taking(() => Reflect.apply(original, queue, args) as Promise<unknown>),
          ),
          replaceMethod(
            prototype,
            'processJob',
            inHandDuring(listener, (queue, [job]) => (job ? [{ queue: (queue as Queue).name, ...idOf((job as Job).id) }] : [])),
          ),
        ])
      },
    })
  },
  ask: (target, epochMs) => ('bull' in target ? askBull(`${target.prefix ?? 'bull'}:${target.bull}:`, epochMs) : undefined),
}

/** Bull refuses a second function of the same name, so none is replaced twice. */
function watchHandler(queue: Queue, name: string, listener: LibraryListener): void {
  const handler = queue.handlers?.[name]
  if (typeof handler !== 'function') return
  queue.handlers[name] = tellingHandler(handler as Handler, queue.name, ([job]) => (job as Job | undefined)?.opts?.timeout, listener)
}

function queueOf({ name, keyPrefix, client }: Queue): FoundQueue {
  return { name, target: { bull: name, prefix: keyPrefix }, redis: connectionTarget(client) }
}

/**
 * A queue that is paused has its jobs in `paused`, and `meta-paused` is there. Jobs with a priority are in `wait` among the others. Jobs are
 * taken from the right; the ages of those at both ends are read. Delayed jobs whose time has come are due: only a worker moves them, and
 * there may be none.
 */
function* askBull(prefix: string, epochMs: number): Asking {
  const [waiting, held, active, delayed, overdue, failed, paused, firstDelayed, ...ends] = yield [
    ['LLEN', `${prefix}wait`],
    ['LLEN', `${prefix}paused`],
    ['LLEN', `${prefix}active`],
    ['ZCARD', `${prefix}delayed`],
    ['ZCOUNT', `${prefix}delayed`, '-inf', (epochMs + 1) * DELAYED_SCORES_PER_MS - 1],
    ['ZCARD', `${prefix}failed`],
    ['EXISTS', `${prefix}meta-paused`],
    ['ZRANGE', `${prefix}delayed`, 0, 0, 'WITHSCORES'],
    ['LRANGE', `${prefix}wait`, -1, -1],
    ['LRANGE', `${prefix}wait`, 0, 0],
    ['LRANGE', `${prefix}paused`, -1, -1],
    ['LRANGE', `${prefix}paused`, 0, 0],
  ]
  const countOverdue = count(overdue)
  const due = count(waiting) + count(held) + countOverdue
  const jobs = [...new Set(ends.flatMap(list).map(text))]
  const since = yield* waitingTimes(prefix, jobs, countOverdue > 0 ? firstDelayed : undefined)
  return known({
    due,
    scheduled: Math.max(0, count(delayed) - countOverdue),
    leased: count(active),
    failed: count(failed),
    oldestAgeSeconds: due === 0 ? 0 : greatest(since.map((ms) => ms && ageSeconds(epochMs, ms))),
    paused: count(paused) > 0,
  })
}
