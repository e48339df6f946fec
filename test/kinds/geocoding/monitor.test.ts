import { describe, expect, test } from 'vitest'

import { GeocodingHealthMonitor } from '../../../src/kinds/geocoding/monitor.ts'
import { geocoding } from '../../../src/kinds/geocoding/kind.ts'
import type { Quota } from '../../../src/kinds/geocoding/quota.ts'
import { diagLines } from '../../contracts/diag-lines.ts'
import { judgedService } from '../judged-service.ts'

const A_DAY: Quota = { requests: 100, per: 'day' }

describe('what it records', () => {
  test('places looked up, by what was found', async () => {
    const service = await judgedService(GeocodingHealthMonitor)
    service.minutes(1, (monitor) => {
      for (const result of ['hit', 'hit', 'hit', 'miss', 'stale'] as const) monitor.recordLookup({ result })
      monitor.record('lookup', { result: 'lost' })
    })
    expect(service.status).toMatchObject({
      kind: 'geocoding',
      metrics: { cache_hit_rate_percent: 50, cache_lookups_last_hour: { hit: 3, miss: 1, stale: 1, _OTHER: 1 } },
      evidence: { cache_hit_rate_percent: { n: 6, count: 3 } },
      totals: { 'geocoding.cache.lookups': { hit: 3, miss: 1, stale: 1, _OTHER: 1 } },
    })
  })

  test('calls, each provider for itself; one that asks for fewer calls has not failed', async () => {
    const service = await judgedService(GeocodingHealthMonitor)
    service.minutes(1, (monitor) => {
      for (let n = 0; n < 30; n++) monitor.recordApiCall({ upstream: 'nominatim', durationMs: 100 })
      for (let n = 0; n < 10; n++) monitor.recordApiCall({ upstream: 'nominatim', durationMs: 20, errorType: 429 })
      for (let n = 0; n < 25; n++) monitor.recordApiCall({ upstream: 'photon', durationMs: 400, ...(n < 5 && { errorType: 503 }) })
    })
    expect(service.status.metrics).toMatchObject({
      provider_requests_per_hour: { nominatim: 2400, photon: 1500 },
      provider_failed_percent: { nominatim: 0, photon: 20 },
      provider_rate_limited_percent: { nominatim: 25, photon: 0 },
      provider_p95_ms: { nominatim: 96.7, photon: 487.5 },
    })
  })

  test('nothing is shown of what was never there', async () => {
    const service = await judgedService(GeocodingHealthMonitor)
    service.minutes(1)
    expect(service.status.metrics).toMatchObject({
      cache_hit_rate_percent: null,
      cache_lookups_last_hour: {},
      provider_p95_ms: {},
      quota_used_percent: {},
    })
    expect(service.status).toMatchObject({ status: 'healthy', reasons: [], totals: { 'geocoding.cache.lookups': {} } })
  })
})

