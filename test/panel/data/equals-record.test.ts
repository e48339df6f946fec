/** What the panel shows equals the record: whoever applies its events sees what is in Redis, whatever has happened there. */
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../../examples/valkey/start-valkey.ts'
import { systemClock } from '../../../src/clock.ts'
import { applyChange } from '../../../src/panel/data/changes.ts'
import { LiveFeed } from '../../../src/panel/data/live-feed.ts'
import type { Change, Now, Transition } from '../../../src/panel/protocol.ts'
import { HealthSubscriber } from '../../../src/subscribe/health-subscriber.ts'
import { serviceStatus } from '../../../src/subscribe/service-status.ts'
import { readSnapshot } from '../../../src/subscribe/snapshot.ts'
import { shardNames } from '../../../src/wire/names.ts'
import { randomOf } from '../../../src/simulate/random.ts'
import { RedisRecord } from '../../subscribe/record.ts'

const MOMENTS = 200
/** Waited for at each moment, on a machine that is busy; most take some ten milliseconds. */
const LONGEST_MS = 20_000
const names = shardNames()

let valkey: EmbeddedValkey
let redis: Redis
beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
})
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
})

/** Lines, one for each service and alert. */
async function inTheRecord(): Promise<readonly string[]> {
  const view = await readSnapshot(redis)
  const services = view.services.map((service) => {
    const { status, otherReasons, live, missing, alerts } = serviceStatus(service, view.alerts)
    return [service.service, status, otherReasons.slice(0, 3), live.length, missing.length, alerts.length]
  })
  const alerts = view.alerts.map(({ alert_id: id, rev, state, severity, message }) => [id, rev, state, severity, message])
  return [...services, ...alerts].map((line) => JSON.stringify(line))
}

function shownIn(now: Now): readonly string[] {
  const services = now.services.map(({ service, status, reasons, live, missing, alerts }) => [
    service,
    status,
    reasons,
    live,
    missing,
    alerts,
  ])
  const alerts = now.alerts.map(({ id, rev, state, severity, message }) => [id, rev, state, severity, message])
  return [...services, ...alerts].map((line) => JSON.stringify(line))
}

function missingFrom(lines: readonly string[], others: readonly string[]): readonly string[] {
  return lines.filter((line) => !others.includes(line))
}

test(
  `at ${MOMENTS} moments of a history with lost connections and a lost memory, and no transition is told twice`,
  { timeout: 240_000 },
  async () => {
    const numbers = randomOf(20_261_130)
    const random = () => numbers.next()
    const some = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!
    let record = new RedisRecord(redis)
    const subscriber = new HealthSubscriber({ connection: { host: '127.0.0.1', port: valkey.port }, viewMs: 10, refreshMs: 300 })
    await subscriber.start()
    const feed = new LiveFeed({ subscriber, clock: systemClock })
    let shown = JSON.parse(feed.latest().json) as Now
    const told: string[] = []
    feed.listen(({ event, json }) => {
      if (event === 'transition') told.push((JSON.parse(json) as Transition).id)
      else shown = applyChange(shown, JSON.parse(json) as Change)
    })

    const step = async (): Promise<unknown> => {
      const service = `service-${Math.floor(random() * 6)}`
      const instance = some(['a', 'b', 'c'])
      const id = `alert-${Math.floor(random() * 8)}`
      const happens = random()
      if (happens < 0.4) return await record.beat({ service, instance, status: some(['healthy', 'degraded', 'unhealthy']) })
      if (happens < 0.45) return await record.beat({ service, instance, phase: 'stopped' })
      // Silent, though nobody says so.
      if (happens < 0.5) return await redis.del(names.status(service, instance))
      if (happens < 0.52) return await redis.multi().zrem(names.services, service).del(names.instances(service)).exec()
      const type = some(['fired', 'escalated', 'deescalated', 'resolved'] as const)
      return await record.tell({
        id,
        type,
        service: `service-${id.at(-1)}`,
        severity: some(['WARNING', 'CRITICAL']),
        message: `${happens}`,
      })
    }

    for (let moment = 1; moment <= MOMENTS; moment++) {
      for (let i = Math.floor(random() * 8); i >= 0; i--) await step()
      if (random() < 0.04) await redis.call('CLIENT', 'KILL', 'TYPE', some(['pubsub', 'normal']), 'SKIPME', 'yes')
      if (moment === 120) {
        await redis.flushall()
        record = new RedisRecord(redis)
        await step()
      }
      // Both anew each time: what is in Redis ends by itself.
      const differing = async () => {
        const [inRedis, onScreen] = [await inTheRecord(), shownIn(shown)]
        return { moment, onlyInRedis: missingFrom(inRedis, onScreen), onlyOnScreen: missingFrom(onScreen, inRedis) }
      }
      await expect.poll(differing, { timeout: LONGEST_MS, interval: 5 }).toEqual({ moment, onlyInRedis: [], onlyOnScreen: [] })
    }
    expect(told.length).toBeGreaterThan(200)
    expect(new Set(told).size).toBe(told.length)
    // The flush took what was told before; what came after it was told, each.
    const stream = await redis.xrange(names.alerts, '-', '+')
    expect(told.slice(-stream.length)).toEqual(stream.map(([streamId]) => streamId))
    feed.stop()
    await subscriber.stop()
  },
)
