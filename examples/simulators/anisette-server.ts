import { issueHeaders } from './anisette-stamp.ts'
import type { Faults } from './faults.ts'
import { json, type Address, type Answer, type LoopbackServer } from './loopback-server.ts'
import { simulatedServer, type Reply, type Traffic } from './simulated-server.ts'
import type { Incoming } from './timed-server.ts'

const DEFAULT_DELAY_MS = 12_000

/**
 * anisette v1: `GET /` gives the headers. Every connection is closed after its answer, so that a server that goes down is always seen as
 * "connection refused" and never as a pooled connection that broke.
 */
export function anisetteServer(traffic: Traffic, faults: Faults, address: Address): LoopbackServer {
  return simulatedServer(traffic, (incoming) => withClose(reply(incoming, faults)), address)
}

function reply({ request, probe, at }: Incoming, faults: Faults): Reply {
  if (request.method !== 'GET' || request.url !== '/') {
    return { endpoint: 'anisette.other', answer: json({ error: 'not found' }, 404), seenAs: '404' }
  }
  const endpoint = 'anisette.headers'
  const met = faults.pick(['anisette.empty', 'anisette.html', 'anisette.slow'], { probe })
  const fault = met?.name ?? null
  switch (met?.name) {
    case 'anisette.empty':
      return { endpoint, fault, answer: { status: 200, body: '' }, seenAs: 'empty_body' }
    case 'anisette.html': {
      const answer = { status: 200, body: '<html><body>Welcome</body></html>', headers: { 'content-type': 'text/html' } }
      return { endpoint, fault, answer, seenAs: 'malformed_body' }
    }
    default: {
      const answer = { ...json(issueHeaders(at)) }
      const headers = { ...answer.headers, 'implementation-version': 'anisette-v3-server v2.1' }
      return {
        endpoint,
        fault,
        answer: { ...answer, headers },
        seenAs: 'ok',
        ...(met && { delayMs: met.settings.delay_ms ?? DEFAULT_DELAY_MS }),
      }
    }
  }
}

function withClose(given: Reply): Reply {
  if (given.answer === 'reset') return given
  const answer: Answer = { ...given.answer, headers: { ...given.answer.headers, connection: 'close' } }
  return { ...given, answer }
}
