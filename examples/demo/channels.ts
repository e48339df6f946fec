import { createReader, type RedisTarget } from '../../src/wire/redis-client.ts'
import { HealthSubscriber } from '../../src/subscribe/health-subscriber.ts'
import type { HealthView } from '../../src/subscribe/health-view.ts'
import type { HealthMessage } from '../../src/wire/message.ts'

const TIMEOUT_MS = 2000
/** An alert that is over and the status that no longer speaks of it come one after the other: what is known in between is of no use. */
const TOGETHER_MS = 200

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
  /** Soon after every change of what is known of all services. */
  readonly onView?: (view: HealthView) => void
  readonly onConnection: (isUp: boolean) => void
}

/** Hears what is said of all services from now on, over lost connections too. */
export async function hearChannels(target: RedisTarget, { onMessage, onView, onConnection }: Listener): Promise<void> {
  const subscriber = new HealthSubscriber({ connection: target, timeoutMs: TIMEOUT_MS })
  subscriber.on('message', ({ message }) => onMessage(message))
  let waiting = false
  subscriber.on('view', () => {
    if (waiting || !onView) return
    waiting = true
    setTimeout(() => {
      waiting = false
      onView(subscriber.view)
    }, TOGETHER_MS)
  })
  await subscriber.start()
  subscriber.on('connection', ({ connection }) => onConnection(connection.state === 'connected'))
}
