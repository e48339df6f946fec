/** A service starts again while its Redis is slow or gone: what the process before it told goes on, and is told neither to be over nor anew. */
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { startService } from '../support/service-child.ts'
import { startSlowProxy, type SlowProxy } from '../support/slow-proxy.ts'
import { openIn, typesOf } from '../support/told.ts'

let valkey: EmbeddedValkey
let redis: Redis
const cleanups: (() => void)[] = []

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
})
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
})

const RULE = 'anisette_unreachable'
const DOWN_MS = 5000
const soon = { timeout: 40_000, interval: 50 }
const told = () => typesOf(redis, RULE)

async function proxied(port?: number): Promise<SlowProxy> {
  const proxy = await startSlowProxy(valkey.port, port)
  cleanups.push(() => proxy.stop())
  return proxy
}

/** Each way, or it is down for a while. */
type Trouble = number | 'down'

function begin(trouble: Trouble, proxy: SlowProxy): void {
  if (trouble !== 'down') return void (proxy.delayMs = trouble)
  proxy.stop()
  const timer = setTimeout(() => void proxied(proxy.port), DOWN_MS)
  cleanups.push(() => clearTimeout(timer))
}

/** An instance told of an alert and was killed; another process of its name, which fires after `forSeconds`, takes its place meanwhile. */
async function restarted(trouble: Trouble, forSeconds: number, anisette: 'reachable' | 'unreachable') {
  await redis.flushall()
  const proxy = await proxied()
  const service = (seconds: number) =>
    ({ redisPort: proxy.port, instance: 'A', publishingInterval: 1, rules: { [RULE]: { for: seconds, keepFiring: 0.3 } } }) as const
  const before = await startService(service(0), 'unreachable')
  await expect.poll(() => openIn(redis), soon).toEqual([`${RULE} firing`])
  await before.kill()
  begin(trouble, proxy)
  return startService(service(forSeconds), anisette)
}

const SOME = [
  { redisIs: '1.5 s away', trouble: 750 },
  { redisIs: 'down for 5 s', trouble: 'down' },
] as const

test.for([...SOME, { redisIs: '3 s away', trouble: 1500 }] as const)(
  'Redis is $redisIs: a breach that goes on is told once, and once to be over',
  { timeout: 90_000 },
  async ({ trouble }) => {
    const service = await restarted(trouble, 60, 'unreachable')
    // Of itself it finds nothing that it would tell of, and this twice.
    service.tell({ anisette: 'reachable' })
    service.tell({ anisette: 'unreachable' })
    await expect.poll(() => service.ask().then(({ alerts }) => alerts), soon).toEqual([`${RULE} firing`])
    expect(await told()).toEqual(['fired'])
    service.tell({ anisette: 'reachable' })
    await expect.poll(told, soon).toEqual(['fired', 'resolved'])
    await service.stop()
    expect(await told()).toEqual(['fired', 'resolved'])
  },
)

test.for(SOME)('Redis is $redisIs: one that is found anew is told no second time', { timeout: 90_000 }, async ({ trouble }) => {
  const service = await restarted(trouble, 0, 'unreachable')
  const beat = () => redis.zscore('{health}:instances:svc', 'A')
  const last = await beat()
  await expect.poll(beat, soon).not.toBe(last)
  service.tell({ anisette: 'reachable' })
  await expect.poll(told, soon).toEqual(['fired', 'resolved'])
  await service.stop()
  expect(await told()).toEqual(['fired', 'resolved'])
})

test.for(SOME)('Redis is $redisIs: a breach that is over is told to be over once', { timeout: 90_000 }, async ({ trouble }) => {
  const service = await restarted(trouble, 0, 'reachable')
  await expect.poll(told, soon).toEqual(['fired', 'resolved'])
  await service.stop()
  expect(await told()).toEqual(['fired', 'resolved'])
})
