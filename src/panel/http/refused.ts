/** What ends a request without what it asked for. */
import type { Refusal } from '../protocol.ts'

export class Refused extends Error {
  override readonly name = 'Refused'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  /** `sentence`: what whoever asked is told. */
  constructor(status: number, sentence: string, headers: Readonly<Record<string, string>> = {}) {
    super(sentence)
    this.status = status
    this.headers = headers
  }
}

/** `seconds`: after which it may be tried again. */
export function tooMany(sentence: string, seconds: number, status: 429 | 503 = 429): Refused {
  return new Refused(status, sentence, { 'retry-after': String(Math.max(1, Math.ceil(seconds))) })
}

export function jsonAnswer(value: unknown, status: number = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(value, { status, headers: { 'cache-control': 'no-store', ...headers } })
}

export function refusalAnswer({ status, message, headers }: Refused): Response {
  return jsonAnswer({ error: message } satisfies Refusal, status, headers)
}
