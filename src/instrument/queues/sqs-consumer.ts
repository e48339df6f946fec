/**
 * sqs-consumer. What calls the handler is `executeHandler`, for one message, or `executeBatchHandler`, for several: then each message is an
 * attempt, as long as the batch. A message that the handler chose not to acknowledge comes again: it is neither done nor failed.
 */
import { cancelAll, noticeCalls, replaceMethod } from '../calls/replace-method.ts'
import type { QueueAttempt, QueueLibrary } from './queue-library.ts'
import { markAsSeenElsewhere, nameOfQueue, readSqsQueue, SQS_EVERY_SECONDS } from './sqs-queue.ts'
import { prototypeWith } from './prototype-with.ts'
import { aroundWork } from './work-call.ts'

const NAME = 'sqs-consumer'
/** Version 10 began to have one for `import` and one for `require`. */
const CONSUMER_MODULE = /\/sqs-consumer\/dist\/(?:esm\/|cjs\/)?consumer\.js$/

interface Consumer {
  readonly queueUrl: string
  readonly sqs: object
  readonly stopped?: boolean
}

interface Message {
  readonly MessageId?: string
}

export const sqsConsumer: QueueLibrary = {
  name: NAME,
  watch(hook, listener) {
    const { clock, onAttempt, onAskedQueue } = listener
    const counts = { listener, piece: (consumer: unknown) => ({ queue: nameOfQueue((consumer as Consumer).queueUrl) }) }
    const tell = (consumer: unknown, attempt: () => Omit<QueueAttempt, 'queue'>): void =>
      onAttempt(() => ({ queue: nameOfQueue((consumer as Consumer).queueUrl), ...attempt() }))
    const aroundOne = aroundWork({
      clock,
      counts,
      tell: (consumer, [message], durationMs, outcome, result) =>
        tell(consumer, () => ({ durationMs, ...asThrown(outcome()), ...(isLeft(result, message) && { postponed: true }) })),
    })
    const aroundBatch = aroundWork({
      clock,
      counts,
      tell(consumer, [messages], durationMs, outcome, result) {
        const batch = messages as readonly Message[]
        for (const message of batch) {
          tell(consumer, () => ({
            durationMs,
            ...asThrown(outcome()),
            ...(isLeftOut(result, message) && { postponed: true }),
          }))
        }
      },
    })
    return hook.add({
      label: NAME,
      matches: (url) => CONSUMER_MODULE.test(url),
      names: ['Consumer'],
      yieldsToQuirk: true,
      onLoad({ Consumer }, url) {
        const prototype = prototypeWith(NAME, { name: 'Consumer', constructor: Consumer?.get() }, ['start', 'executeHandler'], url)
        if (!prototype) return undefined
        return cancelAll([
          replaceMethod(prototype, 'executeHandler', aroundOne),
          // Since version 5.4.
          replaceMethod(prototype, 'executeBatchHandler', aroundBatch),
          noticeCalls(prototype, 'start', (consumer) => {
            onAskedQueue(() => {
              const { sqs, queueUrl } = consumer as Consumer
              markAsSeenElsewhere(sqs, queueUrl)
              return queueOf(consumer as Consumer)
            })
          }),
        ])
      },
    })
  },
}

function queueOf(consumer: Consumer) {
  const { queueUrl } = consumer
  const ref = new WeakRef(consumer)
  return {
    name: nameOfQueue(queueUrl),
    of: consumer,
    everySeconds: SQS_EVERY_SECONDS,
    async ask() {
      const asked = ref.deref()
      return asked && asked.stopped !== true ? await readSqsQueue(asked.sqs, queueUrl) : {}
    },
  }
}

/** The library throws an error of its own, whose cause is what the handler threw; up to version 7 it throws that. */
function asThrown<T extends { readonly error?: unknown }>(outcome: T): T {
  const { name, cause } = (outcome.error ?? {}) as { name?: unknown; cause?: unknown }
  return name === 'StandardError' && cause !== undefined ? { ...outcome, error: cause } : outcome
}

/** What was acknowledged, as the library has it: up to version 5 it says nothing and acknowledges whatever did not throw. */
function isLeft(result: unknown, message: unknown): boolean {
  if (result === undefined) return false
  const { MessageId } = (result ?? {}) as Message
  return MessageId !== (message as Message).MessageId
}

function isLeftOut(result: unknown, message: Message): boolean {
  if (result === undefined) return false
  return !(Array.isArray(result) && (result as readonly Message[]).some(({ MessageId }) => MessageId === message.MessageId))
}
