/** What bench/scale.ts measures with a thousand services, smaller: that nothing costs more for there being more services, and nobody is overlooked. */
import { setTimeout as passed } from 'node:timers/promises'

import { Redis, type Cluster } from 'ioredis'
import { afterEach, expect, onTestFinished, test } from 'vitest'

import { ScaleProcess } from '../../bench/scale-process.ts'
import { readUse, ratesOf } from '../../bench/scale-redis.ts'
import type { ServicesReport, ToServices } from '../../bench/scale-services.ts'
import { SERVICE_SILENT } from '../../src/catalogue.ts'
import { HealthSubscriber } from '../../src/subscribe/health-subscriber.ts'
import type { AlertMessage } from '../../src/wire/alert-message.ts'
import { allShards, shardOf } from '../../src/wire/names.ts'
import type { RedisTarget } from '../../src/wire/redis-client.ts'
import { RealCluster } from './real-cluster.ts'
import { startRedis } from './real-redis.ts'

const INTERVAL_MS = 1000
/** After the last beat: three intervals, and a second. */
const FOUND_WITHIN_MS = 3 * INTERVAL_MS + 1000
/** Before, whoever has just connected takes nobody for silent. */
const GRACE_MS = 4 * INTERVAL_MS
const soon = { timeout: 20_000, interval: 50 }

const processes: ScaleProcess[] = []
afterEach(() => {
  for (const each of processes.splice(0)) each.kill()
})

/** A process with these services; resolves when they have all beaten. */
async function startServices(target: RedisTarget, services: readonly string[]): Promise<ScaleProcess> {
  const started = await ScaleProcess.start('./scale-services.ts')
  processes.push(started)
  await begin(started, target, services)
  return started
}

async function begin(started: ScaleProcess, target: RedisTarget, services: readonly string[]): Promise<void> {
  const how = { instances: 1, intervalMs: INTERVAL_MS, retentionMs: 86_400_000, spreadMs: INTERVAL_MS }
  await started.ask({ kind: 'begin', target, services, ...how } satisfies ToServices)
}

async function realRedis(): Promise<{ readonly redis: Redis; readonly target: RedisTarget }> {
  const server = await startRedis()
  const redis = new Redis(server.port)
  onTestFinished(async () => {
    redis.disconnect()
    await server.stop()
  })
  return { redis, target: { host: '127.0.0.1', port: server.port } }
}

/** Every transition that is told from now on. */
async function listen(connection: RedisTarget): Promise<{ readonly subscriber: HealthSubscriber; readonly told: readonly AlertMessage[] }> {
  const subscriber = new HealthSubscriber({ connection })
  const told: AlertMessage[] = []
  subscriber.on('message', ({ message }) => void (message.channel === 'alerts' && told.push(message)))
  await subscriber.start()
  onTestFinished(() => subscriber.stop())
  return { subscriber, told }
}

