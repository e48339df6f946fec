import { ALERTS_CHANNEL, metricsChannel, statusChannel } from '../../src/publish/keys.ts'
import { createReader, type RedisTarget } from '../../src/publish/redis-client.ts'
import type { Message } from './messages.ts'

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

/** Hears the channels of one service from now on, over lost connections too. */
export async function hearChannels(
  target: RedisTarget,
  service: string,
  { onMessage, onConnection }: { onMessage: (kind: Message['kind'], json: string) => void; onConnection: (up: boolean) => void },
): Promise<void> {
  const kinds: Readonly<Record<string, Message['kind']>> = {
    [statusChannel(service)]: 'status',
    [metricsChannel(service)]: 'metrics',
    [ALERTS_CHANNEL]: 'alert',
  }
  const client = await createReader(target, { timeoutMs: TIMEOUT_MS, reconnect: true })
  client.on('error', () => {})
  client.on('message', (channel: string, json: string) => {
    const kind = kinds[channel]
    if (kind) onMessage(kind, json)
  })
  await client.connect()
  await client.subscribe(...Object.keys(kinds))
  client.on('close', () => onConnection(false))
  client.on('ready', () => onConnection(true))
}
