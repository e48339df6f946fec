/** What is kept in Redis, in bytes, and until when. The figures of docs/scale.md; bars are a little above what was measured. */
import { randomUUID } from 'node:crypto'

import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { minutesOfAFetcher } from '../../bench/scale-minutes.ts'
import { systemClock } from '../../src/clock.ts'
import { historyEntry, increaseOf } from '../../src/publish/history.ts'
import { RedisExporter } from '../../src/publish/redis-exporter.ts'
import type { Snapshot } from '../../src/types.ts'
import { alertId } from '../../src/wire/alert-id.ts'
import { shardNames } from '../../src/wire/names.ts'
import { createPublisher, type Publisher } from '../../src/wire/redis-client.ts'
import { VirtualClock } from '../support/virtual-clock.ts'
import { snapshotOf, transitionOf } from '../wire/fixtures.ts'
import { startRedis, type RealRedis } from './real-redis.ts'

const names = shardNames()
const SERVICE = 'tracker_fetcher'
const RETENTION_MS = 2000
const soon = { timeout: 10_000, interval: 10 }

let server: RealRedis
let redis: Redis
const exporters: RedisExporter[] = []

beforeAll(async () => {
  server = await startRedis()
  redis = new Redis(server.port)
})
beforeEach(() => redis.flushall())
afterEach(() => Promise.all(exporters.splice(0).map((exporter) => exporter.stop(snapshotOf({ phase: 'stopped' }), 500))), 10_000)
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

function exporterOf(change: { service?: string; instance?: string; retentionMs?: number; clock?: VirtualClock } = {}): RedisExporter {
  const exporter = new RedisExporter({
    target: { host: '127.0.0.1', port: server.port },
    clock: systemClock,
    service: SERVICE,
    instance: randomUUID(),
    // So long that nothing else is asked meanwhile.
    publishingIntervalMs: 3_600_000,
    retentionMs: 86_400_000,
    ...change,
  })
  exporters.push(exporter)
  return exporter
}

const bytesOf = async (key: string): Promise<number> => Number(await redis.call('MEMORY', 'USAGE', key, 'SAMPLES', '0'))

/** Prints it, so that a run says how much is left below the bar. */
function measured(what: string, figure: number): number {
  console.log(`${what}: ${figure.toFixed(figure < 10 ? 2 : 0)}`)
  return figure
}

describe('bytes', () => {
  test('of the history of a service with three instances', async () => {
    const HOURS = 4
    const instances = await Promise.all([1, 2, 3].map((seed) => minutesOfAFetcher(HOURS * 60, seed)))
    const ids = instances.map(() => randomUUID())
    const history = names.history(SERVICE)
    const commands = redis.pipeline()
    for (let minute = 1; minute < HOURS * 60; minute++) {
      for (const [i, minutes] of instances.entries()) {
        const { metrics: gauges, totals, instanceStatus: status } = minutes[minute]!
        const { fields } = historyEntry({ instance: ids[i]!, status, counts: increaseOf(totals, minutes[minute - 1]!.totals), gauges })
        commands.xadd(history, `${1_795_341_600_000 + minute * 60_000 + i * 20_000 + (minute % 7)}-0`, ...fields)
      }
    }
    await commands.exec()
    const perEntry = (await bytesOf(history)) / (await redis.xlen(history))
    expect(measured('bytes of an instance and minute', perEntry)).toBeLessThanOrEqual(320)
    expect(measured('megabytes of a service with three instances and a day', (perEntry * 3 * 1440) / 1e6)).toBeLessThanOrEqual(1.38)
  })

  test.for([
    { instances: 1, open: 2000, resolved: 1800, transition: 1000 },
    { instances: 3, open: 3450, resolved: 3300, transition: 1200 },
  ])('of an alert that is found by $instances', async ({ instances, ...most }) => {
    const ALERTS = 200
    const all = Array.from({ length: instances }, () => exporterOf())
    await Promise.all(all.map((exporter) => exporter.load(1000)))
    const before = await bytesOfAll()
    const say = async (type: 'fired' | 'resolved') => {
      for (const exporter of all) {
        for (let i = 0; i < ALERTS; i++)
          exporter.transition(transitionOf(type, { id: alertId(`rule_${i}`, SERVICE), rule: `rule_${i}`, since: Date.now() }))
        await expect.poll(() => exporter.stats.published, soon).toBe(ALERTS * (type === 'fired' ? 1 : 2))
      }
    }
    await say('fired')
    expect(await redis.zcard(names.open)).toBe(ALERTS)
    expect(measured(`bytes of an open alert, found by ${instances}`, ((await bytesOfAll()) - before) / ALERTS)).toBeLessThanOrEqual(
      most.open,
    )
    await say('resolved')
    expect(await redis.zcard(names.open)).toBe(0)
    expect(measured(`bytes of an alert that is over, found by ${instances}`, ((await bytesOfAll()) - before) / ALERTS)).toBeLessThanOrEqual(
      most.resolved,
    )
    expect(await redis.xlen(names.alerts)).toBe(2 * ALERTS)
    expect(measured(`bytes of a transition, found by ${instances}`, (await bytesOf(names.alerts)) / (2 * ALERTS))).toBeLessThanOrEqual(
      most.transition,
    )
  })

  test('of an instance that is alive, and of what its status says of its rules', async () => {
    const [snapshot] = await minutesOfAFetcher(1, 1)
    const INSTANCES = 30
    const perInstance = async (said: Partial<Snapshot>): Promise<number> => {
      await redis.flushall()
      const before = await bytesOfAll()
      for (let i = 0; i < INSTANCES; i++) {
        const [instance, service] = [randomUUID(), `service-${Math.floor(i / 3)}`]
        const exporter = exporterOf({ service, instance })
        await exporter.load(1000)
        exporter.status({ ...snapshot!, ...said, service, instance })
        await expect.poll(() => exporter.stats.published, soon).toBe(1)
      }
      return ((await bytesOfAll()) - before) / INSTANCES
    }
    const bare = await perInstance({ verdicts: [] })
    expect(measured('bytes of an instance that is alive, but for its rules', bare)).toBeLessThanOrEqual(1200)
    const whole = await perInstance({})
    expect(snapshot!.verdicts).toHaveLength(9)
    expect(measured('bytes that its nine rules take', whole - bare)).toBeLessThanOrEqual(1200)
  })

  /** Of everything but the stream of transitions. */
  async function bytesOfAll(): Promise<number> {
    const keys = (await redis.keys('*')).filter((key) => key !== names.alerts)
    return (await Promise.all(keys.map(bytesOf))).reduce((sum, bytes) => sum + bytes, 0)
  }
})

