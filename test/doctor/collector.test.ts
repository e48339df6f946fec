import { createServer, type RequestListener } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { checkCollector } from '../../src/doctor/collector.ts'
import { closedPort, listening } from '../support/upstream.ts'

const ENDPOINT = 'http://127.0.0.1:4318'
const signal = new AbortController().signal

async function serve(answer: RequestListener): Promise<number> {
  const server = createServer(answer)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return await listening(server)
}

test.for<{ why: string; answer: RequestListener; status: string; says: RegExp }>([
  { why: 'it is well', answer: (_, res) => res.end('{"status":"Server available"}'), status: 'ok', says: /the collector is well$/ },
  { why: 'it is not', answer: (_, res) => res.writeHead(503).end(), status: 'fail', says: /is not available$/ },
  { why: 'another server has that port', answer: (_, res) => res.writeHead(404).end(), status: 'skip', says: /answers 404: that is not/ },
  { why: 'nothing comes back, as behind a firewall', answer: () => {}, status: 'skip', says: /^nothing answers at 127\.0\.0\.1/ },
])('$why', async ({ answer, status, says }) => {
  expect(await checkCollector(ENDPOINT, signal, await serve(answer))).toMatchObject({
    name: 'collector',
    status,
    message: expect.stringMatching(says) as string,
  })
})

test('nothing listens: not everybody has the extension', async () => {
  expect(await checkCollector(ENDPOINT, signal, await closedPort())).toMatchObject({
    status: 'skip',
    message: expect.stringMatching(/^nothing listens at 127\.0\.0\.1:\d+/) as string,
  })
})

test('an endpoint without a host has no collector', async () => {
  expect(await checkCollector('localhost:4318', signal)).toMatchObject({ status: 'skip', message: 'the endpoint names no host' })
})
