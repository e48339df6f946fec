/** Real clients against a real server that takes its time: what each request asked for, and when it was answered. */
import { subscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { Agent, request as httpRequest } from 'node:http'
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'

import * as undici from 'undici'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'

import { NO_LIMIT } from '../../../src/instrument/http/asked-to-wait.ts'
import { watchHttpClient } from '../../../src/instrument/http/http-client.ts'
import type { HttpRequest } from '../../../src/instrument/http/http-exchange.ts'
import type { Upstream } from '../../support/upstream.ts'
import { startUpstream } from '../../support/upstream.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

let upstream: Upstream
const agent = new undici.Agent()
const httpAgent = new Agent({ keepAlive: true })
beforeAll(async () => {
  upstream = await startUpstream()
})
afterAll(async () => {
  httpAgent.destroy()
  await agent.destroy()
  await upstream.close()
})
let stop = (): void => {}
let headersCame = 0
const onHeaders = (): void => void headersCame++
subscribe('http.client.response.finish', onHeaders)
subscribe('undici:request:headers', onHeaders)
afterEach(() => stop())

function watch() {
  const clock = new VirtualClock()
  const told: HttpRequest[] = []
  stop = watchHttpClient({ clock, onRequest: (request) => void told.push(request) })
  return { clock, told }
}

interface Call {
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}
/** Reads the answer to its end. */
type Client = (call: Call) => Promise<unknown>

const urlOf = ({ path = '' }: Call): string => `${upstream.origin}/hang${path}`
const methodOf = ({ body }: Call) => (body === undefined ? 'GET' : 'POST')

const overHttp =
  (
    send: (request: ReturnType<typeof httpRequest>, body: string | undefined) => void,
    headersOf: (call: Call) => OutgoingHttpHeaders | string[],
  ) =>
  async (call: Call) => {
    const request = httpRequest(urlOf(call), { method: methodOf(call), headers: headersOf(call), agent: httpAgent })
    send(request, call.body)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    await new Promise((resolve) => response.resume().once('close', resolve))
  }

const CLIENTS: Readonly<Record<string, Client>> = {
  fetch: async (call) =>
    (await fetch(urlOf(call), { method: methodOf(call), headers: call.headers ?? {}, body: call.body ?? null })).text(),
  'undici.request': async (call) => {
    const { headers = {}, body = null } = call
    return (await undici.request(urlOf(call), { method: methodOf(call), headers, body, dispatcher: agent })).body.text()
  },
  'node:http': overHttp(
    (request, body) => request.end(body),
    ({ headers = {} }) => headers,
  ),
  'node:http, bytes': overHttp(
    (request, body) => request.end(body === undefined ? undefined : Buffer.from(body)),
    ({ headers = {} }) => headers,
  ),
  'node:http, in pieces, headers as a list': overHttp(
    (request, body) => {
      if (body !== undefined) request.write(body)
      request.end()
    },
    ({ headers = {} }) => ['Host', new URL(upstream.origin).host, 'Transfer-Encoding', 'chunked', ...Object.entries(headers).flat()],
  ),
}

interface Row {
  readonly why: string
  readonly call: Call
  readonly answer: (res: ServerResponse, clock: VirtualClock) => void
  readonly is: Partial<HttpRequest>
}

const JSON_HEADERS = { 'content-type': 'application/json' }
/** Headers and body at once, after 20 s. */
const late = (res: ServerResponse): void => void res.writeHead(200, { ...JSON_HEADERS, 'content-length': 2 }).end('{}')
/** The rest 30 s after the headers. */
const slowly =
  (headers: OutgoingHttpHeaders) =>
  (res: ServerResponse, clock: VirtualClock): void => {
    res.writeHead(200, headers).write('{')
    res.once('rest', () => {
      clock.advance(30_000)
      res.end('}')
    })
  }

const ROWS: readonly Row[] = [
  {
    why: 'asks for nothing, and is answered late',
    call: {},
    answer: late,
    is: { waitMs: 0, answerMs: 20_000, durationMs: 20_000, streamed: false },
  },
  { why: 'asks to wait in its query', call: { path: '?wait=20s' }, answer: late, is: { waitMs: 20_000, answerMs: 20_000 } },
  { why: 'asks to wait in a header', call: { headers: { Prefer: 'wait=20' } }, answer: late, is: { waitMs: 20_000, answerMs: 20_000 } },
  { why: 'asks for events', call: { headers: { Accept: 'text/event-stream' } }, answer: late, is: { waitMs: NO_LIMIT, answerMs: 20_000 } },
  {
    why: 'asks to wait in its body',
    call: { body: '{"WaitTimeSeconds":20}', headers: JSON_HEADERS },
    answer: late,
    is: { waitMs: 20_000, answerMs: 20_000 },
  },
  {
    why: 'is answered with a stream',
    call: { body: '{"stream":true}', headers: JSON_HEADERS },
    answer: slowly(JSON_HEADERS),
    is: { waitMs: 0, answerMs: 20_000, durationMs: 50_000, streamed: true },
  },
  {
    why: 'is answered slowly with what is no stream',
    call: {},
    answer: slowly({ ...JSON_HEADERS, 'content-length': 2 }),
    is: { waitMs: 0, answerMs: 50_000, durationMs: 50_000, streamed: false },
  },
]

describe.for(Object.entries(CLIENTS))('%s', ([, client]) => {
  test.for(ROWS)('a request that $why', async ({ call, answer, is }) => {
    const { clock, told } = watch()
    headersCame = 0
    // Twice: on a new connection, and on one that is kept.
    for (let n = 1; n <= 2; n++) {
      const came = upstream.next()
      const done = client(call)
      const { res } = await came
      clock.advance(20_000)
      answer(res, clock)
      if (!res.writableEnded) {
        await vi.waitUntil(() => headersCame === n)
        res.emit('rest')
      }
      await done
      await vi.waitUntil(() => told.length === n)
      expect(told.at(-1)).toMatchObject({ statusCode: 200, ...is })
    }
  })
})
