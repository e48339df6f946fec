import { afterAll, beforeAll, expect, test } from 'vitest'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { systemClock } from '../../src/clock.ts'
import { checkClocks } from '../../src/doctor/clocks.ts'
import { createReader, type RedisClient } from '../../src/wire/redis-client.ts'
import type { Clock } from '../../src/types.ts'

let valkey: EmbeddedValkey
let client: RedisClient

beforeAll(async () => {
  valkey = await startValkey()
  client = await createReader({ host: '127.0.0.1', port: valkey.port }, { timeoutMs: 2000, reconnect: false })
  await client.connect()
})
afterAll(async () => {
  client.disconnect()
  await valkey.stop()
})

function wrongBy(ms: number): Clock {
  return { ...systemClock, epochMs: () => systemClock.epochMs() + ms }
}

test.for([
  { why: 'the same machine', ms: 0, status: 'ok', says: /^this machine and the Redis server agree within \d+ ms$/ },
  { why: 'a bit off does not show', ms: 700, status: 'ok', says: /agree within [67]\d\d ms$/ },
  { why: 'ahead', ms: 4000, status: 'warn', says: /^this machine is (3\.9|4\.0) s ahead of the Redis server/ },
  { why: 'behind', ms: -20_000, status: 'warn', says: /^this machine is 20\.\d s behind the Redis server/ },
  { why: 'far ahead', ms: 60_000, status: 'fail', says: /^this machine is (59\.9|60\.0) s ahead of .*Prometheus may refuse/ },
  { why: 'in another time zone, which somebody mended by the wrong clock', ms: -7_200_000, status: 'fail', says: /7200\.\d s behind/ },
])('$why', async ({ ms, status, says }) => {
  expect(await checkClocks(client, wrongBy(ms))).toMatchObject({ name: 'clock', status, message: expect.stringMatching(says) as string })
})

test('half of the shortest round trip is counted: a slow way to the server is no difference of clocks', async () => {
  let monotonic = 0
  // Each look at the clock is a second after the one before, on both: so is each answer.
  const slow: Clock = { ...systemClock, monotonicMs: () => (monotonic += 1600), epochMs: () => systemClock.epochMs() + 800 }
  expect(await checkClocks(client, slow)).toMatchObject({ status: 'ok', message: expect.stringMatching(/within \d{1,2} ms$/) as string })
})
