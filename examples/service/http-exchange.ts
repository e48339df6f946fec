import type { Clock } from './clock.ts'
import { UpstreamError } from './upstream-error.ts'

export interface Transport {
  readonly fetch: typeof fetch
  readonly clock: Clock
  /** Aborting it makes calls in flight fail as `timeout`: the service is going down and waits no longer. */
  readonly giveUp: AbortSignal
}

/** undici has several names for "the other side did not answer in time". */
const TIMEOUT_CODES = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT'])

/**
 * One HTTP exchange, body included, within `timeoutMs` on the transport's clock. Resolves to the body of a 200 that has one.
 * Throws UpstreamError for everything else.
 */
export async function exchange(transport: Transport, what: string, url: string, init: RequestInit, timeoutMs: number): Promise<string> {
  const late = new AbortController()
  const answered = new AbortController()
  void transport.clock.sleep(timeoutMs, answered.signal).then(() => {
    if (!answered.signal.aborted) late.abort()
  })
  try {
    const signal = AbortSignal.any([late.signal, transport.giveUp])
    const response = await transport.fetch(url, { ...init, signal })
    const body = await response.text()
    if (!response.ok) throw refusal(what, response)
    if (response.status !== 200) throw new UpstreamError('malformed_body', `${what}: HTTP ${response.status} where 200 was expected`)
    if (body === '') throw new UpstreamError('empty_body', `${what}: HTTP 200 with an empty body`)
    return body
  } catch (error) {
    if (error instanceof UpstreamError) throw error
    if (late.signal.aborted) throw new UpstreamError('timeout', `${what}: no answer within ${timeoutMs} ms`, { cause: error })
    if (transport.giveUp.aborted) throw new UpstreamError('timeout', `${what}: given up, the service is stopping`, { cause: error })
    throw transportFailure(what, error)
  } finally {
    answered.abort()
  }
}

/** Parses a body that is expected to be a JSON object. */
export function parseObject(what: string, body: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch (error) {
    throw new UpstreamError('malformed_body', `${what}: the body is not JSON`, { cause: error })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UpstreamError('malformed_body', `${what}: the body is not a JSON object`)
  }
  return value as Record<string, unknown>
}

function refusal(what: string, response: Response): UpstreamError {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new UpstreamError(String(response.status), `${what}: HTTP ${response.status}`, {
    retryAfterMs: Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined,
  })
}

/** fetch says "fetch failed", or "terminated" when the body is cut; the reason is the cause's code. */
function transportFailure(what: string, error: unknown): UpstreamError {
  const cause = error instanceof Error ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'fetch_failed'
  if (TIMEOUT_CODES.has(code)) return new UpstreamError('timeout', `${what}: ${code}`, { cause: error })
  return new UpstreamError(code === 'EPIPE' ? 'ECONNRESET' : code, `${what}: ${code}`, { cause: error })
}
