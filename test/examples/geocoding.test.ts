import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Geocoding } from '../../examples/geocoding/create-geocoding.ts'
import type { PlaceRequest } from '../../examples/service/pipeline.ts'
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
  run = await simulatedServices({ redisPort: valkey.port })
})
afterEach(() => run.close())

const request = (cell: string): PlaceRequest => ({ trackerId: 'a', cell })
const REQUESTS = [request('52.000,13.000'), request('52.001,13.000'), request('52.000,13.000')]

const started = async (env?: Record<string, string>): Promise<Geocoding> => {
  const geocoding = run.create.geocoding(env)
  await geocoding.start()
  return geocoding
}

const ask = async (requests: readonly PlaceRequest[], forMs = MINUTE): Promise<void> => {
  await run.push('geocode:requests', requests)
  await run.clock.run(forMs)
}

/** What the service saw of the providers is what they answered; nobody is asked who is not there. */
const expectAgreement = (geocoding: Geocoding): void => {
  const { calls } = run.siblings.summary().geocoder
  for (const provider of ['nominatim', 'photon'] as const) {
    const { ECONNREFUSED: _, ...seen } = geocoding.counts().providerCalls[provider]
    expect(seen).toEqual(calls[provider] ?? {})
  }
}

describe('geocoding', () => {
  test('asks for a place once', async () => {
    const geocoding = await started()
    await ask(REQUESTS)
    await run.drain(geocoding)
    expect(geocoding.counts()).toEqual({
      resolved: 3,
      dropped: 0,
      cache: { hit: 1, miss: 2, stale: 0 },
      refreshesFailed: 0,
      providerCalls: { nominatim: { ok: 2 }, photon: {} },
    })
    expect(JSON.parse((await run.redis.get('geocode:place:52.001,13.000'))!)).toMatchObject({
      place: { name: 'near 52.001, 13', provider: 'nominatim' },
    })
    expectAgreement(geocoding)
  })

  test('a stale place is given at once and refreshed; a provider that fails leaves it as it is', async () => {
    const geocoding = await started({ PLACE_FRESH_MS: String(HOUR), PLACE_STALE_MS: String(5 * HOUR) })
    await ask([REQUESTS[0]!], 2 * HOUR)
    await ask([REQUESTS[0]!, REQUESTS[0]!])
    expect(geocoding.counts()).toMatchObject({ cache: { hit: 0, miss: 1, stale: 2 }, providerCalls: { nominatim: { ok: 2 } } })
    await ask([REQUESTS[0]!], 2 * HOUR)
    await run.simulators.setFault('geocoder.500')
    await ask([REQUESTS[0]!])
    expect(geocoding.counts()).toMatchObject({ resolved: 5, dropped: 0, refreshesFailed: 1, cache: { hit: 1, stale: 3 } })
    await run.clock.run(5 * HOUR)
    await ask([REQUESTS[0]!])
    await run.drain(geocoding)
    expect(geocoding.counts()).toMatchObject({ resolved: 5, dropped: 1, cache: { miss: 2 } })
    expectAgreement(geocoding)
  })

  test.for([
    { fault: 'geocoder.500', code: '500' },
    { fault: 'geocoder.slow', code: 'timeout' },
    { fault: 'geocoder.down', code: 'ECONNREFUSED' },
  ] as const)('the second provider answers for the first, $code', async ({ fault, code }) => {
    const geocoding = await started()
    await run.simulators.setFault(fault, { provider: 'nominatim' })
    await ask(REQUESTS)
    expect(geocoding.counts()).toMatchObject({
      resolved: 3,
      dropped: 0,
      cache: { hit: 1, miss: 2 },
      providerCalls: { nominatim: { [code]: 2 }, photon: { ok: 2 } },
    })
    await run.simulators.clearFault(fault)
    await ask([request('53.000,13.000')])
    await run.drain(geocoding)
    expect(geocoding.counts()).toMatchObject({ resolved: 4, providerCalls: { nominatim: { ok: 1 } } })
    expectAgreement(geocoding)
  })

  test('requests that nobody answers are dropped and counted', async () => {
    const geocoding = await started()
    await run.simulators.setFault('geocoder.down')
    await ask(REQUESTS)
    await run.drain(geocoding)
    expect(geocoding.counts()).toMatchObject({ resolved: 0, dropped: 3, cache: { miss: 3 } })
    expect(await run.open('geocode:requests')).toBe(0)
    expectAgreement(geocoding)
  })

  test('a provider that says 429 is left alone for as long as it asked', async () => {
    const geocoding = await started()
    await run.simulators.setFault('geocoder.429', { provider: 'nominatim', retry_after_s: 300 })
    for (let minute = 0; minute < 12; minute++) await ask([request(`52.${String(100 + minute)},13.000`)])
    await run.drain(geocoding)
    expect(geocoding.counts()).toMatchObject({ resolved: 12, providerCalls: { nominatim: { 429: 3 }, photon: { ok: 12 } } })
    const refused = run.siblings.ledgers.geocoder.entries().filter(({ seen_as }) => seen_as === '429')
    for (const [index, { at }] of refused.entries()) expect(at - (refused[index - 1]?.at ?? -Infinity)).toBeGreaterThanOrEqual(300_000)
    expectAgreement(geocoding)
  })

  test('no request is lost wherever a crash comes', async () => {
    for (let answers = 1; answers <= 20; answers++) {
      await run.redis.flushall()
      await run.push('geocode:requests', REQUESTS)
      const first = run.create.geocoding({}, run.dyingRedis(answers))
      await first.start()
      await run.clock.run(MINUTE)
      const second = run.create.geocoding()
      await second.start()
      await run.clock.run(MINUTE)
      expect(await run.open('geocode:requests')).toBe(0)
      expect(await run.redis.keys('geocode:place:*')).toHaveLength(2)
      await run.drain(first, second)
    }
  })
})
