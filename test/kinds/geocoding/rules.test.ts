import { describe, expect, test } from 'vitest'

import { GeocodingHealthMonitor } from '../../../src/kinds/geocoding/monitor.ts'
import type { GeocodingHealthMonitorOptions } from '../../../src/kinds/geocoding/monitor.ts'
import { judgedService } from '../judged-service.ts'

type Act = (monitor: GeocodingHealthMonitor) => void

/** So many calls to one provider, of which so many end in this error. */
const calls =
  (upstream: string, n: number, failed = 0, errorType: string | number = 503): Act =>
  (monitor) => {
    for (let i = 0; i < n; i++) monitor.recordApiCall({ upstream, durationMs: 50, ...(i < failed && { errorType }) })
  }
const lookups =
  (hits: number, misses: number): Act =>
  (monitor) => {
    for (let i = 0; i < hits; i++) monitor.recordLookup({ result: 'hit' })
    for (let i = 0; i < misses; i++) monitor.recordLookup({ result: 'miss' })
  }
const all =
  (...acts: readonly Act[]): Act =>
  (monitor) => {
    for (const act of acts) act(monitor)
  }
const started = (options: GeocodingHealthMonitorOptions = {}) => judgedService(GeocodingHealthMonitor, options)

describe('failing_provider', () => {
  test('fires for the provider that fails more than 20 %, and resolves when it answers again', async () => {
    const service = await started()
    const others = calls('photon', 20)
    service.minutes(15, all(others, calls('nominatim', 20, 4)))
    expect(service.told).toEqual([])
    service.minutes(20, all(others, calls('nominatim', 20, 12)))
    expect(service.told).toEqual(['failing_provider nominatim fired WARNING'])
    expect(service.message).toMatch(/^nominatim: [\d.]+ % of the calls over \d+ min failed \(limit 20 %\): \d+ of \d+$/)
    expect(service.status).toMatchObject({ status: 'degraded', alerts: [{ labels: { 'work.upstream': 'nominatim' } }] })
    service.minutes(60, all(others, calls('nominatim', 20)))
    expect(service.told).toEqual(['failing_provider nominatim fired WARNING', 'failing_provider nominatim resolved WARNING'])
  })

  test('is a WARNING however many fail: another provider may answer', async () => {
    const service = await started()
    service.minutes(20, calls('photon', 20, 20))
    expect(service.told).toEqual(['failing_provider photon fired WARNING'])
  })

  test.for([
    { why: 'a burst of failures in many calls that go well', burst: 20, n: 100 },
    { why: 'three failures, when nothing was asked before', burst: 3, n: 0 },
  ])('does not fire for $why', async ({ burst, n }) => {
    const service = await started()
    service
      .minutes(5, calls('nominatim', n))
      .minutes(1, calls('nominatim', burst, burst))
      .minutes(10, calls('nominatim', n))
    expect(service.told).toEqual([])
  })

  test('fires for a provider that is seldom asked and never answers, and stays while it is not asked', async () => {
    const service = await started()
    service.minutes(15, calls('nominatim', 1, 1)).minutes(60)
    expect(service.told).toEqual(['failing_provider nominatim fired WARNING'])
    expect(service.open).toEqual(['failing_provider nominatim firing'])
    service.minutes(40, calls('nominatim', 20))
    expect(service.told.at(-1)).toBe('failing_provider nominatim resolved WARNING')
  })

  test('answers 429 are no failures', async () => {
    const service = await started({ rules: { rate_limited: false } })
    service.minutes(20, calls('nominatim', 20, 20, 429))
    expect(service.told).toEqual([])
  })
})

describe('rate_limited', () => {
  test('fires above 5 %, for the provider that asks for fewer calls', async () => {
    const service = await started()
    service.minutes(5, all(calls('photon', 100, 5, 429), calls('nominatim', 100)))
    expect(service.told).toEqual([])
    service.minutes(20, calls('photon', 100, 60, 429))
    expect(service.told).toEqual(['rate_limited photon fired WARNING'])
    expect(service.message).toMatch(/^photon: [\d.]+ % of the calls over \d+ min were answered 429 \(limit 5 %\): \d+ of \d+$/)
    service.minutes(60, calls('photon', 100))
    expect(service.told.at(-1)).toBe('rate_limited photon resolved WARNING')
  })
})

