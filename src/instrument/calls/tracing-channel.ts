/**
 * Records the operations that a service or a library publishes on a tracing channel of `node:diagnostics_channel`
 * (`traceSync`, `tracePromise`, `traceCallback`). A synchronous throw publishes `error` and `end` and never `asyncEnd`; a
 * promise or a callback publishes `end` long before `asyncEnd`. Each operation is told once.
 *
 * The publisher's context object stands for the operation. Where one is used again while its operation still runs, the two
 * can't be told apart, and the first end is taken for that of the first.
 */
import { tracingChannel } from 'node:diagnostics_channel'

import { diag } from '../../diag.ts'
import type { Cancel, Clock } from '../../types.ts'
import type { Piece } from '../../record/work-in-hand.ts'
import type { CallListener } from './watch-function.ts'

export interface ChannelListener extends CallListener {
  readonly clock: Clock
}

interface Context {
  readonly result?: unknown
  readonly error?: unknown
}

interface Operation {
  readonly startedAt: number
  /** What the context's `result` was; a context that is used again still has that of the operation before. */
  readonly before: unknown
  endedAt: number | undefined
  failed: boolean
  /** `end` was published: the function returned or threw. */
  returned: boolean
  told: boolean
  /** As it is counted while it runs. */
  readonly piece: Piece | undefined
}

const NONE = Symbol('no result')

/** `Call.args` is `[context]`, `value` its `result`, `error` its `error`. Operations that began before are not told of. */
export function watchChannel(name: string, { clock, onBegin, onCall, running: counter }: ChannelListener): Cancel {
  const channel = tracingChannel(name)
  const running = new WeakMap<object, Operation[]>()
  /** Whether operations of this channel have gone on after `end`, which tells what `end` means where it can't be seen. */
  let isAsync = false
  let said = false
  const safely = (action: (context: object) => void) => (context: unknown) => {
    try {
      if (typeof context === 'object' && context !== null) action(context)
    } catch (error) {
      if (!said) diag.warn(`otel-health: what ${name} published could not be recorded:`, error)
      said = true
    }
  }
  const operationsOf = (context: object): readonly Operation[] => running.get(context) ?? []
  const tell = (context: object, operation: Operation): void => {
    operation.told = true
    if (operation.piece) counter?.counts.end(operation.piece)
    const { startedAt, failed, endedAt = clock.monotonicMs() } = operation
    const { result, error } = context as Context
    onCall({ durationMs: endedAt - startedAt, args: [context], failed, ...(failed ? { error } : { value: result }) })
  }
  const forgetTold = (context: object): void => {
    const left = operationsOf(context).filter(({ told, returned }) => !(told && returned))
    if (left.length > 0) running.set(context, left)
    else running.delete(context)
  }
  /** Of those that go on after `end` the first is thought to end first. */
  const inBackground = (context: object): Operation | undefined => {
    const untold = operationsOf(context).filter(({ told }) => !told)
    return untold.find(({ returned }) => returned) ?? untold.at(-1)
  }

  const subscribers = {
    start: safely((context) => {
      const startedAt = clock.monotonicMs()
      const piece = counter && { name: counter.name, id: undefined, startedAt, before: undefined, after: undefined, hasEnded: false }
      if (piece) counter.counts.add(piece)
      const operation = {
        ...{ startedAt, before: resultOf(context), piece },
        ...{ endedAt: undefined, failed: false, returned: false, told: false },
      }
      running.set(context, [...operationsOf(context), operation])
      onBegin?.([context])
    }),
    end: safely((context) => {
      const operation = operationsOf(context).findLast(({ returned }) => !returned)
      if (!operation) return
      operation.returned = true
      const result = resultOf(context)
      const isOver = operation.failed || (result !== NONE && (result !== operation.before || !isAsync))
      if (isOver && !operation.told) tell(context, operation)
      forgetTold(context)
    }),
    error: safely((context) => {
      const operation = operationsOf(context).findLast(({ returned }) => !returned) ?? inBackground(context)
      if (operation) operation.failed = true
    }),
    asyncStart: safely((context) => {
      isAsync = true
      const operation = inBackground(context)
      if (operation) operation.endedAt = clock.monotonicMs()
    }),
    asyncEnd: safely((context) => {
      isAsync = true
      const operation = inBackground(context)
      if (operation) tell(context, operation)
      forgetTold(context)
    }),
  }
  channel.subscribe(subscribers)
  return () => channel.unsubscribe(subscribers)
}

function resultOf(context: object): unknown {
  return 'result' in context ? context.result : NONE
}
