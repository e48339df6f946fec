import { Redis } from 'ioredis'

import type { AlertMessage } from '../../src/wire/alert-message.ts'
import { parseMessage, type HealthMessage } from '../../src/wire/message.ts'
import type { MetricsMessage } from '../../src/wire/metrics-message.ts'
import type { StatusMessage } from '../../src/wire/status-message.ts'

/** All that is said on the health channels, as any reader understands it. */
export class HealthMessages {
  readonly #redis: Redis
  readonly #heard: HealthMessage[] = []
  /** Channel and text of what no reader would take. */
  readonly refused: string[] = []
  #wake = Promise.withResolvers<void>()

  private constructor(redis: Redis) {
    this.#redis = redis
    redis.on('pmessage', (_pattern: string, channel: string, text: string) => {
      const message = parseMessage(channel, text)
      if (message) this.#heard.push(message)
      else this.refused.push(`${channel} ${text}`)
      this.#wake.resolve()
      this.#wake = Promise.withResolvers()
    })
  }

  static async on(port: number): Promise<HealthMessages> {
    const redis = new Redis({ host: '127.0.0.1', port, protocol: 2 })
    await redis.psubscribe('health:*')
    return new HealthMessages(redis)
  }

  /** The first status of the service, of those that came and will come, that is as wanted. */
  status(service: string, isWanted: (message: StatusMessage) => boolean): Promise<StatusMessage> {
    return this.#first(
      (message) => message.channel === 'status' && message.service === service && isWanted(message),
    ) as Promise<StatusMessage>
  }

  metrics(service: string, isWanted: (message: MetricsMessage) => boolean): Promise<MetricsMessage> {
    return this.#first(
      (message) => message.channel === 'metrics' && message.service === service && isWanted(message),
    ) as Promise<MetricsMessage>
  }

  alert(service: string, isWanted: (message: AlertMessage) => boolean): Promise<AlertMessage> {
    return this.#first(
      (message) => message.channel === 'alerts' && message.service === service && isWanted(message),
    ) as Promise<AlertMessage>
  }

  /** All that was told of its alerts until now, in order. */
  alertsOf(service: string): readonly AlertMessage[] {
    return this.#heard.filter((message): message is AlertMessage => message.channel === 'alerts' && message.service === service)
  }

  /** The last of each kind that the service said, for a message about what did not come. */
  last(service: string): string {
    const own = this.#heard.filter((message) => message.service === service)
    return (['status', 'metrics', 'alerts'] as const)
      .map((channel) => JSON.stringify(own.findLast((message) => message.channel === channel) ?? `no ${channel} of ${service}`, null, 1))
      .join('\n')
  }

  close(): void {
    this.#redis.disconnect()
  }

  async #first(isWanted: (message: HealthMessage) => boolean): Promise<HealthMessage> {
    for (let index = 0; ;) {
      for (; index < this.#heard.length; index++) if (isWanted(this.#heard[index]!)) return this.#heard[index]!
      await this.#wake.promise
    }
  }
}
