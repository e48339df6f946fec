/**
 * p-queue. What is added is wrapped, so that an attempt begins when the queue calls it. A queue that a dependency of the service has made
 * for itself is none of the service's: who adds the first task tells whose it is.
 */
import { replaceMethod } from '../calls/replace-method.ts'
import { WeakList } from '../calls/weak-list.ts'
import { isCalledByDependency } from '../calls/called-by-dependency.ts'
import { prototypeWith } from './prototype-with.ts'
import type { AskedQueue, LibraryListener, QueueLibrary } from './queue-library.ts'
import { sumOf } from './queue-reading.ts'
import { aroundWork } from './work-call.ts'

const NAME = 'p-queue'
const QUEUE_MODULE = /\/p-queue\/dist\/index\.js$/
/** To ask is to read memory. */
const EVERY_SECONDS = 5

interface PQueue {
  readonly size: number
  readonly pending: number
  readonly isPaused: boolean
  readonly timeout?: number
}

export const pQueue: QueueLibrary = {
  name: NAME,
  isPartOfWork: true,
  watch: (hook, listener) =>
    hook.add({
      label: NAME,
      matches: (url) => QUEUE_MODULE.test(url),
      names: ['PQueue'],
      yieldsToQuirk: true,
      onLoad({ PQueue }, url) {
        const prototype = prototypeWith(NAME, { name: 'PQueue', constructor: PQueue?.get() }, ['add'], url)
        return prototype && watchAdd(prototype, listener)
      },
    }),
}

function watchAdd(prototype: object, listener: LibraryListener) {
  const { clock, onAttempt, onAskedQueue } = listener
  const isServices = new WeakMap<object, boolean>()
  const queues = new WeakList()
  const around = (timeoutMs?: number) =>
    aroundWork({
      clock,
      limitMs: () => timeoutMs,
      counts: { listener, piece: () => ({ queue: NAME }) },
      tell: (_self, _args, durationMs, outcome) => onAttempt(() => ({ queue: NAME, durationMs, ...outcome() })),
    })
  const aroundAny = around()
  const meet = (queue: PQueue): boolean => {
    const known = isServices.get(queue)
    if (known !== undefined) return known
    const isOwn = !isCalledByDependency(Reflect.get(prototype, 'add') as () => unknown, NAME)
    isServices.set(queue, isOwn)
    if (isOwn) {
      queues.add(queue)
      onAskedQueue(() => askedQueue(queues))
    }
    return isOwn
  }
  return replaceMethod(prototype, 'add', (self, args, original) => {
    const queue = self as PQueue
    const [task, options] = args as [unknown, { readonly timeout?: number }?]
    if (typeof task !== 'function' || !meet(queue)) return Reflect.apply(original, self, args)
    const timeoutMs = options?.timeout ?? queue.timeout
    const aroundTask = timeoutMs === undefined ? aroundAny : around(timeoutMs)
    const wrapped = function (this: unknown, ...given: unknown[]): unknown {
      return aroundTask(this, given, task as (...given: unknown[]) => unknown)
    }
    return Reflect.apply(original, self, [wrapped, ...args.slice(1)])
  })
}

/** All queues of the service that are in use as one: some make one for each request. */
function askedQueue(queues: WeakList): AskedQueue {
  return {
    name: NAME,
    of: queues,
    everySeconds: EVERY_SECONDS,
    ask: () =>
      sumOf(
        Array.from(queues as Iterable<PQueue & object>, ({ size, pending, isPaused }) => ({
          due: size,
          leased: pending,
          paused: isPaused,
        })),
      ),
  }
}
