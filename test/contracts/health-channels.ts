import { Redis } from 'ioredis'

export interface HeardMessage {
  readonly channel: string
  readonly body: Record<string, unknown>
  readonly text: string
}

/** Hears every health channel; `take` waits for messages and returns them in the order in which they came. */
export class HealthChannels {
  readonly #redis: Redis
  readonly #heard: HeardMessage[] = []
  #wake = Promise.withResolvers<void>()

  private constructor(redis: Redis) {
    this.#redis = redis
    redis.on('pmessage', (_pattern: string, channel: string, text: string) => {
      this.#heard.push({ channel, body: JSON.parse(text) as Record<string, unknown>, text })
      this.#wake.resolve()
      this.#wake = Promise.withResolvers()
    })
    redis.on('error', () => {})
  }

  static async of(port: number, host = '127.0.0.1'): Promise<HealthChannels> {
    const redis = new Redis({ host, port, protocol: 2, retryStrategy: () => 20 })
    await redis.psubscribe('health:*')
    return new HealthChannels(redis)
  }

  /** The next `count` messages, of those that `wanted` accepts; the others before them are forgotten. */
  async take(count: number, wanted: (message: HeardMessage) => boolean = () => true): Promise<HeardMessage[]> {
    const taken: HeardMessage[] = []
    while (taken.length < count) {
      const next = this.#heard.shift()
      if (!next) await this.#wake.promise
      else if (wanted(next)) taken.push(next)
    }
    return taken
  }

  close(): void {
    this.#redis.disconnect()
  }
}

export const isAlert = ({ channel }: HeardMessage): boolean => channel === 'health:system:alerts'
export const isStatus = ({ channel }: HeardMessage): boolean => channel.endsWith(':status')
