/** What a time-out is called. */

/** Node's and undici's names of a time-out, all one thing to whoever waits. */
const TIMEOUTS: ReadonlySet<unknown> = new Set([
  'timeout',
  'ETIMEDOUT',
  'ESOCKETTIMEDOUT',
  'TimeoutError',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'ConnectTimeoutError',
  'HeadersTimeoutError',
  'BodyTimeoutError',
])

export function isTimeout(code: unknown): boolean {
  return TIMEOUTS.has(code)
}
