import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'

import { startValkey, type EmbeddedValkey } from '../../../examples/valkey/start-valkey.ts'
import { QUARTER_MS } from '../../../src/panel/data/quarters.ts'
import { ServiceBars } from '../../../src/panel/data/service-bars.ts'
import type { Bar, ShownStatus } from '../../../src/panel/protocol.ts'
import { shardNames } from '../../../src/wire/names.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

const names = shardNames()
const MINUTE = 60_000
/** In the middle of a quarter, with a minute. */
const BEGIN = Math.floor(Date.UTC(2026, 10, 22, 10) / QUARTER_MS) * QUARTER_MS + 7 * MINUTE
/** Longer than a bar is kept. */
const LATER = 31_000

let valkey: EmbeddedValkey
let redis: Redis
let clock: VirtualClock
let status: ShownStatus
let bars: ServiceBars

beforeAll(async () => {
  valkey = await startValkey()
  redis = new Redis(valkey.port)
})
beforeEach(async () => {
  await redis.flushall()
  clock = new VirtualClock(BEGIN)
  status = 'healthy'
  const now = () => clock.epochMs()
  const tail = () => Promise.resolve({ transitions: [], knownSince: 0 })
  bars = new ServiceBars({ client: redis, clock, now, tail, namesOf: () => names, statusOf: () => status })
})
afterAll(async () => {
  redis.disconnect()
  await valkey.stop()
})

async function write(at: number, said: string, rate = 1): Promise<void> {
  await redis.xadd(names.history('mailer'), `${at}-*`, 'instance', 'a', 'status', said, 'gauges.work_rate_per_hour', String(rate))
}

async function bar(): Promise<Bar> {
  return (await bars.of(['mailer']))['mailer']!
}

test('a quarter that is over is read once, and the present one again', async () => {
  for (let i = 96 * 15 - 8; i > 0; i--) await write(BEGIN - i * MINUTE, 'healthy')
  const asked = vi.spyOn(redis, 'pipeline')
  expect((await bar()).quarters.filter((each) => each === 'healthy')).toHaveLength(96)
  const first = asked.mock.calls.length
  await write(BEGIN + 1000, 'unhealthy', 9)
  clock.advance(LATER)
  const { quarters, spark } = await bar()
  expect(quarters.at(-1)).toBe('unhealthy')
  expect(spark!.values.at(-1)).toBe(9)
  expect(asked.mock.calls.length - first).toBe(1)
  asked.mockRestore()
})

test('what is asked for again at once is not read again', async () => {
  await write(BEGIN - MINUTE, 'healthy')
  const asked = vi.spyOn(redis, 'pipeline')
  const answers = await Promise.all([bar(), bar(), bar()])
  expect(answers[1]).toBe(answers[0])
  expect(asked.mock.calls.length).toBeLessThanOrEqual(2)
  asked.mockRestore()
})

test('a service that has just begun has its first quarter as soon as there is one', async () => {
  expect((await bar()).quarters.every((each) => each === null)).toBe(true)
  await write(BEGIN + 1000, 'degraded')
  clock.advance(LATER)
  expect((await bar()).quarters.slice(-2)).toEqual([null, 'degraded'])
})

test('minutes that are written after their quarter was over are in it', async () => {
  await bar()
  const end = Math.ceil(BEGIN / QUARTER_MS) * QUARTER_MS
  clock.advance(end - BEGIN + 1000)
  await bar()
  await write(end - 1, 'unhealthy')
  clock.advance(LATER)
  expect((await bar()).quarters.slice(-2)).toEqual(['unhealthy', null])
})

test('of very many instances the newest minutes are read, and what was bad before stays', async () => {
  await write(BEGIN - 5 * MINUTE, 'unhealthy')
  await bar()
  for (let i = 0; i < 300; i++) await write(BEGIN + i, 'healthy', i)
  clock.advance(LATER)
  const { quarters, spark } = await bar()
  expect(quarters.at(-1)).toBe('unhealthy')
  expect(spark!.values.at(-1)).toBe(299)
})

test('how a service is now counts for the present quarter', async () => {
  await write(BEGIN - MINUTE, 'healthy')
  status = 'unhealthy'
  expect((await bar()).quarters.at(-1)).toBe('unhealthy')
})

test('that a key is of another type is the error of the server', async () => {
  await redis.set(names.history('mailer'), 'x')
  await expect(bar()).rejects.toThrow('WRONGTYPE')
})
