import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { mergeReports, type Known } from '../../examples/location-aggregator/merge-reports.ts'
import type { PlaceRequest, Position, Report } from '../../examples/service/pipeline.ts'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { simulatedServices, type SimulatedServices } from './simulated-services.ts'

const MINUTE = 60_000
const NOW = Date.UTC(2026, 10, 22)

/** A report of tracker `a`, `seconds` after the beginning and so many metres north of 52,13. */
const report = (seconds: number, metres = 0, more: Partial<Report> = {}): Report => ({
  trackerId: 'a',
  latitude: 52 + metres / 111_195,
  longitude: 13,
  at: NOW - 10 * MINUTE + seconds * 1_000,
  fetchedAt: NOW - 1_000,
  ...more,
})

describe('mergeReports', () => {
  const limits = { maxSpeed: 300, aheadMs: MINUTE }
  const nothing: Known = { newest: new Map(), merged: () => false }
  const last = ({ trackerId, latitude, longitude, at }: Report): Known => ({
    newest: new Map([[trackerId, { trackerId, latitude, longitude, at }]]),
    merged: () => false,
  })

  test.for([
    { why: 'the same second twice is one position', reports: [report(0), report(0.3)], expected: { merged: 1, duplicates: 1 } },
    {
      why: 'another tracker at that second is another position',
      reports: [report(0), report(0, 0, { trackerId: 'b' })],
      expected: { merged: 2 },
    },
    {
      why: 'what was merged before is a duplicate',
      reports: [report(0)],
      known: { ...nothing, merged: () => true },
      expected: { duplicates: 1 },
    },
    { why: '0,0 is nowhere', reports: [report(0, 0, { latitude: 0, longitude: 0 })], expected: { implausible: 1 } },
    { why: 'there is no latitude of 91', reports: [report(0, 0, { latitude: 91 })], expected: { implausible: 1 } },
    { why: 'there is no longitude of -181', reports: [report(0, 0, { longitude: -181 })], expected: { implausible: 1 } },
    { why: 'nobody has been there yet', reports: [report(0, 0, { at: NOW + 61_000 })], expected: { implausible: 1 } },
    { why: 'clocks differ a little', reports: [report(0, 0, { at: NOW + 59_000 })], expected: { merged: 1 } },
    { why: '310 m in a second is too fast', reports: [report(1, 310)], known: last(report(0)), expected: { implausible: 1 } },
    { why: '290 m in a second is an aeroplane', reports: [report(1, 290)], known: last(report(0)), expected: { merged: 1 } },
    { why: 'too fast is so in both directions of time', reports: [report(0, 310)], known: last(report(1)), expected: { implausible: 1 } },
    {
      why: 'a nonsense does not hide the report of the same second',
      reports: [report(0, 0, { latitude: 0, longitude: 0 }), report(0)],
      expected: { merged: 1, implausible: 1 },
    },
  ])('$why', ({ reports, known = nothing, expected }) => {
    const { positions, duplicates, implausible } = mergeReports(reports, known, NOW, limits)
    expect({ merged: positions.length, duplicates, implausible }).toEqual({ merged: 0, duplicates: 0, implausible: 0, ...expected })
  })

  test('places are asked for where the newest position of a tracker is in another square', () => {
    const { placeRequests, newest } = mergeReports([report(300, 500), report(0), report(60, 10), report(200, 500)], nothing, NOW, limits)
    expect(placeRequests.map(({ cell }) => cell)).toEqual(['52.000,13.000', '52.004,13.000'])
    expect(newest.get('a')!.at).toBe(report(300).at)
    expect(mergeReports([report(60, 2_000)], last(report(300)), NOW, limits)).toMatchObject({ placeRequests: [], positions: [{}] })
  })
})

let valkey: EmbeddedValkey
let run: SimulatedServices
beforeAll(async () => {
  valkey = await startValkey()
})
afterAll(() => valkey.stop())
beforeEach(async () => {
  run = await simulatedServices({ redisPort: valkey.port })
})
afterEach(() => run.close())

