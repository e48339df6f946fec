/** Why an HTTP request failed, as `error.type`: a short name of low cardinality, never the free text of a message. */

/** Codes of Node and undici (`ECONNREFUSED`, `UND_ERR_SOCKET`, `CERT_HAS_EXPIRED`), and of libraries that follow them. */
const CODE = /^[A-Z][A-Z0-9_]{1,63}$/
/** Names of error classes. */
const NAME = /^[A-Za-z_$][\w$]{0,63}$/

/** `_OTHER` for what has neither a code nor a name of its own. `error` may be anything; what throws when it is read is `_OTHER`. */
export function errorTypeOf(error: unknown): string {
  try {
    if (isTimeout(error)) return 'timeout'
    const { code, name } = error as { readonly code?: unknown; readonly name?: unknown }
    // A DOMException's code is a number, which says nothing to anybody.
    if (typeof code === 'string' && CODE.test(code)) return code
    return typeof name === 'string' && name !== 'Error' && NAME.test(name) ? name : '_OTHER'
  } catch {
    return '_OTHER'
  }
}

/** Whether the service gave the request up, which the conventions take for no error. */
export function isCancellation(error: unknown): boolean {
  // A reason of the service's own, such as a text: what fails by itself fails with an Error.
  if (typeof error !== 'object' || error === null) return true
  try {
    return (error as { readonly name?: unknown }).name === 'AbortError' && !isTimeout(error)
  } catch {
    return false
  }
}

/** What `AbortSignal.timeout()` ends with: in node:http it is the cause of an AbortError. */
function isTimeout(error: unknown): boolean {
  const { name, cause } = error as { readonly name?: unknown; readonly cause?: { readonly name?: unknown } | null }
  return name === 'TimeoutError' || (name === 'AbortError' && cause?.name === 'TimeoutError')
}
