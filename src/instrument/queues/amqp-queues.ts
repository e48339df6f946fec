/**
 * How many messages wait in a queue of RabbitMQ, asked over the service's connection on a channel of our own, which is there for the question
 * only: a queue that is gone closes the channel on which it is asked about, and that must not be the service's.
 */
import { KeptQueues } from './kept-queues.ts'
import type { AskedQueue } from './queue-library.ts'
import type { QueueReading } from './queue-reading.ts'

/** A question is three round trips. */
const EVERY_SECONDS = 15

/** As both of amqplib's models have it; one returns promises, the other calls back. */
interface Channel {
  readonly connection: object
  readonly constructor: unknown
  on(event: 'error', listener: () => void): void
  open(callback?: (error: unknown) => void): unknown
  checkQueue(queue: string, callback?: (error: unknown, answer?: Answer) => void): unknown
  close(callback?: (error: unknown) => void): unknown
}

interface Answer {
  readonly messageCount?: unknown
}

/** A connection of amqplib that is closed says so. */
interface Connection {
  readonly expectSocketClose?: boolean
  readonly stream?: { readonly destroyed?: boolean }
}

export class AmqpQueues {
  readonly #queues = new KeptQueues()

  /** Of a queue that the channel consumes; `undefined` for one that has a name only the channel knows. */
  get(channel: object, queue: string): AskedQueue | undefined {
    if (queue === '' || queue.startsWith('amq.gen-')) return undefined
    const { connection, constructor: type } = channel as Channel
    const ref = new WeakRef<Connection>(connection)
    return this.#queues.get(connection, queue, () => ({
      everySeconds: EVERY_SECONDS,
      async ask() {
        const asked = ref.deref()
        return asked && !isClosed(asked) ? await ask(type as new (connection: object) => Channel, asked, queue) : {}
      },
    }))
  }
}

function isClosed({ expectSocketClose, stream }: Connection): boolean {
  return expectSocketClose === true || stream?.destroyed === true
}

async function ask(OwnChannel: new (connection: object) => Channel, connection: object, queue: string): Promise<QueueReading> {
  const channel = new OwnChannel(connection)
  channel.on('error', () => {})
  await answer(channel, 'open')
  const { messageCount } = (await answer(channel, 'checkQueue', queue)) as Answer
  await answer(channel, 'close')
  return typeof messageCount === 'number' ? { due: messageCount } : {}
}

/** A method that returns a promise where it is given no function, or a function of its answer. */
function answer(channel: Channel, method: 'open' | 'checkQueue' | 'close', ...args: readonly string[]): Promise<unknown> {
  const call = channel[method] as (this: Channel, ...args: unknown[]) => unknown
  return new Promise((resolve, reject) => {
    const result = Reflect.apply(call, channel, [
      ...args,
      (error: unknown, value: unknown) => (error ? reject(error as Error) : resolve(value)),
    ])
    // The promises ignore the function.
    if (typeof (result as Partial<Promise<unknown>> | undefined)?.then === 'function') (result as Promise<unknown>).then(resolve, reject)
  })
}
