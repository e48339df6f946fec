import type { Redis } from 'ioredis'

export interface Position {
  readonly place: string
  /** When somebody was there. */
  readonly at: number
}

interface Cached {
  readonly street: string
  readonly at: number
}

export interface Looked {
  readonly state: 'hit' | 'miss' | 'stale'
  readonly cached?: Cached
}

export interface Quota {
  readonly provider: string
  readonly used: number
  readonly limit: number
}

const DAY = 86_400_000

/** Its functions are handed around, so each instance has its own. */
export class Geocoder {
  readonly lookups = { hit: 0, miss: 0, stale: 0 }
  readonly calls: Record<string, Record<string, number>> = { nominatim: {}, photon: {} }
  readonly redis: Redis
  readonly providers: Readonly<Record<string, string>>

  constructor(redis: Redis, providers: Readonly<Record<string, string>>) {
    this.redis = redis
    this.providers = providers
  }

  geocode = async (position: Position): Promise<string> => {
    const { state, cached } = await this.lookup(position)
    this.lookups[state]++
    return state === 'hit' ? cached!.street : await this.fetchPlace(position)
  }

  lookup = async ({ place, at }: Position): Promise<Looked> => {
    const text = await this.redis.hget('places', place)
    if (text === null) return { state: 'miss' }
    const cached = JSON.parse(text) as Cached
    return { state: at - cached.at > DAY ? 'stale' : 'hit', cached }
  }

  /** Asks the second provider where the first has no answer. Throws with the status of the last one. */
  private async fetchPlace({ place, at }: Position): Promise<string> {
    let status = 0
    for (const [provider, url] of Object.entries(this.providers)) {
      const response = await fetch(`${url}/reverse/${place}`)
      this.quotaOf(provider, response.headers)
      status = response.status
      this.count(provider, response.ok ? 'ok' : String(status))
      const { street } = (await response.json()) as { readonly street: string }
      if (!response.ok) continue
      await this.redis.hset('places', place, JSON.stringify({ street, at }))
      return street
    }
    throw Object.assign(new Error(`nobody knows ${place}`), { status })
  }

  /** Only some of them say how much is left. */
  private quotaOf(provider: string, headers: Headers): Quota | undefined {
    const [used, limit] = [headers.get('x-quota-used'), headers.get('x-quota-limit')]
    return used && limit ? { provider, used: Number(used), limit: Number(limit) } : undefined
  }

  private count(provider: string, answer: string): void {
    const calls = this.calls[provider]!
    calls[answer] = (calls[answer] ?? 0) + 1
  }
}
