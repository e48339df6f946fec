/**
 * One failed call to another server. `code` is stable and closed: `empty_body`, `malformed_body`, `anisette_invalid`, `timeout`,
 * an HTTP status such as `401`, or Node's own name of a transport failure such as `ECONNREFUSED`.
 */
export class UpstreamError extends Error {
  readonly code: string
  /** What a 429 asked for, in milliseconds. */
  readonly retryAfterMs: number | undefined

  constructor(code: string, message: string, options: { retryAfterMs?: number | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'UpstreamError'
    this.code = code
    this.retryAfterMs = options.retryAfterMs
  }
}

/** The code of a failed call; anything that is not ours is a mistake in the program and goes on upwards. */
export function upstreamError(error: unknown): UpstreamError {
  if (error instanceof UpstreamError) return error
  throw error
}
