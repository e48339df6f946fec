/** test/ci/subscriber-storm.test.ts is the same in large, on a Redis as it is packaged. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { eachOnce, weather } from './storm.ts'

let valkey: EmbeddedValkey
beforeAll(async () => {
  valkey = await startValkey()
})
afterAll(async () => {
  await valkey.stop()
})

test('1,000 transitions, cut at 1 % of them, 100 forged ones between: each is told once, in order, and the end is that of the record', async () => {
  const outcome = await weather({ port: valkey.port, transitions: 1000, cutShare: 0.01, forged: 100, seed: 7 })
  expect(outcome.written).toEqual([1000])
  expect(outcome.told).toEqual(eachOnce(outcome.written))
  expect(outcome.open).toEqual(outcome.openInRecord)
  expect(outcome).toMatchObject({ forgedTold: 0, gaps: 0, epochs: 0 })
  expect(outcome.reconnects).toBeGreaterThan(3)
})
