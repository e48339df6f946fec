/** From Apple to the notification: five services on one clock, and no unit that gets lost between any two of them. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { FaultName, FaultSettings } from '../../examples/simulators/faults.ts'
import { startValkey, type EmbeddedValkey } from '../../examples/valkey/start-valkey.ts'
import { simulatedServices, type SimulatedServices } from './simulated-services.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

let valkey: EmbeddedValkey
let run: SimulatedServices
beforeAll(async () => {
  valkey = await startValkey()
})
afterAll(() => valkey.stop())
beforeEach(async () => {
  run = await simulatedServices({ redisPort: valkey.port, seed: 3 })
})
afterEach(() => run.close())

const sum = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((all, n) => all + n, 0)

/** Most of what hours on a virtual clock cost is looking into empty queues. */
const UNHURRIED = { IDLE_POLL_MS: '60000', RECEIPTS_EVERY_MS: '60000' }

/** All numbers in counts, however deep. */
const flatten = (counts: object): [string, number][] =>
  Object.entries(counts).flatMap(([name, value]: [string, number | object]) =>
    typeof value === 'number' ? [[name, value]] : flatten(value),
  )

const startAll = async () => {
  const { create } = run
  const services = {
    fetcher: create.fetcher(),
    aggregator: create.aggregator(UNHURRIED),
    geofence: create.geofence(UNHURRIED),
    notification: create.notification(UNHURRIED),
    geocoding: create.geocoding(UNHURRIED),
  }
  for (const service of Object.values(services)) await service.start()
  return services
}
type Services = Awaited<ReturnType<typeof startAll>>

/** Everything that one service handed over, the next took on or has before it; what left the last one is at its simulator. */
const expectConservation = async ({ aggregator, geofence, notification, geocoding }: Services): Promise<void> => {
  const { store, fences, geocoder, gateway } = run.siblings.summary()
  const aggregated = aggregator.counts()
  expect(aggregated.received + (await run.open('location:reports'))).toBe(run.simulators.summary().reports.new)
  expect(aggregated.merged + aggregated.duplicates + aggregated.implausible).toBe(aggregated.received)
  expect(store.positions.added).toBe(aggregated.merged)
  expect(store.calls['store']).toEqual(aggregated.storeCalls)

  const judged = geofence.counts()
  expect(sum(judged.evaluated) + judged.failed + (await run.open('geofence:positions'))).toBe(aggregated.merged)
  expect(fences.calls['fences']).toEqual(judged.fenceCalls)

  const notified = notification.counts()
  expect(notified.events).toEqual(Object.fromEntries(Object.entries(judged.events).filter(([, count]) => count > 0)))
  expect(await run.open('notification:events')).toBe(0)
  const { enter, exit, dwell } = judged.events
  expect(notified.notifications).toEqual({ push: enter + exit + dwell, mail: enter + exit, sms: dwell })
  for (const channel of ['push', 'mail', 'sms'] as const) {
    expect(gateway.calls[channel]).toEqual(notified.gatewayCalls[channel])
    expect(sum(notified.deliveries[channel])).toBe(notified.notifications[channel])
  }
  expect(gateway.accepted['push']).toBe(notified.deliveries.push['sent'])
  for (const channel of ['mail', 'sms'] as const) {
    const { failed: _, ...ended } = notified.deliveries[channel]
    expect(gateway.receipts[channel]).toEqual(ended)
  }

  const named = geocoding.counts()
  expect(named.resolved + named.dropped).toBe(sum(named.cache))
  expect(geocoder.calls).toEqual(Object.fromEntries(Object.entries(named.providerCalls).filter(([, calls]) => sum(calls) > 0)))
}

const drainAll = async ({ fetcher, aggregator, geofence, notification, geocoding }: Services): Promise<void> => {
  await run.drain(fetcher)
  // What is still on its way arrives.
  await run.clock.run(30 * MINUTE)
  await run.drain(aggregator, geofence, notification, geocoding)
}

describe('the pipeline', () => {
  test('hands everything over for two hours', async () => {
    const services = await startAll()
    await run.clock.run(2 * HOUR)
    await drainAll(services)
    await expectConservation(services)
    const { aggregator, geofence, notification, geocoding } = services
    expect(aggregator.counts()).toMatchObject({ failedBatches: 0, implausible: 0 })
    expect(aggregator.counts().merged).toBeGreaterThan(500)
    expect(Math.min(...Object.values(geofence.counts().events))).toBeGreaterThan(5)
    expect(notification.counts()).toMatchObject({ retries: {}, reasons: {} })
    expect(geocoding.counts()).toMatchObject({ dropped: 0 })
  })

  test('loses and doubles nothing while everything goes wrong', async () => {
    const services = await startAll()
    const { aggregator, geofence, notification, geocoding } = services
    await run.clock.run(30 * MINUTE)
    const faults: [FaultName, FaultSettings][] = [
      ['http.500', { every_n: 5 }],
      ['world.crowd', { probability: 0.5 }],
      ['world.zero', { every_n: 7 }],
      ['store.500', { every_n: 3 }],
      ['store.slow', { every_n: 5 }],
      ['fences.broken', { every_n: 2 }],
      ['gateway.500', { probability: 0.4, channel: 'push' }],
      ['gateway.slow', { every_n: 4, channel: 'mail' }],
      ['gateway.bounce', { every_n: 3 }],
      ['geocoder.429', { every_n: 10, provider: 'nominatim', retry_after_s: 120 }],
      ['geocoder.500', { every_n: 3, provider: 'photon' }],
    ]
    for (const [name, settings] of faults) await run.simulators.setFault(name, settings)
    await run.clock.run(HOUR)
    for (const [name] of faults) await run.simulators.clearFault(name)
    await drainAll(services)
    await expectConservation(services)
    // All of it happened.
    const { refreshesFailed: _, ...named } = geocoding.counts()
    const numbers = [aggregator.counts(), geofence.counts(), named].flatMap(flatten)
    expect(numbers.filter(([, count]) => count === 0)).toEqual([['stale', 0]])
    expect(notification.counts().deliveries.mail['bounced']).toBeGreaterThan(0)
    expect(Object.keys(notification.counts().retries).toSorted()).toEqual(['500', 'timeout'])
  })
})