describe('the retention', () => {
  let publisher: Publisher
  beforeAll(async () => {
    publisher = await createPublisher({ host: '127.0.0.1', port: server.port }, 1000)
    await publisher.client.connect()
  })
  afterAll(() => publisher.client.disconnect())

  const writeMinute = (service: string) =>
    publisher.client.healthHistory(
      ...[names.history(service), names.alerts, names.counted(service), String(RETENTION_MS), 'i', '{"rule":[2,1]}'],
      ...['instance', 'i', 'status', 'healthy'],
    )
  /** Milliseconds that the oldest entry is older than it may be; negative where it may still be kept. */
  const overdue = async (stream: string): Promise<number> => {
    const [entry] = await redis.xrange(stream, '-', '+', 'COUNT', 1)
    return entry ? (await serverNow()) - Number(entry[0].split('-')[0]) - RETENTION_MS : -Infinity
  }
  const serverNow = async (): Promise<number> => {
    const [seconds, micro] = await redis.time()
    return Number(seconds) * 1000 + Math.floor(Number(micro) / 1000)
  }

  test('holds exactly with every minute that anybody writes, for the transitions too, though nothing changes', async () => {
    await publisher.client.xadd(names.alerts, '*', 'd', 'an old one')
    await writeMinute('a')
    await expect.poll(() => overdue(names.alerts), soon).toBeGreaterThan(0)
    await redis.persist(names.history('a'))
    await writeMinute('a')
    expect(await overdue(names.history('a'))).toBeLessThanOrEqual(0)
    expect([await redis.xlen(names.history('a')), await redis.xlen(names.alerts)]).toEqual([1, 0])
  })

  test('holds for a service that goes on for three retentions: never is an entry older than the retention and the time between two writes', async () => {
    const begin = performance.now()
    let worst = -Infinity
    while (performance.now() - begin < 3 * RETENTION_MS) {
      await writeMinute('a')
      await publisher.client.xadd(names.alerts, '*', 'd', 'one')
      worst = Math.max(worst, await overdue(names.history('a')), await overdue(names.alerts))
    }
    // One write of each stream has come between.
    expect(worst).toBeLessThan(500)
    expect(await redis.xlen(names.history('a'))).toBeGreaterThan(10)
  })

  test('is a retention after the last write where nobody is alive: then all of it is gone, by itself', async () => {
    const clock = new VirtualClock()
    const exporter = exporterOf({ clock, retentionMs: RETENTION_MS })
    await exporter.load(1000)
    exporter.transition(transitionOf('fired'))
    // The clock must not run while an answer is awaited, or the server would seem frozen.
    await expect.poll(() => exporter.stats.published, soon).toBe(1)
    clock.advance(60_000)
    exporter.status(snapshotOf())
    await expect.poll(() => exporter.stats.published, soon).toBe(3)
    const wroteAt = await serverNow()
    expect(await redis.exists(names.alerts, names.history(SERVICE))).toBe(2)
    await expect.poll(() => redis.exists(names.alerts, names.history(SERVICE)), soon).toBe(0)
    const after = (await serverNow()) - wroteAt
    expect(after).toBeLessThan(RETENTION_MS + 200)
  })

  test.for([
    { key: 'status', left: 3 * 30_000, of: (service: string) => names.status(service, 'i') },
    { key: 'history', left: 86_400_000, of: (service: string) => names.history(service) },
    { key: 'alert that is over', left: 30 * 86_400_000, of: () => names.alert('a1') },
    { key: 'entries of its instances', left: 90 * 86_400_000, of: () => names.entries('a1') },
  ])('ends the $key by itself', async ({ left, of }) => {
    const clock = new VirtualClock()
    const exporter = new RedisExporter({
      target: { host: '127.0.0.1', port: server.port },
      clock,
      service: SERVICE,
      instance: 'i',
      publishingIntervalMs: 30_000,
      retentionMs: 86_400_000,
    })
    exporters.push(exporter)
    await exporter.load(1000)
    const snapshot: Snapshot = snapshotOf({ instance: 'i' })
    exporter.transition(transitionOf('fired'))
    await expect.poll(() => exporter.stats.published, soon).toBe(1)
    exporter.transition(transitionOf('resolved'))
    await expect.poll(() => exporter.stats.published, soon).toBe(2)
    clock.advance(9000)
    exporter.status(snapshot)
    await exporter.stop(snapshot, 1000)
    const ttl = await redis.pttl(of(SERVICE))
    expect(ttl).toBeGreaterThan(left - 5000)
    expect(ttl).toBeLessThanOrEqual(left)
  })
})
