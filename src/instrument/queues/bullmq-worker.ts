/**
 * Watches BullMQ workers that know nothing of us. What calls the processor, in process or sandboxed, is the method `callProcessJob` of
 * Worker, from BullMQ 1 to 6; what begins to take jobs is `run`. Both are replaced on the prototype when the module is loaded, by ones
 * that do the same and tell. The processor itself is left alone: BullMQ looks at its `length`.
 */
import { isPromise } from 'node:util/types'

import { diag } from '../../diag.ts'
import type { RedisTarget } from '../../wire/redis-client.ts'
import type { Cancel, Clock } from '../../types.ts'
import { connectionTarget } from './bullmq-connection.ts'
import type { ModuleHook } from '../hook/module-hook.ts'
import { cancelAll, noticeCalls, prototypeOf, replaceMethod } from '../calls/replace-method.ts'

/** One call of a processor: one attempt at one job, whether or not attempts are left after it. */
export interface BullmqAttempt {
  readonly queue: string
  /** From the call until it returned or its promise settled; without the time Redis takes to note the end. */
  readonly durationMs: number
  readonly failed: boolean
  /** What was thrown; absent unless it failed. */
  readonly error?: unknown
  /** Ended early to go on later (delayed, rate limited, waiting for children): BullMQ counts it neither as completed nor as failed. */
  readonly postponed: boolean
}

export interface BullmqQueue {
  readonly name: string
  /** What the queue's keys begin with, before its name. */
  readonly prefix: string
  /** Where the queue is, with credentials; `undefined` if it cannot be told from the worker's options. */
  readonly redis: RedisTarget | undefined
}

export interface BullmqWatchOptions {
  readonly clock: Clock
  /** Must not throw; if it does, that is said once and the service does not notice. */
  readonly onAttempt: (attempt: BullmqAttempt) => void
  /** A queue that a worker takes jobs from; once for each queue of each Redis. The same holds. */
  readonly onQueue?: (queue: BullmqQueue) => void
}

/** A service that makes queues on and on is told of no more than these. */
const MAX_QUEUES = 1000

/** `import` and `require` both load the CommonJS build; the other one is for bundlers, and Node cannot load it. */
const WORKER_MODULE = /\/bullmq\/dist\/cjs\/classes\/worker\.js$/

/** Whoever calls `moveToDelayed`, `moveToWait` or `moveToWaitingChildren` ends the processor by one of these; a rate limit is known by its message. */
const POSTPONING = ['DelayedError', 'WaitingError', 'WaitingChildrenError']
const RATE_LIMITED = 'bullmq:rateLimitExceeded'

const METHODS = ['callProcessJob', 'run'] as const

/** Workers of modules loaded before this are not seen. Returns what restores them all. */
export function watchBullmqWorkers(hook: ModuleHook, { clock, onAttempt, onQueue }: BullmqWatchOptions): Cancel {
  const told = new Set<string>()
  let watching = true
  const safely = guard('otel-health: a BullMQ worker could not be recorded:')

  const tellQueue = (worker: unknown): void => {
    const queue = told.size < MAX_QUEUES ? queueOf(worker) : undefined
    if (!queue) return
    const { name, prefix, redis } = queue
    const identity = JSON.stringify([prefix, name, redis?.host, redis?.port, redis?.database])
    if (told.has(identity)) return
    told.add(identity)
    onQueue?.(queue)
  }
  const tellAttempt = (worker: unknown, durationMs: number, outcome: Outcome): void => {
    if (watching) safely(() => onAttempt({ queue: (worker as { name: string }).name, durationMs, ...outcome() }))
  }

  const cancel = hook.add({
    label: 'bullmq',
    matches: (url) => WORKER_MODULE.test(url),
    names: ['Worker'],
    isCommonJs: true,
    onLoad({ Worker }, url) {
      const prototype = prototypeOf(Worker?.get()) ?? {}
      if (!METHODS.every((name) => Object.hasOwn(prototype, name))) {
        diag.warn(`otel-health: workers of this version of BullMQ cannot be recorded whole (${url}).`)
      }
      return cancelAll([
        replaceMethod(prototype, 'callProcessJob', recorded(clock, tellAttempt)),
        noticeCalls(prototype, 'run', (worker) => {
          if (watching && onQueue) safely(() => tellQueue(worker))
        }),
      ])
    },
  })
  return () => {
    watching = false
    cancel()
  }
}

/** Asked for where a throw is caught: what a service throws may throw when it is looked at. */
type Outcome = () => Omit<BullmqAttempt, 'queue' | 'durationMs'>

/** Goes around a method that does the work. */
function recorded(
  clock: Clock,
  tell: (worker: unknown, durationMs: number, outcome: Outcome) => void,
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
function queueOf(worker: unknown): BullmqQueue | undefined {
  const { name, keys, opts } = worker as { name: string; keys?: { wait?: unknown }; opts?: { connection?: unknown } }
  const wait = keys?.wait
  const ending = `:${name}:wait`
  if (typeof wait !== 'string' || !wait.endsWith(ending)) return undefined
  return { name, prefix: wait.slice(0, -ending.length), redis: connectionTarget(opts?.connection) }
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
