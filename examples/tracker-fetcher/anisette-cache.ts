import type { AnisetteClient, AnisetteHeaders } from './anisette-client.ts'
import type { Clock } from '../service/clock.ts'

/** A one-time password is good for longer at Apple, but a fresh one costs little: the age the reference clients use. */
const MAX_AGE_MS = 30_000

/** Anisette headers, asked for again after 30 s or when Apple did not like them. Callers at the same time share one call. */
export class AnisetteCache {
  readonly #client: AnisetteClient
  readonly #clock: Clock
  #headers: AnisetteHeaders | undefined
  #expiresAt = 0
  #pending: Promise<AnisetteHeaders> | undefined

  constructor(client: AnisetteClient, clock: Clock) {
    this.#client = client
    this.#clock = clock
  }

  /** Throws UpstreamError while anisette is gone. */
  async headers(): Promise<AnisetteHeaders> {
    if (this.#headers && this.#clock.now() < this.#expiresAt) return this.#headers
    this.#pending ??= this.#request()
    return await this.#pending
  }

  drop(): void {
    this.#headers = undefined
  }

  async #request(): Promise<AnisetteHeaders> {
    try {
      this.#headers = undefined
      const headers = await this.#client.requestHeaders()
      this.#headers = headers
      this.#expiresAt = this.#clock.now() + MAX_AGE_MS
      return headers
    } finally {
      this.#pending = undefined
    }
  }
}
