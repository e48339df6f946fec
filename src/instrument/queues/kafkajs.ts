/**
 * kafkajs. The functions of `consumer.run` are held by a Runner: a message is an attempt, also of those that `eachBatch` is given many of. What
 * a batch has resolved before it throws is done, one message failed, and the others come again.
 */
import { holdAround } from '../calls/held-function.ts'
import { cancelAll, noticeCalls, replaceMethod } from '../calls/replace-method.ts'
import { KafkaLags } from './kafka-lags.ts'
import { prototypeWith } from './prototype-with.ts'
import type { LibraryListener, QueueLibrary } from './queue-library.ts'
import { aroundWork } from './work-call.ts'

const NAME = 'kafkajs'
const RUNNER_MODULE = /\/kafkajs\/src\/consumer\/runner\.js$/

/** What a handler is thrown by the library itself when the partition goes to another consumer: the message comes again there. */
const REBALANCING: readonly unknown[] = ['REBALANCE_IN_PROGRESS', 'NOT_COORDINATOR_FOR_GROUP', 'ILLEGAL_GENERATION']

interface Message {
  readonly offset: string
}

interface MessagePayload {
  readonly topic: string
  readonly partition: number
  readonly message: Message
}

interface BatchPayload {
  readonly batch: { readonly topic: string; readonly partition: number; readonly messages: readonly Message[] }
}

interface Runner {
  readonly eachBatchAutoResolve?: boolean
}

const METHODS = ['processEachMessage', 'processEachBatch', 'fetch'] as const

export const kafkajs: QueueLibrary = {
  name: NAME,
  watch(hook, listener) {
    const lags = new KafkaLags(listener.clock)
    const holdMessage = holdAround('eachMessage', aroundMessage(listener, lags))
    const holdBatch = holdAround('eachBatch', aroundBatch(listener, lags))
    const begin = (hold: (runner: unknown) => void) => (runner: unknown, args: readonly unknown[]) => {
      hold(runner)
      listener.onAskedQueue(() => lags.begin(runner, args[0]))
    }
    return hook.add({
      label: NAME,
      matches: (url) => RUNNER_MODULE.test(url),
      names: ['module.exports'],
      isCommonJs: true,
      onLoad(bindings, url) {
        const prototype = prototypeWith(NAME, { name: 'Runner', constructor: bindings['module.exports']?.get() }, METHODS, url)
        return (
          prototype &&
          cancelAll([
            noticeCalls(prototype, 'processEachMessage', begin(holdMessage)),
            noticeCalls(prototype, 'processEachBatch', begin(holdBatch)),
            replaceMethod(prototype, 'fetch', (runner, args, original) => {
              const fetched = Reflect.apply(original, runner, args) as Promise<unknown>
              // It awaits the answer of a broker, and whoever calls it handles that it fails.
              fetched.then(
                () => lags.fetched(runner as object),
                () => {},
              )
              return fetched
            }),
          ])
        )
      },
    })
  },
}

const isPostponing = (error: unknown): boolean => REBALANCING.includes((error as { type?: unknown } | null | undefined)?.type)

function aroundMessage(listener: LibraryListener, lags: KafkaLags) {
  const { clock, onAttempt } = listener
  return aroundWork({
    clock,
    isPostponing,
    counts: { listener, piece: (_runner, [payload]) => ({ queue: (payload as MessagePayload).topic }) },
    tell(runner, [payload], durationMs, outcome) {
      const { topic, partition, message } = payload as MessagePayload
      if (hasSucceeded(outcome)) lags.handled(runner as object, topic, partition, message.offset)
      onAttempt(() => ({ queue: topic, durationMs, ...outcome() }))
    },
  })
}

function aroundBatch(listener: LibraryListener, lags: KafkaLags) {
  const { clock, onAttempt } = listener
  return (runner: unknown, args: unknown[], original: (this: unknown, ...args: unknown[]) => unknown): unknown => {
    const payload = args[0] as BatchPayload
    const { topic, partition, messages } = payload.batch
    let resolved = 0
    replaceMethod(payload, 'resolveOffset', (self, given, resolve) => {
      resolved = Math.max(resolved, 1 + messages.findLastIndex(({ offset }) => offset === String(given[0])))
      return Reflect.apply(resolve, self, given)
    })
    const around = aroundWork({
      clock,
      isPostponing,
      counts: { listener, piece: () => ({ queue: topic }) },
      tell(_runner, _args, durationMs, outcome) {
        const succeeded = hasSucceeded(outcome)
        const resolvesRest = succeeded && (runner as Runner).eachBatchAutoResolve !== false
        const done = messages.slice(0, resolvesRest ? messages.length : resolved)
        for (const { offset } of done.slice(-1)) lags.handled(runner as object, topic, partition, offset)
        for (const _ of done) onAttempt(() => ({ queue: topic, durationMs, failed: false, postponed: false }))
        if (!succeeded) onAttempt(() => ({ queue: topic, durationMs, ...outcome() }))
      },
    })
    return around(runner, args, original)
  }
}

/** What the service has thrown may throw when it is looked at. */
function hasSucceeded(outcome: () => { readonly failed: boolean; readonly postponed: boolean }): boolean {
  try {
    const { failed, postponed } = outcome()
    return !failed && !postponed
  } catch {
    return false
  }
}
