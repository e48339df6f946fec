/** Error codes of every kind, in the closed list of the catalogue. */
import type { ErrorType } from '../../catalogue.ts'
import { ERROR_TYPES } from '../../catalogue.ts'

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

/** The closed list's name of an error code, `_OTHER` for what is not on it. */
export function toErrorType(code: unknown): ErrorType {
  if (typeof code === 'number') code = String(code)
  if (typeof code !== 'string') return '_OTHER'
  if (isTimeout(code)) return 'timeout'
  return (ERROR_TYPES as readonly string[]).includes(code) ? (code as ErrorType) : '_OTHER'
}
