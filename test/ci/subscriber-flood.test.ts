/** Somebody makes up services, five thousand a second. A reader that heard of all of them took 2.8 GB. */
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { flood, startReading, type ReadingProcess } from '../subscribe/flood.ts'
import type { ReadingReport } from '../subscribe/fixtures/reading-process.ts'
import { RedisRecord } from '../subscribe/record.ts'
import { readSnapshot } from '../../src/subscribe/snapshot.ts'
import { startRedis, type RealRedis } from './real-redis.ts'

let server: RealRedis
let redis: Redis
let reading: ReadingProcess | undefined

beforeAll(async () => {
  server = await startRedis()
  redis = new Redis(server.port)
})
afterEach(async () => {
  reading?.stop()
  await redis.flushall()
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

test('names that are only said take less than 200 MB of a reader, and hide no service', async () => {
  const { report, sent } = await underFlood({ seconds: 20, write: false })
  expect(report).toMatchObject({ services: ['a-real-one', 'a-real-other'] })
  expect(report.mostMemory).toBeLessThan(200)
  // All but those that were looked up.
  expect(report.strangers).toBeGreaterThan(sent * 0.9)
})

test('names that are written as services write take no more of a reader than it has room for, and it says what is left out', async () => {
  const { report } = await underFlood({ seconds: 10, write: true })
  expect(report.services).toContain('a-real-one')
  expect(report.problems).toContainEqual(
    expect.stringMatching(/^\{health\}:services holds more than this reader has room for: \d+ services/),
  )
  expect(report.mostMemory).toBeLessThan(400)
  // Whoever asks for one is told of it.
  const view = await readSnapshot(redis, { wanted: 'a-real-other' })
  expect(view.services.find(({ service }) => service === 'a-real-other')?.instances).toHaveLength(1)
})

async function underFlood({ seconds, write }: { seconds: number; write: boolean }): Promise<{ report: ReadingReport; sent: number }> {
  const record = new RedisRecord(redis)
  await record.beat({ service: 'a-real-one' })
  reading = await startReading(server.port)
  await reading.report()
  const sent = await flood(redis, seconds, write)
  expect(sent).toBeGreaterThan(seconds * 4000)
  await record.beat({ service: 'a-real-other' })
  // Until everything has been looked at since.
  let report = await reading.report()
  const isOver = () => (write ? report.problems.some((problem) => problem.includes('room')) : report.services.includes('a-real-other'))
  for (let i = 0; i < 300 && !isOver(); i++) {
    await new Promise((resolve) => setTimeout(resolve, 200))
    report = await reading.report()
  }
  return { report, sent }
}
