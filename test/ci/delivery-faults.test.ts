/**
 * Whatever is killed or forgotten, and whenever: afterwards what is open is what is true, and what was told is told once. How often:
 * OTEL_HEALTH_TEST_FAULTS (1 is all: 200 kills of a publisher, 50 of Redis, 20 lost memories, 20 lost scripts; default 0.25).
 */
import { setTimeout as passed } from 'node:timers/promises'

import { Redis } from 'ioredis'
import { describe, expect, onTestFinished, test } from 'vitest'

import { ServiceChild, startService, type ToChild } from '../support/service-child.ts'
import { toldBy } from '../support/told.ts'
import { KillableRedis } from './killable-redis.ts'
import { startRedis } from './real-redis.ts'

const SHARE = Number(process.env['OTEL_HEALTH_TEST_FAULTS'] ?? 0.25)
const times = (n: number) => Math.ceil(n * SHARE)
const soon = { timeout: 20_000, interval: 40 }
const rules = { anisette_unreachable: { for: 0, keepFiring: 0.3 }, large_queue: { for: 0.5, keepFiring: 0.3 } }

/** `anisette_unreachable`, of one service. */
async function openOf(redis: Redis, service: string): Promise<string[]> {
  const ids = await redis.smembers(`{health}:open:${service}`)
  const documents = await Promise.all(ids.map((id) => redis.hget(`{health}:alert:${id}`, 'doc')))
  return documents.map((document) => (JSON.parse(document!) as { rule: string }).rule).toSorted()
}

/** What was told of a service that cannot be: fired while open, resolved while not. `updated` may begin, after a lost memory. */
async function oddities(redis: Redis, service: string): Promise<string[]> {
  const odd: string[] = []
  const open = new Set<string>()
  for (const { rule, type, seq, service: of } of await toldBy(redis)) {
    // That an alert comes and goes is told of an alert that is open, or of one that is not.
    if (of !== service || type === 'flapping_started' || type === 'flapping_ended') continue
    if (type === 'fired' && open.has(rule)) odd.push(`${seq} ${rule} fired while open`)
    if (type === 'resolved' && !open.has(rule)) odd.push(`${seq} ${rule} resolved while closed`)
    if (type === 'resolved') open.delete(rule)
    else open.add(rule)
  }
  return [...odd, ...Array.from(open, (rule) => `${rule} never resolved`)]
}

describe('a publisher that is killed', () => {
  test(`at ${times(200)} points`, { timeout: 1_200_000 }, async () => {
    const server = await startRedis()
    const redis = new Redis(server.port)
    onTestFinished(async () => {
      redis.disconnect()
      await server.stop()
    })
    const problems: string[] = []
    let next = 0
    const lane = async () => {
      for (let run = next++; run < times(200); run = next++) {
        const serviceName = `k${run}`
        const options = { redisPort: server.port, serviceName, instance: 'A', rules }
        const child = new ServiceChild(options)
        await child.started
        const state: ToChild = { anisette: 'reachable', due: 0 }
        const now = { ...state }
        const acts: readonly (readonly [number, ToChild])[] = [
          [0, { anisette: 'unreachable' }],
          [250, { anisette: 'reachable' }],
          [300, { due: 60_000 }],
          [550, { anisette: 'unreachable' }],
        ]
        // Anywhere, or in the very milliseconds in which something is on its way.
        const at = Math.random() < 0.5 ? Math.random() * 1100 : [0, 250, 550][run % 3]! + Math.random() * 6
        const begin = performance.now()
        for (const [ms, act] of acts) {
          if (ms > at) break
          await passed(Math.max(begin + ms - performance.now(), 0))
          Object.assign(now, act)
          child.tell(act)
        }
        await passed(Math.max(begin + at - performance.now(), 0))
        await child.kill()
        const again = new ServiceChild({ ...options, instance: run % 2 === 0 ? 'A' : 'A2' }, now.anisette)
        await again.started
        again.tell({ due: now.due! })
        const truth = [...(now.anisette === 'unreachable' ? ['anisette_unreachable'] : []), ...(now.due! > 0 ? ['large_queue'] : [])]
        const settled = async (wanted: readonly string[]) => {
          try {
            await expect.poll(() => openOf(redis, serviceName), soon).toEqual(wanted)
          } catch {
            problems.push(
              `${serviceName}, killed at ${at.toFixed(1)}: open ${String(await openOf(redis, serviceName))}, true ${String(wanted)}`,
            )
          }
        }
        await settled(truth)
        again.tell({ anisette: 'reachable', due: 0 })
        await settled([])
        await again.kill()
        problems.push(...(await oddities(redis, serviceName)).map((odd) => `${serviceName}, killed at ${at.toFixed(1)}: ${odd}`))
      }
    }
    await Promise.all(Array.from({ length: 5 }, lane))
    expect(problems).toEqual([])
  })
})

