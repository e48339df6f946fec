/** Queues that are asked through a client: one for each name at each client, however often it is found. */
import type { AskedQueue } from './queue-library.ts'

export class KeptQueues {
  readonly #ofClient = new WeakMap<object, Map<string, AskedQueue>>()

  /** `make` is called for the first of a name only. */
  get(client: object, name: string, make: () => Omit<AskedQueue, 'name' | 'of'>): AskedQueue {
    const queues = this.#ofClient.get(client) ?? new Map<string, AskedQueue>()
    this.#ofClient.set(client, queues)
    const queue = queues.get(name) ?? { name, of: {}, ...make() }
    queues.set(name, queue)
    return queue
  }
}
