import { systemClock } from '../../src/clock.ts'
import { createReader, type RedisTarget } from '../../src/wire/redis-client.ts'
import { follow } from '../../src/subscribe/follow.ts'
import type { HealthMessage } from '../../src/wire/message.ts'

const TIMEOUT_MS = 2000

/** Rejects with the reason if no Redis answers. */
export async function pingRedis(target: RedisTarget): Promise<void> {
  const client = await createReader(target, { timeoutMs: TIMEOUT_MS, reconnect: false })
  let reason: Error | undefined
  client.on('error', (error: Error) => (reason ??= error))
  try {
    await client.connect()
    await client.ping()
  } catch (error) {
    throw reason ?? error
  } finally {
    client.disconnect()
  }
}

export interface Listener {
  readonly onMessage: (message: HealthMessage) => void
  readonly onConnection: (isUp: boolean) => void
}

/** Hears what is said of one service from now on, over lost connections too. */
export async function hearChannels(target: RedisTarget, service: string, { onMessage, onConnection }: Listener): Promise<void> {
  const [client, subscriber] = await Promise.all([
    createReader(target, { timeoutMs: TIMEOUT_MS, reconnect: true }),
    createReader(target, { timeoutMs: TIMEOUT_MS, reconnect: true }),
  ])
  for (const reader of [client, subscriber]) reader.on('error', () => {})
  await Promise.all([client.connect(), subscriber.connect()])
  await follow({
    client,
    subscriber,
    clock: systemClock,
    onMessage: (message) => {
      if (message.service === service) onMessage(message)
    },
  })
  subscriber.on('close', () => onConnection(false))
  subscriber.on('ready', () => onConnection(true))
}
