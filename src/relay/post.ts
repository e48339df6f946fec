/** One request to a target. Never rejects. */
import type { Clock } from '../types.ts'
import { retryAfterMs } from './backoff.ts'

export interface PostRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly timeoutMs: number
}

export type Outcome =
  | { readonly kind: 'ok'; readonly status: number }
  /** It may be taken later: no answer, 408, 425, 429 or 5xx. `askedMs`: how long the target asked to be left alone. */
  | { readonly kind: 'retry'; readonly reason: string; readonly askedMs?: number }
  /** It will not be taken, however often it is sent. */
  | { readonly kind: 'refused'; readonly reason: string }

export type Post = (request: PostRequest, signal: AbortSignal) => Promise<Outcome>

const LATER = new Set([408, 425, 429])

/** By `fetch`. Redirects are not followed: whoever answers so refuses. */
export function poster(clock: Clock): Post {
  return async ({ url, headers, body, timeoutMs }, signal) => {
    const late = new AbortController()
    const cancel = clock.after(timeoutMs, () => late.abort())
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body,
        redirect: 'manual',
        signal: AbortSignal.any([signal, late.signal]),
      })
      // Nobody reads it; unread, it would hold the connection.
      await response.body?.cancel().catch(() => {})
      return outcomeOf(response, clock.epochMs())
    } catch (error) {
      return { kind: 'retry', reason: late.signal.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(error) }
    } finally {
      cancel()
    }
  }
}

function outcomeOf({ ok, status, headers }: Response, nowEpochMs: number): Outcome {
  if (ok) return { kind: 'ok', status }
  const reason = `HTTP ${status}`
  if (status < 500 && !LATER.has(status)) return { kind: 'refused', reason }
  const askedMs = retryAfterMs(headers.get('retry-after'), nowEpochMs)
  return { kind: 'retry', reason, ...(askedMs !== undefined && { askedMs }) }
}

/** A code: the text of an error may hold the address. */
function reasonOf(error: unknown): string {
  const { cause, name } = error as { cause?: { code?: unknown }; name?: unknown }
  if (typeof cause?.code === 'string') return cause.code
  return name === 'AbortError' ? 'given up' : 'no connection'
}