describe('a Redis that is killed and keeps what it wrote down', () => {
  test(`${times(50)} times`, { timeout: 1_200_000 }, async () => {
    const server = await KillableRedis.start(['--appendonly', 'yes', '--appendfsync', 'always'])
    const redis = server.client()
    onTestFinished(async () => {
      redis.disconnect()
      await server.end()
    })
    const services = ['a', 'b', 'c']
    const children = await Promise.all(
      services.map((serviceName) => startService({ redisPort: server.port, serviceName, instance: 'i', rules })),
    )
    let condition: 'reachable' | 'unreachable' = 'reachable'
    for (let run = 0; run < times(50); run++) {
      for (let i = 0; i < 5; i++) {
        condition = condition === 'reachable' ? 'unreachable' : 'reachable'
        for (const child of children) child.tell({ anisette: condition })
        await passed(Math.random() * 120)
      }
      await server.kill()
      await passed(Math.random() * 400)
      await server.start()
      const wanted = condition === 'unreachable' ? ['anisette_unreachable'] : []
      for (const service of services) await expect.poll(() => openOf(redis, service), soon).toEqual(wanted)
    }
    for (const child of children) child.tell({ anisette: 'reachable' })
    for (const service of services) {
      await expect.poll(() => openOf(redis, service), soon).toEqual([])
      expect(await oddities(redis, service)).toEqual([])
    }
  })
})

describe('a Redis that forgets', () => {
  test(`${times(20)} times everything, ${times(20)} times its scripts, while alerts come and go`, { timeout: 600_000 }, async () => {
    const server = await startRedis()
    const redis = new Redis(server.port)
    onTestFinished(async () => {
      redis.disconnect()
      await server.stop()
    })
    const [firing, flapping] = await Promise.all(
      ['firing', 'flapping'].map((serviceName) => startService({ redisPort: server.port, serviceName, instance: 'i', rules })),
    )
    firing!.tell({ anisette: 'unreachable' })
    await expect.poll(() => openOf(redis, 'firing'), soon).toEqual(['anisette_unreachable'])
    let condition: 'reachable' | 'unreachable' = 'reachable'
    for (let run = 0; run < 2 * times(20); run++) {
      condition = condition === 'reachable' ? 'unreachable' : 'reachable'
      flapping!.tell({ anisette: condition })
      await passed(Math.random() * 300)
      await (run % 2 === 0 ? redis.flushall() : redis.script('FLUSH'))
      await expect.poll(() => openOf(redis, 'firing'), soon).toEqual(['anisette_unreachable'])
      await expect.poll(() => openOf(redis, 'flapping'), soon).toEqual(condition === 'unreachable' ? ['anisette_unreachable'] : [])
    }
    const told = (await toldBy(redis)).filter(({ service }) => service === 'firing')
    expect(told.map(({ type, cause }) => `${type} ${cause}`)).toEqual(['updated memory_lost'])
  })
})
