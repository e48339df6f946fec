/**
 * pg-boss 9 to 12. `work` of Manager is given the service's function, which is replaced there by one that does the same and tells. Since
 * version 10 it is handed a batch, of one job unless the service says otherwise. pg-boss completes or fails each job of a batch, so each is
 * an attempt, as long as the batch. Sizes are asked of PostgreSQL through pg-boss's own connections.
 */
import type { Cancel } from '../../types.ts'
import { holdAround } from '../calls/held-function.ts'
import { cancelAll, noticeCalls, prototypeOf, replaceMethod } from '../calls/replace-method.ts'
import type { ModuleHook } from '../hook/module-hook.ts'
import { KeptQueues } from './kept-queues.ts'
import { sayNotRecorded } from './not-recorded.ts'
import type { PgBossManager } from './pg-boss-sizes.ts'
import { pgBossSizes } from './pg-boss-sizes.ts'
import type { LibraryListener, QueueLibrary } from './queue-library.ts'
import { aroundWork, type Handler, idOf, inHandDuring, type Outcome } from './work-call.ts'

const MANAGER_MODULE = /\/pg-boss\/(?:src|dist)\/manager\.js$/
const WORKER_MODULE = /\/pg-boss\/(?:src|dist)\/worker\.js$/

/** Queues of pg-boss itself. */
const INTERNAL = '__pgboss__'

/** pg-boss itself counts its jobs once a minute. */
const EVERY_SECONDS = 30

interface Worker {
  readonly name?: unknown
}

interface Job {
  readonly id?: unknown
  /** Up to version 9. */
  readonly expire_in_seconds?: unknown
  readonly expireInSeconds?: unknown
}

export const pgBoss: QueueLibrary = {
  name: 'pg-boss',
  canBeHeld: true,
  watch(hook, listener) {
    const kept = new KeptQueues()
    const workers = watchWorkers(hook, listener)
    const managers = hook.add({
      label: 'pg-boss',
      matches: (url) => MANAGER_MODULE.test(url),
      names: ['Manager'],
      yieldsToQuirk: true,
      onLoad({ Manager }, url) {
        const prototype = prototypeOf(Manager?.get()) ?? {}
        if (!Object.hasOwn(prototype, 'work')) return sayNotRecorded('pg-boss', url, ['Manager.work'])
        return replaceMethod(prototype, 'work', (manager, args, original) => {
          const [name] = args
          const at = args.length > 2 ? 2 : 1
          const handler = args[at]
          if (typeof name !== 'string' || isInternal(name) || typeof handler !== 'function') {
            return Reflect.apply(original, manager, args)
          }
          const isPerJob = at === 2 && (args[1] as { perJobResults?: unknown } | undefined)?.perJobResults === true
          listener.onAskedQueue(() =>
            kept.get(manager as object, name, () => ({
              everySeconds: EVERY_SECONDS,
              ask: pgBossSizes(manager as PgBossManager, name),
            })),
          )
          return Reflect.apply(original, manager, args.with(at, watched(handler as Handler, name, isPerJob, listener)))
        })
      },
    })
    return cancelAll([workers, managers])
  },
}

/** A Worker keeps how it takes jobs, and how it has them done and notes their end, as functions of its own. */
function watchWorkers(hook: ModuleHook, listener: LibraryListener): Cancel {
  const { hold, taking } = listener
  const holdFetch = holdAround('fetch', async (worker, args, original) => {
    if (hold.isHeld && !isInternal((worker as Worker).name)) await hold.overOrAWhile()
    // As where there is no job: it asks again when its time has come.
    if (hold.isHeld && !isInternal((worker as Worker).name)) return null
    return await taking(() => Reflect.apply(original, worker, args) as Promise<unknown>)
  })
  const holdOnFetch = holdAround(
    'onFetch',
    inHandDuring(listener, (worker, [jobs]) => {
      const { name } = worker as Worker
      return isInternal(name) ? [] : jobsOf(jobs).map(({ id }) => ({ queue: String(name), ...idOf(id) }))
    }),
  )
  return hook.add({
    label: 'pg-boss',
    matches: (url) => WORKER_MODULE.test(url),
    names: ['Worker'],
    yieldsToQuirk: true,
    onLoad({ Worker }) {
      return noticeCalls(prototypeOf(Worker?.get()) ?? {}, 'start', (worker) => {
        holdFetch(worker)
        holdOnFetch(worker)
      })
    },
  })
}

function isInternal(name: unknown): boolean {
  return typeof name !== 'string' || name.startsWith(INTERNAL)
}

function watched(handler: Handler, queue: string, isPerJob: boolean, { clock, onAttempt }: LibraryListener): Handler {
  const around = aroundWork({
    clock,
    limitMs: ([jobs]) =>
      Math.max(...jobsOf(jobs).map(({ expireInSeconds, expire_in_seconds }) => Number(expireInSeconds ?? expire_in_seconds))) * 1000,
    tell(_self, [jobs], durationMs, outcome, result) {
      for (const job of jobsOf(jobs)) {
        onAttempt(() => ({ queue, durationMs, ...(isPerJob ? outcomeOf(job, outcome(), result) : outcome()) }))
      }
    },
  })
  return new Proxy(handler, { apply: (target, self, args: unknown[]) => around(self, args, target) })
}

function jobsOf(jobs: unknown): readonly Job[] {
  return (Array.isArray(jobs) ? jobs : [jobs]) as readonly Job[]
}

/** As pg-boss does: the last that is said of a job counts, and one of which nothing is said has failed. */
function outcomeOf({ id }: Job, whole: Outcome, result: unknown): Outcome {
  if (whole.failed) return whole
  const said = (
    Array.isArray(result) ? (result as readonly ({ id?: unknown; status?: unknown; output?: unknown } | undefined)[]) : []
  ).findLast((each) => each?.id === id && ['completed', 'failed', 'deadletter'].includes(String(each?.status)))
  return said?.status === 'completed' ? whole : { failed: true, postponed: false, error: said?.output }
}
