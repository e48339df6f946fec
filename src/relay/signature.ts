/**
 * Signatures as in Standard Webhooks 1.0 (github.com/standard-webhooks/standard-webhooks, "Signature scheme"): HMAC-SHA256 over
 * `<webhook-id>.<webhook-timestamp>.<body>`, so that neither the body, nor when it was sent, nor which message it is can be changed.
 * Pure.
 */
import { createHmac } from 'node:crypto'

const PREFIX = 'whsec_'

/** Bytes of a secret: what is shorter can be guessed (the specification's bounds). */
export const SHORTEST_SECRET = 24

/** The key of a secret: base64 after `whsec_`, else the text itself. */
export function keyOf(secret: string): Buffer {
  return secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : Buffer.from(secret)
}

export interface Signed {
  /** The message's own; the same however often it is sent. Without a full stop. */
  readonly id: string
  /** Of this attempt: epoch seconds. */
  readonly timestamp: number
  readonly body: string
}

/** Names and values of the headers. With several secrets there are as many signatures, so that a secret may be replaced without a gap. */
export function webhookHeaders({ id, timestamp, body }: Signed, secrets: readonly string[]): Readonly<Record<string, string>> {
  const signatures = secrets.map(
    (secret) => `v1,${createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')}`,
  )
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    ...(signatures.length > 0 && { 'webhook-signature': signatures.join(' ') }),
  }
}
