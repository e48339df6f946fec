/**
 * Amazon SQS in memory, as much as consumers need: the AWS JSON protocol with long polls, visibility timeouts and receipt handles that
 * expire.
 */
import { createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'

import { PROBE_USER_AGENT } from '../../src/instrument/http/own-requests.ts'

interface Message {
  readonly id: string
  readonly body: string
  visibleAt: number
  handle: string | undefined
}

type Input = Readonly<Record<string, unknown>>
type Entry = Readonly<Record<string, unknown>>

const DEFAULT_VISIBILITY_SECONDS = 30

export class SqsServer {
  readonly url: string
  /** Names of all actions, in their order. */
  readonly actions: string[] = []
  readonly #server: Server
  readonly #queues = new Map<string, Message[]>()

  private constructor(server: Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', (request, response) => void this.#serve(request, response))
  }

  static async start(): Promise<SqsServer> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new SqsServer(server)
  }

  queueUrl(name: string): string {
    return `${this.url}/000000000000/${name}`
  }

  add(name: string, bodies: readonly string[]): void {
    this.#queue(name).push(...bodies.map((body) => ({ id: randomUUID(), body, visibleAt: 0, handle: undefined })))
  }

  sizeOf(name: string): number {
    return this.#queue(name).length
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #queue(name: string): Message[] {
    const queue = this.#queues.get(name) ?? []
    this.#queues.set(name, queue)
    return queue
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await request.setEncoding('utf8').toArray()).join('')
    const action = String(request.headers['x-amz-target']).split('.')[1]!
    const input = JSON.parse(body) as Input
    this.actions.push(action)
    const name = String(input['QueueUrl']).split('/').at(-1)!
    const output = await this.#do(action, name, input, request.headers['user-agent'])
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' })
    response.end(JSON.stringify(output))
  }

  async #do(action: string, name: string, input: Input, agent?: string): Promise<Record<string, unknown>> {
    const queue = this.#queue(name)
    switch (action) {
      case 'ReceiveMessage':
        return { Messages: await this.#receive(queue, input) }
      case 'DeleteMessage':
        this.#delete(queue, input['ReceiptHandle'])
        return {}
      case 'DeleteMessageBatch':
        return this.#each(input, (entry) => this.#delete(queue, entry['ReceiptHandle']))
      case 'ChangeMessageVisibility':
        this.#move(queue, input)
        return {}
      case 'ChangeMessageVisibilityBatch':
        return this.#each(input, (entry) => this.#move(queue, entry))
      case 'GetQueueAttributes': {
        if (agent !== PROBE_USER_AGENT) throw new Error(`${agent} asks, and not we: it would count as a request of the service`)
        const now = Date.now()
        const hidden = queue.filter(({ visibleAt }) => visibleAt > now).length
        return {
          Attributes: {
            ApproximateNumberOfMessages: String(queue.length - hidden),
            ApproximateNumberOfMessagesNotVisible: String(hidden),
            ApproximateNumberOfMessagesDelayed: '0',
            VisibilityTimeout: String(DEFAULT_VISIBILITY_SECONDS),
          },
        }
      }
      default:
        throw new Error(`there is no action ${action} here`)
    }
  }

  async #receive(queue: readonly Message[], input: Input): Promise<object[]> {
    const most = Number(input['MaxNumberOfMessages'] ?? 1)
    const until = Date.now() + 1000 * Number(input['WaitTimeSeconds'] ?? 0)
    for (;;) {
      const now = Date.now()
      const messages = queue.filter(({ visibleAt }) => visibleAt <= now).slice(0, most)
      if (messages.length > 0 || now >= until) return messages.map((message) => this.#give(message, input))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  #give(message: Message, input: Input): object {
    message.visibleAt = Date.now() + 1000 * Number(input['VisibilityTimeout'] ?? DEFAULT_VISIBILITY_SECONDS)
    message.handle = randomUUID()
    const { id, body, handle } = message
    return { MessageId: id, ReceiptHandle: handle, Body: body, MD5OfBody: createHash('md5').update(body).digest('hex') }
  }

  #delete(queue: Message[], handle: unknown): void {
    const at = queue.findIndex((message) => message.handle === handle)
    if (at >= 0) queue.splice(at, 1)
  }

  #move(queue: readonly Message[], { ReceiptHandle, VisibilityTimeout }: Entry): void {
    const message = queue.find(({ handle }) => handle === ReceiptHandle)
    if (message) message.visibleAt = Date.now() + 1000 * Number(VisibilityTimeout)
  }

  #each(input: Input, each: (entry: Entry) => void): Record<string, unknown> {
    const entries = input['Entries'] as readonly Entry[]
    for (const entry of entries) each(entry)
    return { Successful: entries.map(({ Id }) => ({ Id })), Failed: [] }
  }
}
