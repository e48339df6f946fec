/**
 * Graphile Worker 0.13 and later. It tells what it does by events of an emitter, which are part of its documented interface: ours is the
 * first listener of each, on whatever `processSharedOptions` gives out. A queue is what Graphile Worker calls a task. Sizes are asked over
 * the connections that `makeNewWorker` is given.
 */
import type { EventEmitter } from 'node:events'

import { cancelAll } from '../calls/replace-method.ts'
import type { Binding } from '../hook/binding.ts'
import type { Piece } from '../../record/work-in-hand.ts'
import type { Cancel } from '../../types.ts'
import type { WithPgClient } from './graphile-sizes.ts'
import { GraphileSizes } from './graphile-sizes.ts'
import { KeptQueues } from './kept-queues.ts'
import { sayNotRecorded } from './not-recorded.ts'
import type { LibraryListener, QueueLibrary } from './queue-library.ts'
import { idOf } from './work-call.ts'

const MODULES = /\/graphile-worker\/dist\/(lib|worker)\.js$/
const NAMES = { lib: 'processSharedOptions', worker: 'makeNewWorker' } as const

const EVERY_SECONDS = 15

type Fn = (this: unknown, ...args: unknown[]) => unknown

interface Shared {
  readonly events: EventEmitter
  readonly escapedWorkerSchema: string
}

export const graphileWorker: QueueLibrary = {
  name: 'Graphile Worker',
  watch(hook, listener) {
    const pools = new Pools(listener)
    return hook.add({
      label: 'graphile-worker',
      matches: (url) => MODULES.test(url),
      names: Object.values(NAMES),
      yieldsToQuirk: true,
      onLoad(bindings, url) {
        const name = NAMES[MODULES.exec(url)![1] as keyof typeof NAMES]
        const cancel = replaceFunction(bindings[name], (args, result) =>
          name === 'makeNewWorker' ? pools.begin(args) : pools.know(args[0], result as Shared),
        )
        if (!cancel) return sayNotRecorded('Graphile Worker', url, [name])
        return cancelAll([cancel, () => pools.stop()])
      },
    })
  },
}

/** `notice` hears of each call after it, and must not throw. `undefined` if there is no such function. */
function replaceFunction(binding: Binding | undefined, notice: (args: readonly unknown[], result: unknown) => void): Cancel | undefined {
  const original = binding?.get()
  if (typeof original !== 'function') return undefined
  const noticed = new Proxy(original as Fn, {
    apply(target, self, args: unknown[]) {
      const result = Reflect.apply(target, self, args)
      notice(args, result)
      return result
    },
  })
  return binding!.set(noticed) ? () => void (binding!.get() === noticed && binding!.set(original)) : undefined
}

/** What is known of a task's job when it ends. */
interface End {
  readonly job: { readonly task_identifier: string; readonly id?: unknown }
  readonly error?: unknown
  /** Of a job whose payload is a list, some of which have failed. */
  readonly batchJobErrors?: readonly unknown[]
}

class Pools {
  readonly #listener: LibraryListener
  readonly #kept = new KeptQueues()
  /** By the options they are of: up to version 0.13 a worker is given no more. */
  readonly #shared = new WeakMap<object, Shared>()
  readonly #sizes = new WeakMap<EventEmitter, GraphileSizes>()
  readonly #cancels: Cancel[] = []

  constructor(listener: LibraryListener) {
    this.#listener = listener
  }

  know(options: unknown, shared: Shared): void {
    const { events } = shared ?? {}
    if (typeof events?.on !== 'function') return
    this.#shared.set(options as object, shared)
    if (this.#sizes.has(events)) return
    const sizes = new GraphileSizes(this.#listener.clock)
    this.#sizes.set(events, sizes)
    const { clock, onAttempt, onBegin, onEnd } = this.#listener
    const begun = new WeakMap<object, number>()
    const pieces = new WeakMap<object, Piece>()
    const end =
      (failed: boolean) =>
      ({ job, error, batchJobErrors }: End): void => {
        const startedAt = begun.get(job)
        if (startedAt === undefined) return
        begun.delete(job)
        const durationMs = clock.monotonicMs() - startedAt
        onAttempt(() => ({
          queue: job.task_identifier,
          durationMs,
          failed,
          postponed: false,
          ...(failed && { error: batchJobErrors?.[0] ?? error }),
        }))
      }
    const listeners: Readonly<Record<string, (event: End) => void>> = {
      'worker:create': () => sizes.begin(),
      'worker:stop': () => sizes.end(),
      'job:start': ({ job }) => {
        begun.set(job, clock.monotonicMs())
        const piece = onBegin(() => ({ queue: job.task_identifier, ...idOf(job.id) }))
        if (piece) pieces.set(job, piece)
      },
      'job:success': end(false),
      'job:error': end(true),
      // Its end is noted.
      'job:complete': ({ job }) => onEnd(pieces.get(job)),
    }
    for (const [name, listen] of Object.entries(listeners)) events.on(name, listen)
    this.#cancels.push(() => {
      for (const [name, listen] of Object.entries(listeners)) events.off(name, listen)
    })
  }

  /** A worker that goes on; one that does what there is and ends has a connection that it may be in the middle of something with. */
  begin(args: readonly unknown[]): void {
    const { shared, tasks, withPgClient, continuous } = this.#partsOf(args)
    const sizes = shared && this.#sizes.get(shared.events)
    if (!sizes || !withPgClient || continuous === false) return
    for (const task of Object.keys(tasks ?? {})) {
      this.#listener.onAskedQueue(() =>
        this.#kept.get(sizes, task, () => ({
          everySeconds: EVERY_SECONDS,
          ask: () => sizes.of(task, shared.escapedWorkerSchema, withPgClient),
        })),
      )
    }
  }

  stop(): void {
    for (const cancel of this.#cancels.splice(0)) cancel()
  }

  /** Version 0.13 has (options, tasks, withPgClient, continuous), later ones (shared, { tasks, … }), with what is shared as it is or within. */
  #partsOf([first, second, third, fourth]: readonly unknown[]): Partial<Parts> {
    if (typeof third === 'function') {
      const shared = this.#shared.get(first as object)
      return { ...(shared && { shared }), tasks: second as object, withPgClient: third as WithPgClient, continuous: fourth as boolean }
    }
    const given = first as Partial<Shared & Parts> & { readonly compiledSharedOptions?: Shared }
    const rest = second as Partial<Parts>
    return { shared: given.compiledSharedOptions ?? (given as Shared), withPgClient: given.withPgClient!, ...rest }
  }
}

interface Parts {
  readonly shared: Shared
  readonly tasks: object
  readonly withPgClient: WithPgClient
  readonly continuous: boolean
}
