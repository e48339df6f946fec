/** Whether two secrets are the same, in a time that says nothing of either. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Digests have one length, so that not even that is told. */
const KEY = randomBytes(32)

export function isSameSecret(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected))
}

function digest(text: string): Buffer {
  return createHmac('sha256', KEY).update(text).digest()
}
