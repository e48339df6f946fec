/** An HTTP server that takes what a relay sends, answers as it is told to, and keeps it all. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
}

export interface Receiver {
  readonly url: string
  readonly port: number
  readonly received: readonly Received[]
  /** How many it has said to have taken. */
  readonly taken: number
  /** Ids of what it has taken, in its order, the second of one left out. */
  readonly ids: readonly string[]
  /** `undefined`: no answer at all. */
  answer: (request: Received, index: number) => Answer | undefined
  /** Takes no connections, and ends those that there are. */
  close(): Promise<void>
}

export async function startReceiver(port = 0): Promise<Receiver> {
  const received: Received[] = []
  const taken: string[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const each = { path: request.url ?? '', headers: request.headers, body }
      received.push(each)
      const answer = receiver.answer(each, received.length - 1)
      if (answer && answer.status < 300) taken.push(String(each.headers['webhook-id']))
      if (answer) response.writeHead(answer.status, answer.headers).end('ok')
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const bound = (server.address() as AddressInfo).port
  const receiver: Receiver = {
    url: `http://127.0.0.1:${bound}/hook`,
    port: bound,
    received,
    get taken() {
      return taken.length
    },
    get ids() {
      return [...new Set(taken)]
    },
    answer: () => ({ status: 200 }),
    async close() {
      server.closeAllConnections()
      server.close()
      if (server.listening) await once(server, 'close')
    },
  }
  return receiver
}
