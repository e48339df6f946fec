/** A hundred relays are killed on a real Redis; a receiver that knows ids has had each transition once, in order for each alert. */
import { Redis } from 'ioredis'
import { expect, test, vi } from 'vitest'
import { startReceiver } from '../relay/receiver.ts'
import { killWhileWriting, seeded } from '../relay/relay-kills.ts'
import { RelayProcesses } from '../relay/relay-processes.ts'
import { startRedis } from './real-redis.ts'

test('each transition is received once under 100 kills of the relay that passes on', async () => {
  const server = await startRedis()
  const redis = new Redis(server.port)
  const receiver = await startReceiver()
  const random = seeded(Number(process.env['OTEL_HEALTH_TEST_SEED'] ?? 1))
  receiver.answer = () => ({ status: random() < 0.05 ? 503 : 200 })
  const relays = new RelayProcesses(server.port, [{ type: 'webhook', name: 'hook', url: receiver.url }])
  try {
    relays.start()
    relays.start()
    await vi.waitUntil(async () => (await redis.exists('{health}:relay:hook')) === 1, { timeout: 20_000, interval: 20 })
    const outcome = await killWhileWriting({ redis, relays, receiver, target: 'hook', kills: 100, alerts: 25, patienceMs: 60_000, random })
    expect(relays.kills).toBe(100)
    console.log(
      `${outcome.written} transitions, ${relays.kills} kills: ${outcome.requests} requests, ${outcome.twice} taken twice and known by their id`,
    )
  } finally {
    await relays.stop()
    await receiver.close()
    redis.disconnect()
    await server.stop()
  }
})
