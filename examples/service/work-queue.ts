import type { ChainableCommander, Redis } from 'ioredis'

/** KEYS: queue, in work. ARGV: limit. What was left in work comes first, in its order. */
const TAKE = `
while redis.call('LMOVE', KEYS[2], KEYS[1], 'RIGHT', 'LEFT') do end
local taken = {}
while #taken < tonumber(ARGV[1]) do
  local item = redis.call('LMOVE', KEYS[1], KEYS[2], 'LEFT', 'RIGHT')
  if not item then break end
  table.insert(taken, item)
end
return taken
`

/** KEYS: queue, in work. */
const GIVE_BACK = `while redis.call('LMOVE', KEYS[2], KEYS[1], 'RIGHT', 'LEFT') do end`

/**
 * A list of JSON that others push to, and beside it a list of what this instance has in work. Work ends in the transaction that also
 * holds what it led to, so it is done once whatever crashes: what is in work when this instance takes again goes first.
 */
export class WorkQueue<Item> {
  /** Deleting it ends the work. */
  readonly inWork: string
  readonly #redis: Redis
  readonly #key: string

  constructor(redis: Redis, key: string, instance: string) {
    this.#redis = redis
    this.#key = key
    this.inWork = `${key}:in-work:${instance}`
  }

  /** Up to `limit` items, oldest first, which are then in work. */
  async take(limit: number): Promise<readonly Item[]> {
    const taken = (await this.#redis.eval(TAKE, 2, this.#key, this.inWork, limit)) as string[]
    return taken.map((json) => JSON.parse(json) as Item)
  }

  /** Begins the transaction that ends the work. */
  finish(): ChainableCommander {
    return this.#redis.multi().del(this.inWork)
  }

  /** What is in work becomes the head of the queue again. */
  async giveBack(): Promise<void> {
    await this.#redis.eval(GIVE_BACK, 2, this.#key, this.inWork)
  }

  /** Takes up to `limit` items and does `work`, which ends them; if it rejects they go back. False if there was nothing to do. */
  async work(limit: number, work: (items: readonly Item[]) => Promise<void>): Promise<boolean> {
    const items = await this.take(limit)
    if (items.length === 0) return false
    try {
      await work(items)
    } catch (error) {
      await this.giveBack()
      throw error
    }
    return true
  }
}
