import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../tracker-fetcher/clock.ts'
import { upstreamOf, type Endpoint, type Ledger, type Upstream } from './ledger.ts'
import { LoopbackServer, readBody, send, type Address, type Answer } from './loopback-server.ts'
import type { Random } from './random.ts'

/** What a simulator answers to one request, and what the ledger must know of it. */
export interface Reply {
  readonly endpoint: Endpoint
  readonly answer: Answer | 'reset'
  /** `ok`, or the error.type a client must record if the answer reaches it in time. */
  readonly seenAs: string
  readonly account?: string | null
  readonly ids?: readonly string[]
  readonly fault?: string | null
  /** On top of the endpoint's usual latency. */
  readonly delayMs?: number
  /** Reports in the answer, by id. */
  readonly reports?: ReadonlyMap<string, readonly string[]>
}

export interface Traffic {
  readonly clock: Clock
  readonly random: Random
  readonly ledger: Ledger
  /** `real` waits before answering; `stated` answers at once and says in `x-sim-latency-ms` how long it would have taken. */
  readonly latency: 'real' | 'stated'
  readonly latencyScale: number
  /** When the client gives up: how the ledger knows it where latency is only stated. */
  readonly clientTimeoutMs: Readonly<Record<Upstream, number>>
}

export interface Incoming {
  readonly request: IncomingMessage
  readonly body: string
  readonly probe: boolean
  /** Epoch milliseconds. */
  readonly at: number
}

/** Median in milliseconds. The 95th percentile is 3.5 times that, as seen at Apple. */
const MEDIAN_MS: Readonly<Record<Endpoint, number>> = {
  'apple.fetch': 450,
  'apple.login': 640,
  'apple.submit_code': 300,
  'apple.other': 200,
  'anisette.headers': 7,
  'anisette.other': 7,
}
const SIGMA = Math.log(3.5) / 1.645

const PROBE_USER_AGENT = 'otel-health-check'

/** A server whose every accepted request takes its time and stands in the ledger once it was answered. */
export function simulatedServer(traffic: Traffic, reply: (incoming: Incoming) => Reply, address: Address): LoopbackServer {
  const { clock, random, ledger, latency, latencyScale, clientTimeoutMs } = traffic
  return new LoopbackServer(async (request: IncomingMessage, response: ServerResponse) => {
    const at = clock.now()
    const seq = ledger.nextSeq()
    const probe = (request.headers['user-agent'] ?? '').startsWith(PROBE_USER_AGENT)
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const { answer, ...rest } = reply({ request, body: await readBody(request), probe, at })
    const latencyMs = Math.round(latencyScale * random.logNormal(MEDIAN_MS[rest.endpoint], SIGMA) + (rest.delayMs ?? 0))
    if (latency === 'real') await clock.sleep(latencyMs, gone.signal)
    const inTime = latency === 'real' || latencyMs < clientTimeoutMs[upstreamOf(rest.endpoint)]
    let delivered: boolean
    if (answer === 'reset') {
      delivered = !gone.signal.aborted
      request.socket.resetAndDestroy()
    } else {
      const stated = latency === 'stated' ? { 'x-sim-latency-ms': String(latencyMs) } : {}
      delivered = (await send(response, { ...answer, headers: { ...answer.headers, ...stated } })) && inTime
    }
    const seenAs = delivered ? rest.seenAs : 'timeout'
    const reports = [...(seenAs === 'ok' ? (rest.reports ?? []) : [])]
    ledger.add({
      seq,
      at,
      endpoint: rest.endpoint,
      probe,
      account: rest.account ?? null,
      ids: rest.ids ?? [],
      request_id: request.headers['x-request-id']?.toString() ?? null,
      fault: rest.fault ?? null,
      status: answer === 'reset' ? null : answer.status,
      seen_as: seenAs,
      latency_ms: latencyMs,
      trackers_with_reports: reports.length,
      reports: reports.reduce((sum, [, list]) => sum + list.length, 0),
      new_reports: probe ? 0 : reports.reduce((sum, [id, list]) => sum + ledger.deliver(id, list), 0),
    })
  }, address)
}
