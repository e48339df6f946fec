import { upstreamOf, type Endpoint, type Ledger, type Upstream } from './ledger.ts'
import type { Address, Answer, LoopbackServer } from './loopback-server.ts'
import { timedServer, type Incoming, type Timing } from './timed-server.ts'

/** What Apple or anisette answers to one request, and what the ledger must know of it. */
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

export interface Traffic extends Timing {
  readonly ledger: Ledger
  readonly clientTimeoutMs: Readonly<Record<Upstream, number>>
}

/** Median in milliseconds. */
const MEDIAN_MS: Readonly<Record<Endpoint, number>> = {
  'apple.fetch': 450,
  'apple.login': 640,
  'apple.submit_code': 300,
  'apple.other': 200,
  'anisette.headers': 7,
  'anisette.other': 7,
}

/** A server whose every accepted request takes its time and stands in the ledger once it was answered. */
export function simulatedServer(traffic: Traffic, reply: (incoming: Incoming) => Reply, address: Address): LoopbackServer {
  const { ledger, clientTimeoutMs } = traffic
  return timedServer(
    traffic,
    (incoming) => {
      const seq = ledger.nextSeq()
      const given = reply(incoming)
      const { endpoint } = given
      return { ...given, seq, medianMs: MEDIAN_MS[endpoint], clientTimeoutMs: clientTimeoutMs[upstreamOf(endpoint)] }
    },
    ({ request, probe, at }, given, { latencyMs, status, inTime }) => {
      const seenAs = inTime ? given.seenAs : 'timeout'
      const reports = [...(seenAs === 'ok' ? (given.reports ?? []) : [])]
      ledger.add({
        seq: given.seq,
        at,
        endpoint: given.endpoint,
        probe,
        account: given.account ?? null,
        ids: given.ids ?? [],
        request_id: request.headers['x-request-id']?.toString() ?? null,
        fault: given.fault ?? null,
        status,
        seen_as: seenAs,
        latency_ms: latencyMs,
        trackers_with_reports: reports.length,
        reports: reports.reduce((sum, [, list]) => sum + list.length, 0),
        new_reports: probe ? 0 : reports.reduce((sum, [id, list]) => sum + ledger.deliver(id, list), 0),
      })
    },
    address,
  )
}
