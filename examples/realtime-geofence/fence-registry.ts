import { counted, type CallCounts } from '../service/call-counts.ts'
import type { Geofence } from '../service/geofence.ts'
import { exchange, parseObject, type Transport } from '../service/http-exchange.ts'
import { UpstreamError } from '../service/upstream-error.ts'

/** A fence as somebody entered it. */
export type Fence = Omit<Geofence, 'radiusMetres'> & { readonly radiusMetres?: number }

/** The fences, which are kept elsewhere and change now and then. */
export class FenceRegistry {
  readonly #transport: Transport
  readonly #baseUrl: string
  readonly #timeoutMs: number
  readonly #calls: Record<string, number> = {}
  #fences: readonly Fence[] | undefined

  constructor(transport: Transport, baseUrl: string, timeoutMs: number) {
    this.#transport = transport
    this.#baseUrl = baseUrl
    this.#timeoutMs = timeoutMs
  }

  /** As of the last refresh that succeeded; undefined before the first. */
  get fences(): readonly Fence[] | undefined {
    return this.#fences
  }

  calls(): CallCounts {
    return this.#calls
  }

  /** Asks for all fences. Throws UpstreamError; the last good ones stay. */
  async refresh(): Promise<readonly Fence[]> {
    this.#fences = await counted(this.#calls, this.#request())
    return this.#fences
  }

  async #request(): Promise<readonly Fence[]> {
    const body = await exchange(this.#transport, 'fences', `${this.#baseUrl}/fences`, {}, this.#timeoutMs)
    const { fences } = parseObject('fences', body)
    if (!Array.isArray(fences)) throw new UpstreamError('malformed_body', 'fences: there is no list of fences')
    return fences as readonly Fence[]
  }
}
