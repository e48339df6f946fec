import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../service/clock.ts'
import { LoopbackServer, readBody, send, type Address, type Answer } from './loopback-server.ts'
import type { Random } from './random.ts'

export interface Incoming {
  readonly request: IncomingMessage
  readonly body: string
  /** From otel-health's own checks, by User-Agent. */
  readonly probe: boolean
  /** Epoch milliseconds. */
  readonly at: number
}

export interface TimedReply {
  readonly answer: Answer | 'reset'
  /** Of the endpoint's usual latency. */
  readonly medianMs: number
  /** On top of that. */
  readonly delayMs?: number
  /** When the client gives up: how the ledger knows it where latency is only stated. */
  readonly clientTimeoutMs: number
}

/** What a ledger must know of a request that was answered. */
export interface Answered {
  readonly latencyMs: number
  /** HTTP status; null if the connection was reset. */
  readonly status: number | null
  /** Whether the client was still there. */
  readonly inTime: boolean
}

export interface Timing {
  readonly clock: Clock
  readonly random: Random
  /** `real` waits before answering; `stated` answers at once and says in `x-sim-latency-ms` how long it would have taken. */
  readonly latency: 'real' | 'stated'
  readonly latencyScale: number
}

/** The 95th percentile is 3.5 times the median, as seen at Apple. */
const SIGMA = Math.log(3.5) / 1.645

const PROBE_USER_AGENT = 'otel-health-check'

/** A server whose every request takes its time; `answered` is called once it is over. */
export function timedServer<Reply extends TimedReply>(
  { clock, random, latency, latencyScale }: Timing,
  reply: (incoming: Incoming) => Reply,
  answered: (incoming: Incoming, reply: Reply, answered: Answered) => void,
  address: Address,
): LoopbackServer {
  return new LoopbackServer(async (request: IncomingMessage, response: ServerResponse) => {
    const at = clock.now()
    const probe = (request.headers['user-agent'] ?? '').startsWith(PROBE_USER_AGENT)
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    const incoming = { request, body: await readBody(request), probe, at }
    const given = reply(incoming)
    const { answer, medianMs, delayMs = 0, clientTimeoutMs } = given
    const latencyMs = Math.round(latencyScale * random.logNormal(medianMs, SIGMA) + delayMs)
    if (latency === 'real') await clock.sleep(latencyMs, gone.signal)
    const waited = latency === 'real' || latencyMs < clientTimeoutMs
    if (answer === 'reset') {
      const inTime = !gone.signal.aborted
      request.socket.resetAndDestroy()
      return answered(incoming, given, { latencyMs, status: null, inTime })
    }
    const stated = latency === 'stated' ? { 'x-sim-latency-ms': String(latencyMs) } : {}
    const sent = await send(response, { ...answer, headers: { ...answer.headers, ...stated } })
    answered(incoming, given, { latencyMs, status: answer.status, inTime: sent && waited })
  }, address)
}