describe('low_cache_hit_rate', () => {
  test('fires when fewer than 60 % were hits for half an hour, and resolves', async () => {
    const service = await started()
    service.minutes(30, lookups(60, 40)).minutes(30, lookups(30, 70))
    expect(service.told).toEqual([])
    service.minutes(20, lookups(30, 70))
    expect(service.told).toEqual(['low_cache_hit_rate fired WARNING'])
    expect(service.message).toMatch(/^The cache hit rate is [\d.]+ % over \d+ min \(limit 60 %\): [\d,]+ of [\d,]+ lookups were hits$/)
    service.minutes(60, lookups(90, 10))
    expect(service.told.at(-1)).toBe('low_cache_hit_rate resolved WARNING')
  })

  test('a cache that is empty after a start has half an hour to fill', async () => {
    const service = await started()
    let minute = 0
    service.minutes(120, (monitor) => {
      // Three of four places come back; it takes ten minutes until most of them were seen.
      const hits = Math.round(75 * (1 - Math.exp(-minute++ / 10)))
      lookups(hits, 100 - hits)(monitor)
    })
    expect(service.told).toEqual([])
  })

  test('an answer of yesterday is no hit', async () => {
    const service = await started()
    service.minutes(
      80,
      all(lookups(30, 0), (monitor) => {
        for (let i = 0; i < 70; i++) monitor.recordLookup({ result: 'stale' })
      }),
    )
    expect(service.told).toEqual(['low_cache_hit_rate fired WARNING'])
  })

  test('a few misses at night say nothing', async () => {
    const service = await started()
    service.minutes(180, (monitor) => {
      if (service.clock.monotonicMs() % 7_200_000 === 0) lookups(0, 2)(monitor)
    })
    expect(service.told).toEqual([])
  })
})

describe('quota_nearly_used', () => {
  const quotas = { nominatim: { requests: 100, per: 'hour' }, photon: { requests: 1000, per: 'hour' } } as const

  test('fires at once above 80 %, is CRITICAL above 95 %, and resolves with the next period', async () => {
    const service = await started({ quotas })
    service.minutes(40, all(calls('nominatim', 2), calls('photon', 2)))
    expect(service.told).toEqual([])
    service.minutes(1, calls('nominatim', 1))
    expect(service.told).toEqual(['quota_nearly_used nominatim fired WARNING'])
    expect(service.message).toBe('81 % of the quota of nominatim is used (limit 80 %)')
    service.minutes(10, calls('nominatim', 2))
    expect(service.told).toEqual(['quota_nearly_used nominatim fired WARNING', 'quota_nearly_used nominatim escalated CRITICAL'])
    service.minutes(12)
    expect(service.told.at(-1)).toBe('quota_nearly_used nominatim resolved CRITICAL')
    expect(service.clock.monotonicMs()).toBe(63 * 60_000)
  })

  test('a restart in the midst of the period does not say that it is free again', async () => {
    const before = (await started({ quotas })).minutes(30, calls('nominatim', 3))
    expect(before.open).toEqual(['quota_nearly_used nominatim firing'])
    const after = await judgedService(GeocodingHealthMonitor, { quotas }, before)
    after.minutes(29, calls('nominatim', 1))
    expect([after.told, after.open]).toEqual([[], ['quota_nearly_used nominatim firing']])
    after.minutes(4)
    expect(after.told).toEqual(['quota_nearly_used nominatim resolved WARNING'])
  })

  test('a process that began in the midst of a period fires by what it counted itself alone', async () => {
    const before = (await started({ quotas })).minutes(30, calls('nominatim', 2))
    const after = await judgedService(GeocodingHealthMonitor, { quotas }, before)
    after.minutes(27, calls('nominatim', 3))
    expect(after.told).toEqual(['quota_nearly_used nominatim fired WARNING'])
    expect(after.message).toBe('81 % of the quota of nominatim is used (limit 80 %)')
  })

  test('where the provider says it, its word counts, and it holds until the provider says otherwise', async () => {
    const service = await started()
    service.minutes(1, (monitor) => monitor.recordQuota({ provider: 'google', used: 81, limit: 100 })).minutes(60)
    expect(service.told).toEqual(['quota_nearly_used google fired WARNING'])
    service.minutes(4, (monitor) => monitor.recordQuota({ provider: 'google', used: 1, limit: 100 }))
    expect(service.told.at(-1)).toBe('quota_nearly_used google resolved WARNING')
  })

  test('with quotas, too, and it is over when the period is', async () => {
    const service = await started({ quotas })
    service.minutes(10, calls('nominatim', 1))
    service.minutes(1, (monitor) => monitor.recordQuota({ provider: 'nominatim', used: 96, limit: 100 }))
    service.minutes(30)
    expect(service.told).toEqual(['quota_nearly_used nominatim fired CRITICAL'])
    service.minutes(22)
    expect(service.told.at(-1)).toBe('quota_nearly_used nominatim resolved CRITICAL')
  })

  test('its limit may be given in percent, as it is said, and is then what is certain after a restart', async () => {
    const rules = { quota_nearly_used: { limit: 50, critical: 60 } }
    const service = await started({ quotas, rules })
    service.minutes(26, calls('nominatim', 2))
    expect(service.told).toEqual(['quota_nearly_used nominatim fired WARNING'])
    expect(service.message).toBe('52 % of the quota of nominatim is used (limit 50 %)')
    const after = await judgedService(GeocodingHealthMonitor, { quotas, rules }, service)
    after.minutes(20, calls('nominatim', 3))
    expect(after.status.metrics['quota_used_percent']).toEqual({ nominatim: 60 })
  })
})

