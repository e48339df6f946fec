/**
 * Agenda 4 to 6. The service's function is in a definition by the name of the job; it is wrapped there when a job is about to be run. Jobs of
 * version 6 that are run in a process of their own are not seen. Sizes are asked of the library's own store.
 */
import { holdAround } from '../calls/held-function.ts'
import { cancelAll, noticeCalls } from '../calls/replace-method.ts'
import { askAgenda, definitionsOf } from './agenda-sizes.ts'
import { KeptQueues } from './kept-queues.ts'
import { prototypeWith } from './prototype-with.ts'
import type { AskedQueue, LibraryListener, QueueLibrary } from './queue-library.ts'
import { aroundWork } from './work-call.ts'

const NAME = 'Agenda'
/** Up to version 5 and since 6. */
const JOB_MODULE = /\/agenda\/dist\/(?:job\/index|Job)\.js$/
/** Seconds: the store has to count. */
const EVERY_SECONDS = 30

interface Job {
  readonly attrs: { readonly name: string }
  readonly agenda: object
}

export const agenda: QueueLibrary = {
  name: NAME,
  watch(hook, listener) {
    const hold = holdAround('fn', aroundProcessor(listener))
    const queues = new KeptQueues()
    return hook.add({
      label: 'agenda',
      matches: (url) => JOB_MODULE.test(url),
      names: ['Job'],
      yieldsToQuirk: true,
      onLoad({ Job }, url) {
        const prototype = prototypeWith(NAME, { name: 'Job', constructor: Job?.get() }, ['run'], url)
        if (!prototype) return undefined
        return cancelAll([
          noticeCalls(prototype, 'run', (self) => {
            listener.onAskedQueue(() => {
              const { agenda: owner, attrs } = self as Job
              hold(definitionsOf(owner)[attrs.name])
              return queueOf(queues, owner, listener)
            })
          }),
        ])
      },
    })
  },
}

/** All jobs of one Agenda are one queue: they are taken together. */
function queueOf(queues: KeptQueues, owner: object, listener: LibraryListener): AskedQueue {
  const ref = new WeakRef(owner)
  return queues.get(owner, 'agenda', () => ({
    everySeconds: EVERY_SECONDS,
    async ask() {
      const asked = ref.deref()
      return asked ? await askAgenda(asked, listener.clock.epochMs()) : {}
    },
  }))
}

/** A function of two arguments is given one to call back: then the attempt ends, before that only if it throws or rejects. */
function aroundProcessor(listener: LibraryListener) {
  const { clock, onAttempt } = listener
  const nameOf = (job: unknown): string => (job as Job).attrs.name
  const around = aroundWork({
    clock,
    counts: { listener, piece: (_self, [job]) => ({ queue: nameOf(job) }) },
    tell: (_self, [job], durationMs, outcome) => onAttempt(() => ({ queue: nameOf(job), durationMs, ...outcome() })),
  })
  return (self: unknown, args: unknown[], original: (this: unknown, ...args: unknown[]) => unknown): unknown => {
    const [job, done] = args
    if (typeof done !== 'function') return around(self, args, original)
    const startedAt = clock.monotonicMs()
    const piece = listener.onBegin(() => ({ queue: nameOf(job) }))
    let ended = false
    const end = (error?: unknown): void => {
      if (ended) return
      ended = true
      listener.onEnd(piece)
      const durationMs = clock.monotonicMs() - startedAt
      const failed = Boolean(error)
      onAttempt(() => ({ queue: nameOf(job), durationMs, failed, postponed: false, ...(failed && { error }) }))
    }
    const callBack = function (this: unknown, ...given: unknown[]): unknown {
      end(given[0])
      return Reflect.apply(done, this, given)
    }
    let result: unknown
    try {
      result = Reflect.apply(original, self, [job, callBack, ...args.slice(2)])
    } catch (error) {
      end(error)
      throw error
    }
    // The library looks after its rejection.
    if (result instanceof Promise) result.then(undefined, end)
    return result
  }
}
