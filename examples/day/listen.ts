import { Redis } from 'ioredis'
import { parseMessage, type HealthMessage } from '../../src/wire/message.ts'
import { METRICS_CHANNELS, shardNames } from '../../src/wire/names.ts'

/** Hears alerts and metrics as anybody would. */
export async function listen(port: number): Promise<{ onMessage: (message: HealthMessage) => void; close: () => void }> {
  const subscriber = new Redis(port, '127.0.0.1')
  const channels = { onMessage: (() => {}) as (message: HealthMessage) => void, close: () => subscriber.disconnect() }
  const hear = (channel: string, text: string): void => {
    const message = parseMessage(channel, text)
    if (!message) throw new Error(`A message on ${channel} does not keep to the wire format: ${text}`)
    channels.onMessage(message)
  }
  subscriber.on('message', hear)
  subscriber.on('pmessage', (_pattern: string, channel: string, text: string) => hear(channel, text))
  await subscriber.subscribe(shardNames().alertsChannel)
  await subscriber.psubscribe(METRICS_CHANNELS)
  return channels
}
