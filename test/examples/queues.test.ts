import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { TrackerQueues } from '../../examples/tracker-fetcher/queues.ts'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'

let valkey: EmbeddedValkey
let redis: Redis
let queues: TrackerQueues

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port, '127.0.0.1')
})
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
})
beforeEach(async () => {
  await redis.flushall()
  queues = new TrackerQueues(redis)
})

const hot = (trackerId: string, dueAt: number) => ({ trackerId, tier: 'hot' as const, dueAt })
const cold = (trackerId: string, dueAt: number) => ({ trackerId, tier: 'cold' as const, dueAt })

describe('TrackerQueues', () => {
  test('leases what is due, oldest first, of one tier, up to the limit', async () => {
    await queues.schedule([hot('a', 50), hot('b', 40), hot('c', 60), hot('later', 200), cold('d', 45)])
    expect(await queues.lease(100, 2, 1_000, 'one')).toEqual({ token: 'one', tier: 'hot', trackerIds: ['b', 'a'] })
    expect(await queues.lease(100, 2, 1_000, 'two')).toEqual({ token: 'two', tier: 'cold', trackerIds: ['d'] })
    expect(await queues.lease(100, 2, 1_000, 'three')).toEqual({ token: 'three', tier: 'hot', trackerIds: ['c'] })
    expect(await queues.lease(100, 2, 1_000, 'four')).toEqual({ nextDueAt: 200 })
    expect(await redis.zcard('tracker:queue:leased')).toBe(4)
  })

  test('the tier that has waited longest comes first, so that a busy tier never starves another', async () => {
    await queues.schedule([hot('a', 50), cold('b', 10)])
    expect(await queues.lease(100, 10, 1_000, 'one')).toMatchObject({ tier: 'cold' })
  })

  test('immediate comes first, in order, is no longer scheduled elsewhere, and never leases a tracker twice', async () => {
    await queues.schedule([hot('a', 50), hot('b', 50)])
    await queues.lease(100, 1, 1_000, 'one')
    await queues.refreshNow(['b', 'a', 'new', 'b'])
    expect(await queues.lease(100, 10, 1_000, 'two')).toEqual({ token: 'two', tier: 'immediate', trackerIds: ['b', 'new'] })
    expect(await redis.zcard('tracker:queue:hot')).toBe(0)
  })

  test('a settled tracker is scheduled where it was placed, or nowhere', async () => {
    await queues.schedule([hot('a', 50), hot('b', 50)])
    await queues.lease(100, 10, 1_000, 'one')
    const settled = await queues.settle('one', [
      { trackerId: 'a', tier: 'retry', dueAt: 300 },
      { trackerId: 'b', tier: undefined, dueAt: 0 },
    ])
    expect(settled).toBe(2)
    expect(Number(await redis.zscore('tracker:queue:retry', 'a'))).toBe(300)
    expect(await redis.keys('*')).toEqual(['tracker:queue:retry'])
  })

  test('released trackers are exactly as due as before', async () => {
    await queues.schedule([hot('a', 50)])
    await queues.refreshNow(['x', 'y'])
    for (const trackerIds of [['x', 'y'], ['a']]) {
      const lease = await queues.lease(100, 10, 1_000, 'one')
      expect(lease).toMatchObject({ trackerIds })
      await queues.release(lease as Extract<typeof lease, { token: string }>)
      expect(await queues.lease(100, 10, 1_000, 'two')).toMatchObject({ trackerIds })
    }
  })

  test('an expired lease is reaped: the trackers go where they came from, and the late worker changes nothing', async () => {
    await queues.schedule([hot('a', 50)])
    await queues.refreshNow(['x'])
    await queues.lease(100, 10, 1_000, 'dead')
    await queues.lease(100, 10, 1_000, 'dead too')
    expect(await queues.lease(999, 10, 2_000, 'early')).toEqual({ nextDueAt: Infinity })
    expect(await queues.lease(1_000, 10, 2_000, 'heir')).toMatchObject({ tier: 'immediate', trackerIds: ['x'] })
    expect(await queues.settle('dead', [{ trackerId: 'x', tier: 'cold', dueAt: 5_000 }])).toBe(0)
    expect(await redis.zcard('tracker:queue:cold')).toBe(0)
    expect(await queues.lease(1_000, 10, 2_000, 'heir too')).toMatchObject({ tier: 'hot', trackerIds: ['a'] })
  })
})