describe('quotas', () => {
  test('are counted by calls, but not those that were refused for being too many', async () => {
    const quotas = { nominatim: A_DAY, photon: A_DAY }
    const service = await judgedService(GeocodingHealthMonitor, { quotas, evaluationInterval: 30, publishingInterval: 30 })
    // 10:00 on the virtual clock: of this day nobody knows what was used before.
    service.minutes(1, (monitor) => {
      for (let n = 0; n < 79; n++) monitor.recordApiCall({ upstream: 'nominatim', durationMs: 1, ...(n % 2 && { errorType: 500 }) })
      for (let n = 0; n < 79; n++) monitor.recordApiCall({ upstream: 'nominatim', durationMs: 1, errorType: n % 2 ? 429 : '429' })
      monitor.recordApiCall({ upstream: 'google', durationMs: 1 })
    })
    expect(service.status.metrics['quota_used_percent']).toEqual({})
    service.minutes(1, (monitor) => monitor.recordApiCall({ upstream: 'nominatim', durationMs: 1 }))
    expect(service.status.metrics['quota_used_percent']).toEqual({ nominatim: 80 })
    service.clock.advance(14 * 3_600_000)
    expect(service.status.metrics['quota_used_percent']).toEqual({ nominatim: 0, photon: 0 })
  })

  test('are what the provider says, where it says so', async () => {
    const service = await judgedService(GeocodingHealthMonitor, { quotas: { nominatim: A_DAY } })
    service.minutes(1, (monitor) => {
      monitor.recordQuota({ provider: 'nominatim', used: 1200, limit: 3000 })
      monitor.recordQuota({ provider: 'photon', used: 0, limit: 5 })
      monitor.recordApiCall({ upstream: 'nominatim', durationMs: 1 })
    })
    expect(service.status.metrics['quota_used_percent']).toEqual({ nominatim: 41, photon: 0 })
  })

  test.for<{ why: string; used: unknown; limit: unknown; shown: object }>([
    { why: 'texts, as headers are', used: '30', limit: '40', shown: { photon: 75 } },
    { why: 'more than there is', used: 6, limit: 4, shown: { photon: 150 } },
    { why: 'a limit of 0 says nothing', used: 0, limit: 0, shown: {} },
    { why: 'what is not there says nothing', used: undefined, limit: 40, shown: {} },
    { why: 'an empty text is no 0', used: '', limit: 40, shown: {} },
    { why: 'null is no 0', used: null, limit: 40, shown: {} },
    { why: 'below 0 is none', used: -1, limit: 40, shown: {} },
    { why: 'a symbol', used: Symbol('s'), limit: 40, shown: {} },
  ])('are read as they come: $why', async ({ used, limit, shown }) => {
    const service = await judgedService(GeocodingHealthMonitor)
    service.minutes(1, (monitor) => monitor.recordQuota({ provider: 'photon', used: used as number, limit: limit as number }))
    expect(service.status.metrics['quota_used_percent']).toEqual(shown)
  })

  test('come from health.config, or from code instead', async () => {
    const config = { profile: 'geocoding', quotas: { nominatim: { requests: 1, per: 'day' } } } as const
    const call = (monitor: GeocodingHealthMonitor) => monitor.recordApiCall({ upstream: 'nominatim', durationMs: 1 })
    const configured = await judgedService(GeocodingHealthMonitor, { config })
    expect(configured.minutes(1, call).status.metrics['quota_used_percent']).toEqual({ nominatim: 100 })
    const coded = await judgedService(GeocodingHealthMonitor, { config, quotas: { nominatim: { requests: 2, per: 'day' } } })
    expect(coded.minutes(2, call).status.metrics['quota_used_percent']).toEqual({ nominatim: 100 })
  })

  test('a provider with a name that is none as a label is the same provider in both', async () => {
    const service = await judgedService(GeocodingHealthMonitor, { quotas: { 'Open Cage': { requests: 1, per: 'day' } } })
    service.minutes(1, (monitor) => monitor.recordApiCall({ upstream: 'Open Cage', durationMs: 1 }))
    expect(service.status.metrics).toMatchObject({
      quota_used_percent: { Open_Cage: 100 },
      provider_requests_per_hour: { Open_Cage: 60 },
    })
  })

  test('that are none are refused', () => {
    const quotas = { nominatim: { requests: 5, per: 'month' } } as unknown as Record<string, Quota>
    expect(() => new GeocodingHealthMonitor({ env: {}, quotas })).toThrow(
      new Error(`quotas.nominatim.per is "month", expected 'minute' or 'hour' or 'day'.`),
    )
  })
})

test('may be told any rubbish, drops it and is judged no worse', async () => {
  const lines = diagLines()
  const service = await judgedService(GeocodingHealthMonitor, { quotas: { nominatim: A_DAY } })
  const rubbish: unknown[] = [undefined, null, Number.NaN, -1, Infinity, 'x'.repeat(10_000), {}, [], () => {}, Symbol('s'), 1n]
  service.minutes(3, (monitor) => {
    for (const value of rubbish as never[]) {
      monitor.recordLookup(value)
      monitor.recordLookup({ result: value })
      monitor.recordQuota(value)
      monitor.recordQuota({ provider: value, used: value, limit: value })
      monitor.recordApiCall(value)
      monitor.recordApiCall({ upstream: value, durationMs: value, errorType: value })
      monitor.record(value, value)
    }
  })
  expect([service.told, service.status.status]).toEqual([[], 'healthy'])
  expect(lines.join('\n')).toContain('usage of quota that is no amount was dropped')
})

test('zero-code tells it of calls, lookups and work', async () => {
  const service = await judgedService(GeocodingHealthMonitor, { quotas: { photon: { requests: 4, per: 'minute' } } })
  const { recorder, monitor } = geocoding.monitor({
    clock: service.clock,
    exporter: service.exporter,
    env: { OTEL_METRICS_EXPORTER: 'none' },
  })
  await monitor.start()
  const facts = { name: 'geocode', success: true, durationMs: 3, errorType: undefined, reportsFound: undefined, events: undefined }
  recorder.attempt(facts)
  recorder.record('lookup', { ...facts, name: 'get' }, { result: 'hit' })
  recorder.apiCall({ upstream: 'photon', durationMs: 40, errorType: undefined })
  service.clock.advance(60_000)
  const { totals, metrics } = await monitor.collectHealthData()
  expect(totals).toMatchObject({
    attempts: { ok: 1 },
    api_calls: { photon: { ok: 1 } },
    'geocoding.cache.lookups': { hit: 1 },
  })
  expect(metrics).toMatchObject({ success_rate_percent: 100 })
  await monitor.stop(0)
})
