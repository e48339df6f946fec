import type { Redis } from 'ioredis'
import type { Clock } from '../service/clock.ts'
import type { Place } from './provider.ts'

export type CacheState = 'hit' | 'miss' | 'stale'

export interface Lookup {
  readonly state: CacheState
  /** Unless it is a miss. */
  readonly place?: Place
}

/** Names of places by cell, in Redis. Old ones are stale before they are gone. */
export class PlaceCache {
  readonly #redis: Redis
  readonly #clock: Clock
  readonly #freshMs: number
  readonly #staleMs: number
  readonly #lookups = { hit: 0, miss: 0, stale: 0 }

  constructor(options: { redis: Redis; clock: Clock; freshMs: number; staleMs: number }) {
    this.#redis = options.redis
    this.#clock = options.clock
    this.#freshMs = options.freshMs
    this.#staleMs = options.staleMs
  }

  /** How often which state was found. */
  lookups(): Readonly<Record<CacheState, number>> {
    return this.#lookups
  }

  async get(cell: string): Promise<Lookup> {
    const found = await this.#find(cell)
    this.#lookups[found.state]++
    return found
  }

  async put(place: Place): Promise<void> {
    await this.#redis.set(key(place.cell), JSON.stringify({ place, foundAt: this.#clock.now() }), 'PX', this.#staleMs)
  }

  async #find(cell: string): Promise<Lookup> {
    const json = await this.#redis.get(key(cell))
    if (json === null) return { state: 'miss' }
    const { place, foundAt } = JSON.parse(json) as { place: Place; foundAt: number }
    const age = this.#clock.now() - foundAt
    if (age >= this.#staleMs) return { state: 'miss' }
    return { state: age < this.#freshMs ? 'hit' : 'stale', place }
  }
}

function key(cell: string): string {
  return `geocode:place:${cell}`
}
