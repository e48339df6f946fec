/**
 * @aws-sdk/client-sqs in a loop of the service's own. What is seen is a middleware of each client: a message is an attempt from its receipt
 * until it is deleted, which is how SQS is told that it is done. One that is made visible at once, or not deleted before its time is over, is
 * given to somebody again: it failed. Nobody here knows why: what the service threw it has kept to itself.
 */
import { diag } from '../../diag.ts'
import { prototypeOf } from '../calls/replace-method.ts'
import type { Cancel } from '../../types.ts'
import type { LibraryListener, QueueLibrary } from './queue-library.ts'
import { KeptQueues } from './kept-queues.ts'
import { sayNotRecorded } from './not-recorded.ts'
import { finite } from './redis-reply.ts'
import { SqsReceipts } from './sqs-receipts.ts'
import { attributesOf, isSeenElsewhere, nameOfQueue, readSqsQueue, rememberCommand, SQS_EVERY_SECONDS } from './sqs-queue.ts'

const NAME = '@aws-sdk/client-sqs'
/** `import` and `require` both load the CommonJS build. */
const CLIENT_MODULE = /\/@aws-sdk\/client-sqs\/dist-cjs\/index\.js$/

type Next = (args: { readonly input: unknown }) => Promise<{ readonly output: unknown }>
type Middleware = (next: Next, context: { readonly commandName?: unknown }) => Next

interface Client {
  readonly middlewareStack?: { add?(middleware: Middleware, options: { readonly step: string; readonly name: string }): void }
}

interface Entry {
  readonly Id?: string
  readonly ReceiptHandle?: string
  readonly VisibilityTimeout?: number
}

export const sqsClient: QueueLibrary = {
  name: NAME,
  tellsEndsOnly: true,
  watch(hook, listener) {
    const clients = new Clients(listener)
    return hook.add({
      label: NAME,
      matches: (url) => CLIENT_MODULE.test(url),
      names: ['SQSClient', 'GetQueueAttributesCommand'],
      isCommonJs: true,
      onLoad({ SQSClient, GetQueueAttributesCommand }, url) {
        const prototype = prototypeOf(SQSClient?.get())
        if (!prototype || typeof Reflect.get(prototype, 'send') !== 'function') return sayNotRecorded(NAME, url, ['SQSClient.send'])
        rememberCommand(prototype, GetQueueAttributesCommand?.get())
        return noticeSends(prototype, (client) => clients.watch(client as Client & object))
      },
    })
  },
}

/** `send` is inherited from what all clients of AWS are: here it is noticed for this one. */
function noticeSends(prototype: object, notice: (client: unknown) => void): Cancel {
  if (Object.hasOwn(prototype, 'send')) return () => {}
  const send = {
    method(this: unknown, ...args: unknown[]): unknown {
      notice(this)
      const inherited = Reflect.get(Object.getPrototypeOf(prototype) as object, 'send') as (...args: unknown[]) => unknown
      return Reflect.apply(inherited, this, args)
    },
  }['method']
  Object.defineProperty(prototype, 'send', { value: send, writable: true, configurable: true })
  return () => {
    if (Object.getOwnPropertyDescriptor(prototype, 'send')?.value === send) Reflect.deleteProperty(prototype, 'send')
  }
}

class Clients {
  readonly #listener: LibraryListener
  readonly #watched = new WeakSet<object>()
  readonly #queues = new KeptQueues()

  constructor(listener: LibraryListener) {
    this.#listener = listener
  }

  /** Before the first of its requests. Never throws. */
  watch(client: Client & object): void {
    if (this.#watched.has(client)) return
    this.#watched.add(client)
    try {
      const receipts = new Map<string, SqsReceipts>()
      client.middlewareStack?.add?.(
        (next, { commandName }) => {
          const see = SEEN.get(String(commandName))
          if (!see) return next
          return async (args) => {
            const result = await next(args)
            this.#safely(() => {
              const input = args.input as { readonly QueueUrl?: unknown }
              const url = input.QueueUrl
              if (typeof url === 'string' && !isSeenElsewhere(client, url))
                see(this.#receiptsOf(client, receipts, url), input, result.output ?? {})
            })
            return result
          }
        },
        { step: 'initialize', name: 'otelHealthQueues' },
      )
    } catch (error) {
      this.#say(error)
    }
  }

  #receiptsOf(client: object, known: Map<string, SqsReceipts>, url: string): SqsReceipts {
    const found = known.get(url)
    if (found) return found
    const receipts = new SqsReceipts(nameOfQueue(url), this.#listener)
    known.set(url, receipts)
    this.#listener.onAskedQueue(() => {
      const ref = new WeakRef(client)
      return this.#queues.get(client, nameOfQueue(url), () => ({
        everySeconds: SQS_EVERY_SECONDS,
        async ask() {
          const asked = ref.deref()
          // A queue that the service no longer receives from is left alone.
          if (!asked || !receipts.isInUse()) return {}
          receipts.visibilitySeconds ??= finite((await attributesOf(asked, url, ['VisibilityTimeout']))['VisibilityTimeout'])
          receipts.expire()
          return await readSqsQueue(asked, url)
        },
      }))
    })
    return receipts
  }

  #said = false

  #safely(fn: () => void): void {
    try {
      fn()
    } catch (error) {
      this.#say(error)
    }
  }

  #say(error: unknown): void {
    if (!this.#said) diag.warn(`otel-health: messages of ${NAME} could not be recorded:`, (error as Error | undefined)?.message)
    this.#said = true
  }
}

type See = (receipts: SqsReceipts, input: object, output: object) => void

/** What each command says once it has succeeded. */
const SEEN: ReadonlyMap<string, See> = new Map<string, See>([
  [
    'ReceiveMessageCommand',
    (receipts, input, output) => {
      const { Messages = [] } = output as { readonly Messages?: readonly Entry[] }
      const { VisibilityTimeout } = input as Entry
      receipts.received(
        Messages.map(({ ReceiptHandle }) => ReceiptHandle),
        VisibilityTimeout,
      )
    },
  ],
  ['DeleteMessageCommand', (receipts, input) => receipts.deleted((input as Entry).ReceiptHandle)],
  [
    'DeleteMessageBatchCommand',
    (receipts, input, output) => {
      for (const { ReceiptHandle } of succeeded(input, output)) receipts.deleted(ReceiptHandle)
    },
  ],
  [
    'ChangeMessageVisibilityCommand',
    (receipts, input) => receipts.moved((input as Entry).ReceiptHandle, (input as Entry).VisibilityTimeout),
  ],
  [
    'ChangeMessageVisibilityBatchCommand',
    (receipts, input, output) => {
      for (const { ReceiptHandle, VisibilityTimeout } of succeeded(input, output)) receipts.moved(ReceiptHandle, VisibilityTimeout)
    },
  ],
])

function succeeded(input: object, output: object): readonly Entry[] {
  const { Entries = [] } = input as { readonly Entries?: readonly Entry[] }
  const { Successful = [] } = output as { readonly Successful?: readonly Entry[] }
  const ids = new Set(Successful.map(({ Id }) => Id))
  return Entries.filter(({ Id }) => ids.has(Id))
}
