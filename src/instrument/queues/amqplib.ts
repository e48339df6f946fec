/**
 * amqplib, with promises and with callbacks. A delivery is an attempt from the call of the consumer's function until it is acknowledged; to
 * nack or reject it, or to throw, is to fail. Where nothing is acknowledged (`noAck`) it ends when the function returns: what it may do later
 * amqplib does not wait for. Messages that are fetched by `get` are not seen.
 */
import { cancelAll, replaceMethod } from '../calls/replace-method.ts'
import { Deliveries } from './amqp-deliveries.ts'
import { AmqpQueues } from './amqp-queues.ts'
import { prototypeWith } from './prototype-with.ts'
import type { LibraryListener, QueueLibrary } from './queue-library.ts'

const NAME = 'amqplib'
const MODEL_MODULE = /\/amqplib\/lib\/(?:channel|callback)_model\.js$/
const METHODS = ['consume', 'ack', 'ackAll', 'nack', 'nackAll', 'reject'] as const

interface Message {
  readonly fields: { readonly deliveryTag: number }
}

type Consumer = (this: unknown, message: Message | null, ...rest: unknown[]) => unknown

export const amqplib: QueueLibrary = {
  name: NAME,
  watch(hook, listener) {
    const deliveries = new Deliveries(listener)
    const queues = new AmqpQueues()
    return hook.add({
      label: NAME,
      matches: (url) => MODEL_MODULE.test(url),
      names: ['Channel'],
      isCommonJs: true,
      onLoad({ Channel }, url) {
        const prototype = prototypeWith(NAME, { name: 'Channel', constructor: Channel?.get() }, METHODS, url)
        if (!prototype) return undefined
        const consumers = new Consumers(deliveries, listener)
        return cancelAll([
          replaceMethod(prototype, 'consume', (channel, args, original) => {
            const [queue, consumer, options] = args as [unknown, unknown, { readonly noAck?: boolean } | null | undefined]
            if (typeof queue !== 'string' || typeof consumer !== 'function') return Reflect.apply(original, channel, args)
            listener.onAskedQueue(() => queues.get(channel as object, queue))
            const watched = consumers.watch(channel as object, consumer as Consumer, nameOf(queue), options?.noAck === true)
            return Reflect.apply(original, channel, [queue, watched, ...args.slice(2)])
          }),
          ...watchEnds(prototype, deliveries),
        ])
      },
    })
  },
}

/** A queue that the server has named has a random name. */
function nameOf(queue: string): string {
  return queue === '' || queue.startsWith('amq.gen-') ? 'amq.gen' : queue
}

class Consumers {
  readonly #deliveries: Deliveries
  readonly #listener: LibraryListener
  /** A consumer that is given back to us, as after a reconnect, is wrapped already. */
  readonly #watched = new WeakSet<object>()

  constructor(deliveries: Deliveries, listener: LibraryListener) {
    this.#deliveries = deliveries
    this.#listener = listener
  }

  watch(channel: object, consumer: Consumer, queue: string, noAck: boolean): Consumer {
    if (this.#watched.has(consumer)) return consumer
    const call = noAck ? this.#callAlone.bind(this, queue) : this.#callUntilAck.bind(this, channel, queue)
    const watched: Consumer = function (message, ...rest) {
      const run = (): unknown => Reflect.apply(consumer, this, [message, ...rest])
      // Without a message it is told that the server has cancelled it.
      return message ? call(message, run) : run()
    }
    this.#watched.add(watched)
    return watched
  }

  #callUntilAck(channel: object, queue: string, { fields }: Message, run: () => unknown): unknown {
    this.#deliveries.begin(channel, fields.deliveryTag, queue)
    try {
      return run()
    } catch (error) {
      this.#deliveries.end(channel, fields.deliveryTag, false, error)
      throw error
    }
  }

  #callAlone(queue: string, _message: Message, run: () => unknown): unknown {
    const { clock, onAttempt } = this.#listener
    const startedAt = clock.monotonicMs()
    const tell = (outcome: { readonly failed: boolean; readonly error?: unknown }): void => {
      const durationMs = clock.monotonicMs() - startedAt
      onAttempt(() => ({ queue, durationMs, postponed: false, ...outcome }))
    }
    let result: unknown
    try {
      result = run()
    } catch (error) {
      tell({ failed: true, error })
      throw error
    }
    tell({ failed: false })
    return result
  }
}

/** Each is told to the server first: what the library refuses, for the channel is closed, has not ended. */
function watchEnds(prototype: object, deliveries: Deliveries) {
  const after = (name: string, end: (channel: object, args: readonly unknown[]) => void) =>
    replaceMethod(prototype, name, (channel, args, original) => {
      const result = Reflect.apply(original, channel, args)
      end(channel as object, args)
      return result
    })
  const tag = (message: unknown): number => (message as Message).fields.deliveryTag
  return [
    after('ack', (channel, [message, allUpTo]) => deliveries.end(channel, tag(message), Boolean(allUpTo))),
    after('ackAll', (channel) => deliveries.end(channel, Infinity, true)),
    after('nack', (channel, [message, allUpTo]) => deliveries.end(channel, tag(message), Boolean(allUpTo), { code: 'nack' })),
    after('nackAll', (channel) => deliveries.end(channel, Infinity, true, { code: 'nack' })),
    after('reject', (channel, [message]) => deliveries.end(channel, tag(message), false, { code: 'reject' })),
  ]
}
