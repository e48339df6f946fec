import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DEFAULT_GEOFENCES } from '../../examples/service/geofence.ts'
import type { FenceEvent, Position } from '../../examples/service/pipeline.ts'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { simulatedServices, type SimulatedServices } from './simulated-services.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const depot = DEFAULT_GEOFENCES.find(({ id }) => id === 'depot')!

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

/** `minutesAgo` as of the test's beginning. */
const position = (minutesAgo: number, where: 'in' | 'out', trackerId = 'a'): Position => ({
  trackerId,
  latitude: depot.latitude + (where === 'in' ? 0 : 0.01),
  longitude: depot.longitude,
  at: run.clock.now() - minutesAgo * MINUTE,
})

const events = async (): Promise<readonly string[]> =>
  (await run.read<FenceEvent>('notification:events')).map(({ trackerId, fence, transition }) => `${trackerId} ${transition} ${fence}`)

describe('the realtime geofence', () => {
  test('hands on what happened at the fences, each event once, with when it was noticed', async () => {
    const geofence = run.create.geofence()
    const arrival = position(40, 'in')
    await run.push('geofence:positions', [position(50, 'out'), arrival, position(30, 'in'), position(5, 'in', 'b'), position(1, 'out')])
    const startedAt = run.clock.now()
    await geofence.start()
    await run.clock.run(MINUTE)
    expect(await events()).toEqual(['a enter depot', 'a dwell depot', 'a exit depot'])
    const [enter] = await run.read<FenceEvent>('notification:events')
    expect(enter).toMatchObject({ at: arrival.at })
    expect(enter!.enqueuedAt - startedAt).toBeLessThan(15_000)
    expect(await run.open('geofence:positions')).toBe(0)
    await run.drain(geofence)
    expect(geofence.counts()).toMatchObject({
      evaluated: { in_order: 5, late: 0, out_of_order: 0 },
      failed: 0,
      events: { enter: 1, exit: 1, dwell: 1 },
    })
    expect(geofence.counts().fenceCalls).toEqual(run.siblings.summary().fences.calls['fences'])
  })

  test('late positions are judged, those out of order change nothing', async () => {
    const geofence = run.create.geofence({ LATE_AFTER_MS: String(HOUR) })
    await run.push('geofence:positions', [
      position(180, 'out'),
      position(90, 'in'),
      position(100, 'out'),
      position(90, 'out'),
      position(10, 'out'),
    ])
    await geofence.start()
    await run.clock.run(MINUTE)
    expect(await events()).toEqual(['a enter depot', 'a exit depot'])
    await run.drain(geofence)
    expect(geofence.counts().evaluated).toEqual({ in_order: 1, late: 2, out_of_order: 2 })
  })

  test('a broken fence fails the positions that come meanwhile, and they are dropped', async () => {
    const geofence = run.create.geofence()
    await run.push('geofence:positions', [position(50, 'out')])
    await geofence.start()
    await run.clock.run(MINUTE)
    await run.simulators.setFault('fences.broken')
    await run.clock.run(2 * MINUTE)
    await run.push('geofence:positions', [position(40, 'in'), position(40, 'in', 'b')])
    await run.clock.run(MINUTE)
    await run.simulators.clearFault('fences.broken')
    await run.clock.run(2 * MINUTE)
    expect(await events()).toEqual([])
    await run.push('geofence:positions', [position(0, 'in')])
    await run.clock.run(MINUTE)
    expect(await events()).toEqual(['a enter depot'])
    await run.drain(geofence)
    expect(geofence.counts()).toMatchObject({ evaluated: { in_order: 2 }, failed: 2, events: { enter: 1 } })
  })

  test('without fences it waits', async () => {
    const geofence = run.create.geofence({ FENCES_URL: 'http://127.0.0.1:1' })
    await run.push('geofence:positions', [position(50, 'out')])
    await geofence.start()
    await run.clock.run(5 * MINUTE)
    await run.drain(geofence)
    expect(await run.open('geofence:positions')).toBe(1)
    expect(geofence.counts()).toMatchObject({ evaluated: { in_order: 0 }, failed: 0 })
  })

  test('when the registry is gone it works on with the last fences', async () => {
    const geofence = run.create.geofence()
    await run.push('geofence:positions', [position(50, 'out')])
    await geofence.start()
    await run.clock.run(MINUTE)
    await run.simulators.stop()
    await run.clock.run(5 * MINUTE)
    await run.push('geofence:positions', [position(0, 'in')])
    await run.clock.run(MINUTE)
    await run.drain(geofence)
    expect(await events()).toEqual(['a enter depot'])
    expect(geofence.counts().fenceCalls['ECONNREFUSED']).toBeGreaterThan(0)
  })

  test('nothing is lost or doubled wherever a crash comes', async () => {
    const positions = [position(50, 'out'), position(40, 'in'), position(45, 'out', 'b'), position(30, 'in', 'b'), position(20, 'out')]
    for (let answers = 1; answers <= 32; answers++) {
      await run.redis.flushall()
      await run.push('geofence:positions', positions)
      const first = run.create.geofence({}, run.dyingRedis(answers))
      await first.start()
      await run.clock.run(MINUTE)
      const second = run.create.geofence()
      await second.start()
      await run.clock.run(MINUTE)
      expect(await events()).toEqual(['a enter depot', 'b enter depot', 'a exit depot'])
      expect(await run.open('geofence:positions')).toBe(0)
      await run.drain(first, second)
    }
  })
})
