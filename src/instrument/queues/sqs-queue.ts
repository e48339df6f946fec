/** An SQS queue as the client that a service receives from can ask about it, and which queues a library receives from for the service. */
import { PROBE_USER_AGENT } from '../http/own-requests.ts'
import { finite } from './redis-reply.ts'
import { known, type QueueReading } from './queue-reading.ts'

/** Milliseconds after which an answer is no longer waited for. */
const PATIENCE_MS = 10_000
/** A request costs money, if little: 100,000 a month. */
export const SQS_EVERY_SECONDS = 30

const ATTRIBUTES = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible', 'ApproximateNumberOfMessagesDelayed'] as const

type Attributes = Readonly<Record<string, unknown>>
type Command = new (input: { readonly QueueUrl: string; readonly AttributeNames: readonly string[] }) => object
type Send = (command: object, options?: { readonly abortSignal: AbortSignal }) => Promise<{ readonly Attributes?: Attributes }>

interface MiddlewareStack {
  add(middleware: Middleware, options: { readonly step: 'finalizeRequest'; readonly priority: 'low' }): void
}
type Handler = (args: { readonly request: { readonly headers: Record<string, string> } }) => unknown
type Middleware = (next: Handler) => Handler

/** The question is none of the service's requests, which are judged. SQS does not sign this header. */
const sayingWhoAsks: Middleware = (next) => (args) => {
  args.request.headers['user-agent'] = PROBE_USER_AGENT
  return next(args)
}

/** A request of aws-sdk 2. */
interface SdkTwoRequest {
  on(event: 'build', listener: (built: { readonly httpRequest: { readonly headers: Record<string, string> } }) => void): void
  promise(): Promise<{ readonly Attributes?: Attributes }>
}

/** By the prototype of the clients of one copy of @aws-sdk/client-sqs. */
const commands = new WeakMap<object, Command>()

export function rememberCommand(prototype: object, command: unknown): void {
  if (typeof command === 'function') commands.set(prototype, command as Command)
}

/** By client, the queues whose messages are seen where a library hands them to the service. */
const seenElsewhere = new WeakMap<object, Set<string>>()

export function markAsSeenElsewhere(client: object, url: string): void {
  const urls = seenElsewhere.get(client) ?? new Set()
  seenElsewhere.set(client, urls.add(url))
}

export function isSeenElsewhere(client: object, url: string): boolean {
  return seenElsewhere.get(client)?.has(url) === true
}

/** The last part of its URL, `https://sqs.eu-west-1.amazonaws.com/123456789012/mails`. */
export function nameOfQueue(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1) || url
}

/** SQS does not tell how old the oldest message is. Rejects with what the client rejects with. */
export async function readSqsQueue(client: object, url: string): Promise<QueueReading> {
  return readingOf(await attributesOf(client, url, ATTRIBUTES))
}

/** The attributes of these names; none where the client is of a kind that cannot be asked. */
export async function attributesOf(client: object, url: string, names: readonly string[]): Promise<Attributes> {
  const { send, getQueueAttributes } = client as { send?: unknown; getQueueAttributes?: unknown }
  const input = { QueueUrl: url, AttributeNames: names }
  const GetQueueAttributes = commandFor(client)
  if (GetQueueAttributes && typeof send === 'function') {
    const command = new GetQueueAttributes(input)
    ;(command as { middlewareStack?: MiddlewareStack }).middlewareStack?.add(sayingWhoAsks, { step: 'finalizeRequest', priority: 'low' })
    const answer = await (send as Send).call(client, command, { abortSignal: AbortSignal.timeout(PATIENCE_MS) })
    return answer.Attributes ?? {}
  }
  if (typeof send === 'function' || typeof getQueueAttributes !== 'function') return {}
  const request = getQueueAttributes.call(client, input) as SdkTwoRequest
  request.on('build', ({ httpRequest }) => void (httpRequest.headers['User-Agent'] = PROBE_USER_AGENT))
  return (await request.promise()).Attributes ?? {}
}

function commandFor(client: object): Command | undefined {
  for (let each: object | null = client; each; each = Object.getPrototypeOf(each) as object | null) {
    const command = commands.get(each)
    if (command) return command
  }
  return undefined
}

function readingOf(attributes: Attributes): QueueReading {
  const [due, leased, scheduled] = ATTRIBUTES.map((name) => finite(attributes[name]))
  return known({ due, leased, scheduled })
}
