import { beforeEach, describe, expect, test } from 'vitest'
import { DiscreteClock } from '../../examples/simulators/discrete-clock.ts'
import { Faults, type FaultName } from '../../examples/simulators/faults.ts'
import { seededRandom } from '../../examples/simulators/random.ts'
import { World } from '../../examples/simulators/world.ts'
import { decryptReport, type Position } from '../../examples/tracker-fetcher/decrypt-report.ts'
import { Fleet } from '../../examples/tracker-fetcher/fleet.ts'

const HOUR = 3_600_000
const { keyId, ecdh } = new Fleet('secret', { hot: 1, warm: 0, cold: 0 }).key('tracker-00000')

let clock: DiscreteClock
let faults: Faults
let world: World
beforeEach(() => {
  clock = new DiscreteClock()
  faults = new Faults({
    clock,
    random: seededRandom(1),
    aliases: [],
    siblings: false,
    switching: () => world.advance(clock.now()),
    switched: async () => {},
  })
  world = new World({
    seed: 1,
    fleetSecret: 'secret',
    fleet: { hot: 1, warm: 0, cold: 0 },
    startAt: clock.now(),
    historyHours: 0,
    speed: 10,
    reportCap: 1_000,
    faults,
  })
})

/** What is published of one tracker, oldest first. */
const positions = (): readonly Position[] =>
  world.reports(keyId, clock.now()).map((report) => decryptReport(Buffer.from(report, 'base64'), ecdh))

/** An hour with the fault between two without it; the reports of each. */
const hours = async (name: FaultName): Promise<Record<'before' | 'during' | 'after', readonly Position[]>> => {
  const start = clock.now()
  await clock.run(HOUR)
  await faults.set(name)
  await clock.run(HOUR)
  await faults.clear(name)
  await clock.run(HOUR + 10 * HOUR)
  const of = (hour: number) => positions().filter(({ at }) => at > start + hour * HOUR && at <= start + (hour + 1) * HOUR)
  return { before: of(0), during: of(1), after: of(2) }
}

const places = (list: readonly Position[]): number => new Set(list.map(({ latitude, longitude }) => `${latitude} ${longitude}`)).size
const times = (list: readonly Position[]): number => new Set(list.map(({ at }) => at)).size

describe('faults of the world meet exactly the reports of their time', () => {
  test('world.still: every report says the last place before', async () => {
    const { before, during, after } = await hours('world.still')
    expect(places(before)).toBe(before.length)
    expect(during.length).toBeGreaterThan(5)
    expect(places([...during, before.at(-1)!])).toBe(1)
    expect(places(after)).toBe(after.length)
  })

  test('world.zero: every report says 0,0', async () => {
    const { before, during, after } = await hours('world.zero')
    expect(during.length).toBeGreaterThan(5)
    expect(during.every(({ latitude, longitude }) => latitude === 0 && longitude === 0)).toBe(true)
    expect([...before, ...after].some(({ latitude }) => latitude === 0)).toBe(false)
  })

  test('world.crowd: three finders see the tracker at the same instant, and disagree a little', async () => {
    const { before, during, after } = await hours('world.crowd')
    expect(times(during)).toBe(during.length / 3)
    expect(places(during)).toBe(during.length)
    expect(times([...before, ...after])).toBe(before.length + after.length)
  })

  test('reports.late: what is seen is known six hours later', async () => {
    const start = clock.now()
    await faults.set('reports.late')
    await clock.run(5 * HOUR)
    expect(positions()).toEqual([])
    await clock.run(5 * HOUR)
    expect(positions().length).toBeGreaterThan(20)
    expect(positions().every(({ at }) => at <= start + 4 * HOUR)).toBe(true)
  })
})