/** Six reports: four positions in two squares, one twice, one nowhere. */
const REPORTS = [report(0), report(10, 20), report(0), report(20, 300), report(30, 0, { latitude: 0, longitude: 0 }), report(40, 310)]

const expectHandedOn = async (): Promise<void> => {
  const positions = await run.read<Position>('geofence:positions')
  expect(positions.map(({ at }) => (at - report(0).at) / 1_000)).toEqual([0, 10, 20, 40])
  expect((await run.read<PlaceRequest>('geocode:requests')).map(({ cell }) => cell)).toEqual(['52.000,13.000', '52.003,13.000'])
  expect(await run.open('location:reports')).toBe(0)
}

describe('the location aggregator', () => {
  test('stores each position once and hands it on, whatever the batches are', async () => {
    const aggregator = run.create.aggregator({ BATCH_SIZE: '2' })
    await run.push('location:reports', REPORTS)
    await aggregator.start()
    await run.clock.run(MINUTE)
    await expectHandedOn()
    await run.drain(aggregator)
    expect(aggregator.counts()).toEqual({
      batches: 3,
      failedBatches: 0,
      received: 6,
      merged: 4,
      duplicates: 1,
      implausible: 1,
      storeCalls: { ok: 3 },
    })
    expect(run.siblings.summary().store).toMatchObject({ calls: { store: { ok: 3 } }, positions: { added: 4, again: 0 } })
  })

  test.for([
    { why: 'refuses', fault: 'store.500', code: '500', again: 0 },
    { why: 'takes longer than the client waits, and stores all the same', fault: 'store.slow', code: 'timeout', again: 4 },
  ] as const)('tries again while the store $why', async ({ fault, code, again }) => {
    const aggregator = run.create.aggregator()
    await run.simulators.setFault(fault)
    await run.push('location:reports', REPORTS)
    await aggregator.start()
    await run.clock.run(14_000)
    expect(await run.open('geofence:positions', 'geocode:requests')).toBe(0)
    expect(await run.open('location:reports')).toBe(6)
    await run.simulators.clearFault(fault)
    await run.clock.run(MINUTE)
    await expectHandedOn()
    await run.drain(aggregator)
    const { failedBatches, storeCalls, ...counts } = aggregator.counts()
    expect(counts).toMatchObject({ batches: 1, received: 6, merged: 4 })
    expect(failedBatches).toBe(storeCalls[code])
    expect(run.siblings.summary().store.calls['store']).toEqual(storeCalls)
    expect(run.siblings.summary().store.positions.added).toBe(4)
    expect(run.siblings.summary().store.positions.again).toBeGreaterThanOrEqual(again)
  })

  test('waits for its reports in the order in which they came', async () => {
    const aggregator = run.create.aggregator({ BATCH_SIZE: '2' })
    await run.simulators.setFault('store.500')
    await run.push('location:reports', REPORTS)
    await aggregator.start()
    await run.clock.run(5_000)
    expect(await run.read('location:reports')).toEqual(REPORTS)
    await run.drain(aggregator)
  })

  test('nothing is lost or doubled wherever a crash comes', async () => {
    for (let answers = 1; answers <= 32; answers++) {
      await run.redis.flushall()
      await run.push('location:reports', REPORTS)
      const first = run.create.aggregator({ BATCH_SIZE: '3' }, run.dyingRedis(answers))
      await first.start()
      await run.clock.run(MINUTE)
      const second = run.create.aggregator({ BATCH_SIZE: '3' })
      await second.start()
      await run.clock.run(MINUTE)
      await expectHandedOn()
      await run.drain(first, second)
    }
    const { added, again } = run.siblings.summary().store.positions
    expect(added).toBe(4)
    expect(again).toBeGreaterThan(4 * 31)
  })
})
