import { counted, type CallCounts } from '../service/call-counts.ts'
import { exchange, parseObject, type Transport } from '../service/http-exchange.ts'
import { pointOf } from '../service/pipeline.ts'
import { UpstreamError } from '../service/upstream-error.ts'

export interface Place {
  readonly cell: string
  readonly name: string
  /** Who knew it. */
  readonly provider: string
}

export type ProviderName = 'nominatim' | 'photon'

/** Where each says the name of what it found. */
const READERS: Readonly<Record<ProviderName, (answer: Record<string, unknown>) => unknown>> = {
  nominatim: (answer) => answer.display_name,
  photon: ({ features }) => (features as { properties?: { name?: unknown } }[] | undefined)?.[0]?.properties?.name,
}

/** After a 429 that does not say for how long. */
const REST_MS = 60_000

/** Somebody else's server that knows the names of places. */
export class Provider {
  readonly name: ProviderName
  readonly #transport: Transport
  readonly #baseUrl: string
  readonly #timeoutMs: number
  readonly #calls: Record<string, number> = {}
  #restsUntil = 0

  constructor(name: ProviderName, transport: Transport, baseUrl: string, timeoutMs: number) {
    this.name = name
    this.#transport = transport
    this.#baseUrl = baseUrl
    this.#timeoutMs = timeoutMs
  }

  calls(): CallCounts {
    return this.#calls
  }

  /** Whether it is to be left alone, because it asked for that. */
  resting(): boolean {
    return this.#transport.clock.now() < this.#restsUntil
  }

  /** One call. Throws UpstreamError. */
  async reverse(cell: string): Promise<Place> {
    try {
      return await counted(this.#calls, this.#request(cell))
    } catch (error) {
      if (error instanceof UpstreamError && error.code === '429') {
        this.#restsUntil = this.#transport.clock.now() + (error.retryAfterMs ?? REST_MS)
      }
      throw error
    }
  }

  async #request(cell: string): Promise<Place> {
    const { latitude, longitude } = pointOf(cell)
    const url = `${this.#baseUrl}/reverse?lat=${latitude}&lon=${longitude}&format=jsonv2`
    const answer = parseObject(this.name, await exchange(this.#transport, this.name, url, {}, this.#timeoutMs))
    const name = READERS[this.name](answer)
    if (typeof name !== 'string') throw new UpstreamError('malformed_body', `${this.name}: there is no name in the answer`)
    return { cell, name, provider: this.name }
  }
}
