/** HealthSubscriber where the network is bad and somebody lies. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { weather } from '../subscribe/storm.ts'
import { startRedis, type RealRedis } from './real-redis.ts'

let redis: RealRedis
beforeAll(async () => {
  redis = await startRedis()
})
afterAll(async () => {
  await redis.stop()
})

test('10,000 transitions, cut at 1 % of them, 1,000 forged ones between: each is told once, in order, and the end is that of the record', async () => {
  const outcome = await weather({ port: redis.port, transitions: 10_000, cutShare: 0.01, forged: 1000, seed: 11 })
  expect(outcome.told).toEqual(Array.from({ length: 10_000 }, (_, i) => i + 1))
  expect(outcome.open).toEqual(outcome.openInRecord)
  expect(outcome).toMatchObject({ forgedTold: 0, gaps: 0, epochs: 0 })
  expect(outcome.reconnects).toBeGreaterThan(20)
})
