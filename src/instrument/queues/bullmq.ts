/**
 * BullMQ. What calls the processor, in process or sandboxed, is the method `callProcessJob` of Worker, from BullMQ 1 to 6; what begins to
 * take jobs is `run`. Both are replaced on the prototype when the module is loaded, by ones that do the same and tell. The processor
 * itself is left alone: BullMQ looks at its `length`. A service that takes jobs by hand does without both: bullmq-by-hand.ts.
 */
import { diag } from '../../diag.ts'
import { cancelAll, noticeCalls, prototypeOf, replaceMethod } from '../calls/replace-method.ts'
import { DELAYED_SCORES_PER_MS, waitingTimes } from './bull-job.ts'
import { BullmqByHand } from './bullmq-by-hand.ts'
import { BullmqTaking } from './bullmq-taking.ts'
import { connectionTarget } from './connection-target.ts'
import type { Asking } from './queue-form.ts'
import type { FoundQueue, QueueLibrary } from './queue-library.ts'
import { ageSeconds, greatest, known } from './queue-reading.ts'
import { count, list, text } from './redis-reply.ts'
import { RestingWorkers } from './resting-workers.ts'
import { aroundWork, idOf, inHandDuring } from './work-call.ts'

/** `import` and `require` both load the CommonJS build; the other one is for bundlers, and Node cannot load it. */
const WORKER_MODULE = /\/bullmq\/dist\/cjs\/classes\/worker\.js$/
const JOB_MODULE = /\/bullmq\/dist\/cjs\/classes\/job\.js$/

/** Whoever calls `moveToDelayed`, `moveToWait` or `moveToWaitingChildren` ends the processor by one of these; a rate limit is known by its message. */
const POSTPONING = ['DelayedError', 'WaitingError', 'WaitingChildrenError']
const RATE_LIMITED = 'bullmq:rateLimitExceeded'

interface Named {
  readonly name: string
}

interface Job {
  readonly id?: unknown
}

const METHODS = ['callProcessJob', 'run'] as const

export const bullmq: QueueLibrary = {
  name: 'BullMQ',
  canBeHeld: true,
  sandbox: /[/\\]bullmq[/\\]dist[/\\](?:cjs|esm)[/\\]classes[/\\]main(?:-worker)?\.js$/,
  watch(hook, listener) {
    const { clock, onAttempt, onQueue, onRest } = listener
    const taking = new BullmqTaking(listener)
    const rests = new RestingWorkers(onRest)
    const rest = (does: 'begin' | 'pause' | 'resume' | 'end') => (worker: unknown) => {
      if (typeof worker === 'object' && worker !== null) rests[does]((worker as Named).name, worker)
    }
    const begun = (worker: unknown): void => {
      onQueue(() => queueOf(worker))
      rest('begin')(worker)
    }
    const byHand = new BullmqByHand(listener)
    const jobs = hook.add({
      label: 'bullmq',
      matches: (url) => JOB_MODULE.test(url),
      names: ['Job'],
      isCommonJs: true,
      onLoad({ Job }) {
        const prototype = prototypeOf(Job?.get()) ?? {}
        return cancelAll([...taking.watchEnding(prototype), ...byHand.watchEnding(prototype)])
      },
    })
    const workers = hook.add({
      label: 'bullmq',
      matches: (url) => WORKER_MODULE.test(url),
      names: ['Worker'],
      isCommonJs: true,
      onLoad({ Worker }, url) {
        const prototype = prototypeOf(Worker?.get()) ?? {}
        if (!METHODS.every((name) => Object.hasOwn(prototype, name))) {
          diag.warn(`otel-health: workers of this version of BullMQ cannot be recorded whole (${url}).`)
        }
        const around = aroundWork({
          clock,
          isPostponing,
          tell: (worker, _args, durationMs, outcome) => onAttempt(() => ({ queue: (worker as Named).name, durationMs, ...outcome() })),
        })
        // From its processor's call until the end is noted: who is killed between the two has its job done twice.
        const inHand = inHandDuring(listener, (worker, [job]) => (job ? [{ queue: (worker as Named).name, ...idOf((job as Job).id) }] : []))
        return cancelAll([
          replaceMethod(prototype, 'processJob', (worker, args, original) => {
            byHand.takeBack(args[0])
            return inHand(worker, args, original)
          }),
          replaceMethod(prototype, 'callProcessJob', (worker, args, original) => {
            byHand.takeBack(args[0])
            return around(worker, args, original)
          }),
          ...taking.watchTaking(prototype),
          byHand.watchTaking(prototype, begun),
          noticeCalls(prototype, 'run', begun),
          noticeCalls(prototype, 'pause', rest('pause')),
          noticeCalls(prototype, 'resume', rest('resume')),
          noticeCalls(prototype, 'close', rest('end')),
        ])
      },
    })
    return cancelAll([jobs, workers])
  },
  ask: (target, epochMs) => ('bullmq' in target ? askBullmq(`${target.prefix ?? 'bull'}:${target.bullmq}:`, epochMs) : undefined),
}

function isPostponing(error: unknown): boolean {
  const { name, message } = (error ?? {}) as { name?: unknown; message?: unknown }
  return message === RATE_LIMITED || POSTPONING.includes(name as string)
}

/** `undefined` for a worker whose queue is not in Redis. */
function queueOf(worker: unknown): FoundQueue | undefined {
  const { name, keys, opts } = worker as { name: string; keys?: { wait?: unknown }; opts?: { connection?: unknown } }
  const wait = keys?.wait
  const ending = `:${name}:wait`
  if (typeof wait !== 'string' || !wait.endsWith(ending)) return undefined
  return { name, target: { bullmq: name, prefix: wait.slice(0, -ending.length) }, redis: connectionTarget(opts?.connection) }
}

/**
 * Keys as BullMQ 4 to 6 has them; since 6 a paused queue keeps its jobs in `wait`, `paused` is what older versions left. Jobs are taken
 * from the right of a list. Delayed jobs whose time has come are due: only a worker moves them, and there may be none.
 *
 * The ages of the jobs at both ends of each list are read (those added as LIFO wait at the other end); where jobs of several priorities
 * wait there may be one that is older still.
 */
function* askBullmq(prefix: string, epochMs: number): Asking {
  const [waiting, paused, prioritized, active, delayed, overdue, failed, firstDelayed, meta, ...ends] = yield [
    ['LLEN', `${prefix}wait`],
    ['LLEN', `${prefix}paused`],
    ['ZCARD', `${prefix}prioritized`],
    ['LLEN', `${prefix}active`],
    ['ZCARD', `${prefix}delayed`],
    ['ZCOUNT', `${prefix}delayed`, '-inf', (epochMs + 1) * DELAYED_SCORES_PER_MS - 1],
    ['ZCARD', `${prefix}failed`],
    ['ZRANGE', `${prefix}delayed`, 0, 0, 'WITHSCORES'],
    ['HMGET', `${prefix}meta`, 'paused'],
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
  const since = yield* waitingTimes(prefix, jobs, countOverdue > 0 ? firstDelayed : undefined)
  return known({
    due,
    scheduled: Math.max(0, count(delayed) - countOverdue),
    leased: count(active),
    failed: count(failed),
    paused: typeof list(meta)[0] === 'string' ? true : undefined,
    oldestAgeSeconds: due === 0 ? 0 : greatest(since.map((ms) => ms && ageSeconds(epochMs, ms))),
  })
}

function isMarker(id: unknown): boolean {
  return typeof id === 'string' && id.startsWith('0:')
}
