import { afterAll, beforeAll, expect, test } from 'vitest'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { systemClock } from '../../src/clock.ts'
import { checkClocks, instanceClocks } from '../../src/doctor/clocks.ts'
import type { InstanceView } from '../../src/subscribe/health-view.ts'
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

const instances = (skews: readonly (number | undefined)[]) => ({
  services: [
    {
      service: 'mailer',
      lastBeatAt: 0,
      instances: skews.map((skewMs, i): InstanceView => {
        return { instance: `i${i}`, lastBeatAt: 0, status: undefined, ...(skewMs !== undefined && { skewMs }) }
      }),
    },
  ],
})

test.for([
  { why: 'nobody is there', skews: [undefined], status: 'skip', says: /^no instance is there/ },
  { why: 'all agree', skews: [3, -1200, undefined], status: 'ok', says: /^those of all instances agree .* within 1200 ms$/ },
  {
    why: 'two do not, the worse one first',
    skews: [100, 2100, -3_600_000],
    status: 'warn',
    says: /^clocks of instances differ .*: i2 of mailer is 3600\.0 s behind, i1 of mailer is 2\.1 s ahead$/,
  },
  { why: 'many do not', skews: Array.from({ length: 30 }, () => 5000), status: 'warn', says: /, 20 more$/ },
])('of clocks of instances $why', ({ skews, status, says }) => {
  expect(instanceClocks(instances(skews))).toMatchObject({
    name: 'instance-clocks',
    status,
    message: expect.stringMatching(says) as string,
  })
})
