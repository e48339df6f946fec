/** Error codes of every kind, in the closed list of the metrics. */
import { isTimeout } from '../worker/timeout.ts'
import type { ErrorType } from './metrics.ts'
import { ERROR_TYPES } from './metrics.ts'

/** The closed list's name of an error code, `_OTHER` for what is not on it. */
export function toErrorType(code: unknown): ErrorType {
  if (typeof code === 'number') code = String(code)
  if (typeof code !== 'string') return '_OTHER'
  if (isTimeout(code)) return 'timeout'
  return (ERROR_TYPES as readonly string[]).includes(code) ? (code as ErrorType) : '_OTHER'
}
