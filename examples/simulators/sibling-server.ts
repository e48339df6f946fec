import { CallLedger, type Call } from './call-ledger.ts'
import { json, type Address, type Answer, type LoopbackServer } from './loopback-server.ts'
import { timedServer, type Incoming, type Timing } from './timed-server.ts'

/** What a simulator of the other services answers to one request, and what its ledger must know of it. */
export interface SiblingReply {
  readonly to: string
  readonly answer: Answer
  /** `ok` unless said. */
  readonly seenAs?: string
  readonly fault?: string
  /** On top of the usual latency. */
  readonly delayMs?: number
}

export interface SiblingTraffic extends Timing {
  /** When the client gives up, which the ledger must know where latency is only stated. */
  readonly clientTimeoutMs: number
}

export interface SiblingServer {
  readonly server: LoopbackServer
  readonly ledger: CallLedger
}

export const SLOW_MS = 12_000

/** A server with a ledger of its own, in which every accepted request stands once it was answered. */
export function siblingServer(
  traffic: SiblingTraffic,
  medianMs: number,
  address: Address,
  reply: (incoming: Incoming) => SiblingReply,
  ledger = new CallLedger(),
): SiblingServer {
  const { clientTimeoutMs } = traffic
  const server = timedServer(
    traffic,
    (incoming) => ({ ...reply(incoming), medianMs, clientTimeoutMs }),
    ({ at, probe }, { to, fault, seenAs = 'ok' }, { latencyMs, status, inTime }) => {
      const call: Call = { at, to, probe, fault: fault ?? null, status, seen_as: inTime ? seenAs : 'timeout', latency_ms: latencyMs }
      ledger.add(call)
    },
    address,
  )
  return { server, ledger }
}

/** An answer that is an error, seen as its status. */
export function refused(to: string, status: number, fault?: string, headers: Readonly<Record<string, string>> = {}): SiblingReply {
  const answer = json({ error: `HTTP ${status}` }, status)
  return {
    to,
    answer: { ...answer, headers: { ...answer.headers, ...headers } },
    seenAs: String(status),
    ...(fault !== undefined && { fault }),
  }
}
