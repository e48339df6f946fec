/** Tells the HTTP requests of otel-health itself from the service's, which alone are recorded. */
import type { Agent, ClientRequest } from 'node:http'

/** What our probes, and questions that we ask through a client of the service, say of themselves; to the server's log too. */
export const PROBE_USER_AGENT = 'otel-health-check'

const agents = new WeakSet<object>()

/** Requests on this agent are ours. */
export function markAsOwn(agent: Agent): void {
  agents.add(agent)
}

/** `request`: of node:http, or as undici publishes it. */
export function isOwnRequest(request: ClientRequest | { readonly headers: readonly unknown[] }): boolean {
  if ('headers' in request) return request.headers.includes(PROBE_USER_AGENT)
  return agents.has((request as { agent?: Agent }).agent ?? request) || request.getHeader('user-agent') === PROBE_USER_AGENT
}
