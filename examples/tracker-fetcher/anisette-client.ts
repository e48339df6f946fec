import { exchange, parseObject, type Transport } from '../service/http-exchange.ts'
import { UpstreamError } from '../service/upstream-error.ts'

/** The headers that make a request come from a known device, as they go on every call to Apple. */
export type AnisetteHeaders = Readonly<Record<string, string>>

/** Without these two, the only ones that carry the one-time password and the machine, the others are worth nothing. */
const REQUIRED = ['X-Apple-I-MD', 'X-Apple-I-MD-M']

export class AnisetteClient {
  readonly #transport: Transport
  readonly #baseUrl: string
  readonly #timeoutMs: number

  constructor(transport: Transport, baseUrl: string, timeoutMs: number) {
    this.#transport = transport
    this.#baseUrl = baseUrl
    this.#timeoutMs = timeoutMs
  }

  /** One call to the anisette server. A 200 without usable headers fails too: `empty_body`, `malformed_body` or `anisette_invalid`. */
  async requestHeaders(): Promise<AnisetteHeaders> {
    const body = await exchange(this.#transport, 'anisette', `${this.#baseUrl}/`, {}, this.#timeoutMs)
    const answer = parseObject('anisette', body)
    for (const name of REQUIRED) {
      if (typeof answer[name] !== 'string' || answer[name] === '')
        throw new UpstreamError('anisette_invalid', `anisette: ${name} is missing`)
    }
    return Object.fromEntries(Object.entries(answer).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
  }
}
