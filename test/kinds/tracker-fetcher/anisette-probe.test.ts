/** The probe against a real HTTP server. */
import { once } from 'node:events'
import type { RequestListener, Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { errorCode } from '../../../src/checks/check-runner.ts'
import { probeAnisette } from '../../../src/kinds/tracker-fetcher/anisette-probe.ts'

const HEADERS = { 'X-Apple-I-MD': 'AAAABQ==', 'X-Apple-I-MD-M': 'ZGF0YQ==', 'X-Apple-I-MD-RINFO': '17106176' }

let server: Server
let url: string
let answer: RequestListener
let requests: { readonly agent: string | undefined; readonly url: string | undefined }[]

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push({ agent: request.headers['user-agent'], url: request.url })
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => {
  requests = []
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const probe = (signal: AbortSignal = new AbortController().signal): Promise<string> => probeAnisette(url, signal)

describe('an answer', () => {
  test.for([
    { why: 'with both headers', status: 200, body: JSON.stringify(HEADERS), found: 'reachable' },
    { why: 'with one of them missing', status: 200, body: JSON.stringify({ ...HEADERS, 'X-Apple-I-MD-M': undefined }), found: 'invalid' },
    { why: 'with one of them empty', status: 200, body: JSON.stringify({ ...HEADERS, 'X-Apple-I-MD': '' }), found: 'invalid' },
    { why: 'with one that is no text', status: 200, body: JSON.stringify({ ...HEADERS, 'X-Apple-I-MD': 5 }), found: 'invalid' },
    { why: 'without a body', status: 200, body: '', found: 'invalid' },
    { why: 'of nothing', status: 204, body: undefined, found: 'invalid' },
    { why: 'that is null', status: 200, body: 'null', found: 'invalid' },
    { why: 'in HTML', status: 200, body: '<html><body>Welcome to nginx!</body></html>', found: 'invalid' },
    { why: 'that breaks off', status: 200, body: JSON.stringify(HEADERS).slice(0, -5), found: 'invalid' },
    { why: 'of ten megabytes', status: 200, body: JSON.stringify({ ...HEADERS, more: 'x'.repeat(10_000_000) }), found: 'invalid' },
    { why: 'that is not found', status: 404, body: JSON.stringify(HEADERS), found: 'invalid' },
    { why: 'that is a server error, even with headers', status: 500, body: JSON.stringify(HEADERS), found: 'unreachable' },
    { why: 'of a proxy whose server is gone', status: 502, body: '<html>', found: 'unreachable' },
  ])('$why is $found', async ({ status, body, found }) => {
    answer = (_, response) => response.writeHead(status).end(body)
    expect(await probe()).toBe(found)
  })

  test('that leads elsewhere is invalid, and is not followed', async () => {
    answer = (_, response) => response.writeHead(302, { location: '/login' }).end()
    expect(await probe()).toBe('invalid')
    expect(requests).toHaveLength(1)
  })
})

test("the request says that it is ours, so that it is not taken for the service's", async () => {
  answer = (_, response) => response.end(JSON.stringify(HEADERS))
  await probe()
  expect(requests).toEqual([{ agent: 'otel-health-check', url: '/' }])
})

describe('no answer is an error', () => {
  test('when nobody listens', async () => {
    const nobody = createServer().listen(0, '127.0.0.1')
    await once(nobody, 'listening')
    const { port } = nobody.address() as AddressInfo
    nobody.close()
    await once(nobody, 'close')
    const error: unknown = await probeAnisette(`http://127.0.0.1:${port}`, new AbortController().signal).catch((reason: unknown) => reason)
    expect(errorCode(error)).toBe('ECONNREFUSED')
  })

  test('when the connection is reset', async () => {
    answer = (request) => request.socket.resetAndDestroy()
    await expect(probe()).rejects.toThrow('fetch failed')
  })

  test.for([
    { why: 'before it answers', begin: () => {} },
    { why: 'in the middle of its answer', begin: (response: Parameters<RequestListener>[1]) => void response.write('{"X-Apple-I-MD":') },
  ])('when the server hangs $why: the request is aborted', async ({ begin }) => {
    const abort = new AbortController()
    const closed = Promise.withResolvers<void>()
    answer = (request, response) => {
      begin(response)
      request.socket.once('close', () => closed.resolve())
      setImmediate(() => abort.abort())
    }
    await expect(probe(abort.signal)).rejects.toThrow('aborted')
    await closed.promise
  })
})
