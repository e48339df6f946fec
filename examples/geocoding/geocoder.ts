import type { PlaceRequest } from '../service/pipeline.ts'
import { upstreamError } from '../service/upstream-error.ts'
import type { PlaceCache } from './place-cache.ts'
import type { Place, Provider } from './provider.ts'

export interface GeocoderParts {
  readonly cache: PlaceCache
  /** In the order in which they are asked. */
  readonly providers: readonly Provider[]
  /** Takes over a refresh that nobody waits for. It does not reject. */
  readonly alongside: (refresh: Promise<void>) => void
  readonly refreshFailed: (error: unknown) => void
}

/** Finds the names of places: in the cache, else at the first provider that answers. */
export class Geocoder {
  readonly #parts: GeocoderParts
  readonly #refreshing = new Set<string>()

  constructor(parts: GeocoderParts) {
    this.#parts = parts
  }

  /** A stale place is given at once, and refreshed afterwards. Throws if none is known and no provider answers. */
  async resolve({ cell }: PlaceRequest): Promise<Place> {
    const { state, place } = await this.#parts.cache.get(cell)
    if (!place) return await this.#find(cell)
    if (state === 'stale' && !this.#refreshing.has(cell)) this.#parts.alongside(this.#refresh(cell))
    return place
  }

  async #refresh(cell: string): Promise<void> {
    this.#refreshing.add(cell)
    try {
      await this.#find(cell)
    } catch (error) {
      this.#parts.refreshFailed(error)
    } finally {
      this.#refreshing.delete(cell)
    }
  }

  async #find(cell: string): Promise<Place> {
    const refusals: string[] = []
    for (const provider of this.#parts.providers) {
      if (provider.resting()) {
        refusals.push(`${provider.name} rests`)
        continue
      }
      try {
        const place = await provider.reverse(cell)
        await this.#parts.cache.put(place)
        return place
      } catch (error) {
        refusals.push(upstreamError(error).message)
      }
    }
    throw new NoProviderError(cell, refusals)
  }
}

/** Nobody could say what is there. */
export class NoProviderError extends Error {
  constructor(cell: string, refusals: readonly string[]) {
    super(`nobody named ${cell}: ${refusals.join(', ')}`)
    this.name = 'NoProviderError'
  }
}
