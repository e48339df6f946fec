import { counted, type CallCounts } from '../service/call-counts.ts'
import { exchange, type Transport } from '../service/http-exchange.ts'
import type { Position } from '../service/pipeline.ts'

/** Where positions are kept for good. A position it has already changes nothing, so a batch may be added again. */
export class LocationStore {
  readonly #transport: Transport
  readonly #baseUrl: string
  readonly #timeoutMs: number
  readonly #calls: Record<string, number> = {}

  constructor(transport: Transport, baseUrl: string, timeoutMs: number) {
    this.#transport = transport
    this.#baseUrl = baseUrl
    this.#timeoutMs = timeoutMs
  }

  calls(): CallCounts {
    return this.#calls
  }

  /** One call. Throws UpstreamError. */
  async add(positions: readonly Position[]): Promise<void> {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ positions }) }
    await counted(this.#calls, exchange(this.#transport, 'store', `${this.#baseUrl}/positions`, init, this.#timeoutMs))
  }
}
