/** HealthSubscriber where the network is bad and somebody lies. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eachOnce, weather } from '../subscribe/storm.ts'
import { startRedis, type RealRedis } from './real-redis.ts'

let redis: RealRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(async () => {
  await redis.stop()
})

test.for([
  { where: 'in one shard', shards: 1, seed: 11 },
  { where: 'in four', shards: 4, seed: 12 },
])(
  '10,000 transitions $where, cut at 1 % of them, 1,000 forged ones between: each is told once, in order, and the end is that of the record',
  async ({ shards, seed }) => {
    const outcome = await weather({ port: redis.port, transitions: 10_000, cutShare: 0.01, forged: 1000, seed, shards })
    expect(outcome.written.filter((count) => count > 0)).toHaveLength(shards)
    expect(outcome.told).toEqual(eachOnce(outcome.written))
    expect(outcome.open).toEqual(outcome.openInRecord)
    expect(outcome).toMatchObject({ forgedTold: 0, gaps: 0, epochs: 0 })
    expect(outcome.reconnects).toBeGreaterThan(20)
  },
)