describe('slow_upstream', () => {
  test('is one alert for each provider: one that is slow is not drowned by another', async () => {
    const service = await started()
    service.minutes(12, (monitor) => {
      for (let i = 0; i < 200; i++) monitor.recordApiCall({ upstream: 'photon', durationMs: 20 })
      for (let i = 0; i < 5; i++) monitor.recordApiCall({ upstream: 'nominatim', durationMs: 11_000 })
    })
    expect(service.told).toEqual(['slow_upstream nominatim fired WARNING'])
    expect(service.message).toMatch(
      /^nominatim: \d+ of \d+ calls to upstreams took longer than 10 s or timed out over \d+ min: 100 % \(limit 5 %\)/,
    )
  })
})

describe('an operator sleeps', () => {
  test('with nothing to see at all', async () => {
    const service = await started({ quotas: { nominatim: { requests: 10, per: 'hour' } } })
    service.minutes(180)
    expect([service.told, service.status.status, service.status.reasons]).toEqual([[], 'healthy', []])
    // By the end there was a whole period, in which nothing was used.
    const kinds = service.status.verdicts.map((verdict) =>
      verdict.kind === 'inconclusive' ? `${verdict.rule} ${verdict.reason}` : `${verdict.rule} ${verdict.kind}`,
    )
    expect(kinds).toEqual([
      'large_queue no_data',
      'low_success_rate no_data',
      'low_work_rate no_data',
      'slow_upstream no_data',
      'failing_provider no_data',
      'rate_limited no_data',
      'low_cache_hit_rate no_data',
      'quota_nearly_used ok',
      'restart_loop no_data',
      'drain_stuck ok',
      'dependency_down no_data',
    ])
  })

  test('when all goes well', async () => {
    const service = await started({ quotas: { nominatim: { requests: 1000, per: 'hour' } } })
    service.minutes(120, all(lookups(80, 20), calls('nominatim', 10), calls('photon', 10)))
    expect([service.told, service.status.status]).toEqual([[], 'healthy'])
  })

  test('when the wall clock is set by an hour, forward and back', async () => {
    const service = await started({ quotas: { nominatim: { requests: 1000, per: 'day' } } })
    const well = all(lookups(80, 20), calls('nominatim', 1))
    service.minutes(30, well)
    service.clock.stepWallClock(3_600_000)
    service.minutes(30, well)
    service.clock.stepWallClock(-3_600_000)
    service.minutes(30, well)
    expect([service.told, service.status.status]).toEqual([[], 'healthy'])
  })
})

test.for([
  { rule: 'failing_provider', act: calls('nominatim', 20, 18), minutes: 12, limit: '95 %' },
  { rule: 'rate_limited', act: calls('nominatim', 20, 18, 429), minutes: 12, limit: '95 %' },
  { rule: 'low_cache_hit_rate', act: lookups(20, 80), minutes: 80, limit: 10 },
  { rule: 'quota_nearly_used', act: calls('nominatim', 100), minutes: 1, limit: 100 },
])('$rule fires, but not with another limit, and not where it is switched off', async ({ rule, act, minutes, limit }) => {
  const quotas = { nominatim: { requests: 100, per: 'hour' } } as const
  const others = Object.fromEntries(
    ['failing_provider', 'rate_limited', 'low_cache_hit_rate', 'quota_nearly_used']
      .filter((name) => name !== rule)
      .map((name) => [name, false as const]),
  )
  const told = async (change: object) => (await started({ quotas, rules: { ...others, ...change } })).minutes(minutes, act).told
  expect((await told({})).length).toBeGreaterThan(0)
  expect(await told({ [rule]: { limit, ...(rule !== 'low_cache_hit_rate' && rule !== 'rate_limited' && { critical: limit }) } })).toEqual(
    [],
  )
  expect(await told({ [rule]: false })).toEqual([])
})
