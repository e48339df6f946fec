import type { Redis } from 'ioredis'
import { cellOf, LISTS, type PlaceRequest } from '../../service/pipeline.ts'
import type { DiscreteClock } from '../../simulators/discrete-clock.ts'
import { courierPlace } from './couriers.ts'

/** How an archive is read: one new place every so often, and on request with each of them one that everybody knows. */
export interface Reading {
  readonly everyMs: number
  readonly known: boolean
}

/** Somebody has names looked up for old positions: a load of places nobody asked for before, the same for every seed. */
export class Archive {
  readonly #clock: DiscreteClock
  readonly #redis: Redis
  #places = 0
  #stop = new AbortController()

  constructor(clock: DiscreteClock, redis: Redis) {
    this.#clock = clock
    this.#redis = redis
  }

  async askAtOnce(places: number): Promise<void> {
    await this.#ask(Array.from({ length: places }, () => this.#newCell()))
  }

  /** From now on and instead of what was before; `undefined`: not any more. */
  read(reading: Reading | undefined): void {
    this.#stop.abort()
    this.#stop = new AbortController()
    if (reading) void this.#read(reading, this.#stop.signal)
  }

  async #read({ everyMs, known }: Reading, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await this.#ask([this.#newCell(), ...(known ? [cellOf(courierPlace(0, 0))] : [])])
      await this.#clock.sleep(everyMs, stop)
    }
  }

  async #ask(cells: readonly string[]): Promise<void> {
    const requests = cells.map((cell): PlaceRequest => ({ trackerId: 'archive', cell }))
    await this.#redis.rpush(LISTS.placeRequests, ...requests.map((request) => JSON.stringify(request)))
  }

  /** No tracker comes there. */
  #newCell(): string {
    const place = this.#places++
    return cellOf({ latitude: -40 + (place % 1_000) / 1_000, longitude: 20 + Math.floor(place / 1_000) / 1_000 })
  }
}