const numbered = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name}-${i}`)
const silentOf = (told: readonly AlertMessage[]) =>
  told
    .filter(({ rule, type }) => rule === SERVICE_SILENT && type === 'fired')
    .map(({ service, timestamp }) => ({ service, at: Date.parse(timestamp) }))

test('one of 300 services falls silent: found in time, and told once though 299 watch', async () => {
  const { redis, target } = await realRedis()
  const { subscriber, told } = await listen(target)
  await Promise.all([startServices(target, numbered('a', 150)), startServices(target, numbered('b', 149))])
  const silent = await startServices(target, ['the-silent-one'])
  await expect.poll(() => subscriber.view.services.length, soon).toBe(300)
  await passed(GRACE_MS)
  silent.kill()
  await expect.poll(() => silentOf(told), soon).toHaveLength(1)
  const [, lastBeat] = await redis.zrevrange('{health}:instances:the-silent-one', 0, 0, 'WITHSCORES')
  const [found] = silentOf(told)
  console.log(`found ${found!.at - Number(lastBeat)} ms after its last beat`)
  expect(found!.service).toBe('the-silent-one')
  expect(found!.at - Number(lastBeat)).toBeLessThan(FOUND_WITHIN_MS)
  // Whoever would be late with it.
  await passed(2000)
  expect(silentOf(told)).toHaveLength(1)
  expect(await redis.zcard('{health}:open')).toBe(1)
})

test('an instance costs no more commands with 200 services than with 50', async () => {
  const { redis, target } = await realRedis()
  const services = await startServices(target, numbered('a', 50))
  const perInstance = async (instances: number) => {
    const before = await readUse(redis)
    await passed(4 * INTERVAL_MS)
    return ratesOf(before, await readUse(redis)).commands / instances
  }
  // All watch.
  await passed(GRACE_MS)
  const few = await perInstance(50)
  await begin(services, target, numbered('b', 150))
  await passed(GRACE_MS)
  const many = await perInstance(200)
  console.log(`${few.toFixed(1)} commands a second and instance of 50, ${many.toFixed(1)} of 200`)
  expect(many / few).toBeLessThan(1.2)
  expect(await services.ask<ServicesReport>({ kind: 'report' })).toMatchObject({ instances: 200, failed: 0 })
})

test('on a cluster with four shards services are spread over them, each alert is heard, and the silent one of each shard is found', async () => {
  const SHARDS = 4
  const cluster = await RealCluster.start()
  onTestFinished(() => cluster.end())
  const reader: Cluster = cluster.client()
  onTestFinished(() => reader.disconnect())
  const target = { host: '127.0.0.1', port: cluster.ports[0]!, clusterMode: true, shards: SHARDS }
  const { subscriber, told } = await listen(target)
  const shardIndex = (service: string) => shardOf(service, SHARDS).shard
  // Of the last shard nobody lives but the one who falls silent.
  const living = numbered('living', 40).filter((service) => shardIndex(service) < SHARDS - 1)
  const silent = Array.from({ length: SHARDS }, (_, shard) => numbered('silent', 100).find((service) => shardIndex(service) === shard)!)
  const livingOnes = await startServices(target, living)
  const silentOnes = await startServices(target, silent)
  await expect.poll(() => subscriber.view.services.map(({ service }) => service), soon).toEqual([...living, ...silent].toSorted())
  for (const { shard, services } of allShards(SHARDS)) {
    const there = await reader.zrange(services, '0', '-1')
    expect(there.toSorted()).toEqual([...living, ...silent].filter((service) => shardIndex(service) === shard).toSorted())
    expect(there.length).toBeGreaterThan(0)
  }

  livingOnes.tell({ kind: 'rates', changes: 40, bare: 0, bareLength: 0 } satisfies ToServices)
  await passed(5000)
  livingOnes.tell({ kind: 'rates', changes: 0, bare: 0, bareLength: 0 } satisfies ToServices)
  const { changes } = await livingOnes.ask<ServicesReport>({ kind: 'report' })
  await expect.poll(() => told.length, soon).toBe(changes)
  for (const { shard } of allShards(SHARDS - 1)) {
    const seqs = told.filter(({ service }) => shardIndex(service) === shard).map(({ seq }) => seq)
    expect(seqs).toEqual(Array.from(seqs, (_, i) => i + 1))
    expect(seqs.length).toBeGreaterThan(changes / SHARDS / 2)
  }

  await passed(GRACE_MS)
  silentOnes.kill()
  await expect
    .poll(
      () =>
        silentOf(told)
          .map(({ service }) => service)
          .toSorted(),
      soon,
    )
    .toEqual(silent.toSorted())
  for (const { service, at } of silentOf(told)) {
    const [, lastBeat] = await reader.zrevrange(shardOf(service, SHARDS).instances(service), 0, 0, 'WITHSCORES')
    console.log(`${service} of shard ${shardIndex(service)} found ${at - Number(lastBeat)} ms after its last beat`)
    expect(at - Number(lastBeat)).toBeLessThan(FOUND_WITHIN_MS)
  }
})
