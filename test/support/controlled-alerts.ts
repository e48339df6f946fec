/** A health Redis with alerts that people do something about: what instances say, what is told, and a clock that can be put forward. */
import { Redis } from 'ioredis'

import { startValkey } from '../../examples/valkey/start-valkey.ts'
import { shardNames, type ShardNames } from '../../src/wire/names.ts'
import { lookAfterOverlay } from '../../src/wire/overlay-looks.ts'
import { createPublisher, type PublisherClient } from '../../src/wire/redis-client.ts'
import { toMs } from '../../src/wire/scripts/time.ts'
import { passes } from '../wire/scripts/held-overlay.ts'
import { sayAlert, type Said, type ToldMessage } from './said-alert.ts'

export interface ControlledAlerts {
  readonly redis: Redis
  readonly client: PublisherClient
  /** What an instance says of an alert; left out: `low_success_rate` of mailer, `a1`, fires. */
  say(said?: Said, of?: ShardNames): Promise<unknown>
  /** Every message of the stream: `a1 fired quietly by ada`. */
  told(of?: ShardNames): Promise<string[]>
  /** So much time passes for the alerts `a1` and `a2`, and a watcher does what is due then. Milliseconds. */
  time(ms: number, of?: ShardNames): Promise<void>
  stop(): Promise<void>
}

export async function startControlledAlerts(): Promise<ControlledAlerts> {
  const valkey = await startValkey()
  const redis = new Redis(valkey.port)
  const { client } = await createPublisher({ host: '127.0.0.1', port: valkey.port }, 5000)
  await client.connect()
  const one = shardNames()
  return {
    redis,
    client,
    say: (said, of = one) => sayAlert(client, of, said),
    async told(of = one) {
      const entries = await redis.xrange(of.alerts, '-', '+')
      return entries.map(([, fields]) => {
        const { alert_id: id, type, deliver, actor } = JSON.parse(fields[1]!) as ToldMessage
        return [id, type, ...(deliver ? [] : ['quietly']), ...(actor === null ? [] : [`by ${actor}`])].join(' ')
      })
    },
    async time(ms, of = one) {
      await passes(redis, of, ['a1', 'a2'], ms)
      const now = toMs(await client.healthTime(of.meta))
      for (const member of await redis.zrangebyscore(of.overlayDue, '-inf', now))
        await lookAfterOverlay(client, { names: of, retentionMs: 86_400_000, epochs: 'e' }, member, now)
    },
    async stop() {
      client.disconnect()
      redis.disconnect()
      await valkey.stop()
    },
  }
}
