import { describe, expect, test } from 'vitest'

import { LocationAggregatorHealthMonitor } from '../../../src/kinds/location-aggregator/monitor.ts'
import type { RulesConfig } from '../../../src/rules/rules-config.ts'
import type { ServiceHealthMonitorOptions } from '../../../src/service/monitor-options.ts'
import { judgedService } from '../judged-service.ts'

type Act = (monitor: LocationAggregatorHealthMonitor) => void

/** So many aggregations of ten reports each. */
const aggregations =
  (n: number, { lagSeconds = 2, durationSeconds = 0.2, dropped = 1 } = {}): Act =>
  (monitor) => {
    for (let i = 0; i < n; i++) {
      monitor.recordAggregation({
        received: 10,
        merged: 10 - dropped,
        duplicates: dropped,
        lagMs: 1000 * lagSeconds,
        durationMs: 1000 * durationSeconds,
      })
    }
  }
const started = (options: ServiceHealthMonitorOptions = {}) => judgedService(LocationAggregatorHealthMonitor, options)

describe('aggregation_lag', () => {
  test('fires above a minute once it holds for one, is CRITICAL above five, and resolves', async () => {
    const service = await started()
    service.minutes(5, aggregations(1, { lagSeconds: 60 }))
    expect(service.told).toEqual([])
    service.minutes(1, aggregations(1, { lagSeconds: 61 }))
    expect(service.told).toEqual([])
    service.minutes(1, aggregations(1, { lagSeconds: 200 }))
    expect(service.told).toEqual(['aggregation_lag fired WARNING'])
    // The figures are of the moment in which it fired.
    expect(service.message).toMatch(/^Aggregation is (61|200) s behind the newest report \(limit 60 s\)$/)
    service.minutes(2, aggregations(1, { lagSeconds: 301 }))
    expect(service.told.at(-1)).toBe('aggregation_lag escalated CRITICAL')
    expect(service.message).toBe('Aggregation is 301 s behind the newest report (limit 300 s)')
    service.minutes(4, aggregations(1))
    expect(service.told.at(-1)).toBe('aggregation_lag resolved CRITICAL')
    expect(service.status.status).toBe('healthy')
  })

  test('one late aggregation among others is nothing', async () => {
    const service = await started()
    service
      .minutes(5, aggregations(1))
      .seconds(50, (monitor) => monitor.recordAggregation({ received: 1, merged: 1, lagMs: 400_000 }))
      .minutes(5, aggregations(1))
    expect(service.told).toEqual([])
  })

  test('when reports stop coming it neither resolves nor is forgotten, and the status says that nobody knows', async () => {
    const service = await started()
    service.minutes(3, aggregations(1, { lagSeconds: 400 })).minutes(60)
    expect([service.told, service.open]).toEqual([['aggregation_lag fired CRITICAL'], ['aggregation_lag firing']])
    expect(service.status.reasons).toEqual([
      'aggregation_lag: Aggregation is 400 s behind the newest report (limit 300 s)',
      'aggregation_lag cannot be judged: its data is stale',
    ])
    // What comes after it counts: with reports every ten minutes, too, it is over after two minutes that are known to be fine.
    service.minutes(25, (monitor) => {
      if (service.clock.monotonicMs() % 600_000 === 0) aggregations(1)(monitor)
    })
    expect([service.told.at(-1), service.open]).toEqual(['aggregation_lag resolved CRITICAL', []])
  })

  test('a pending one is forgotten when reports stop coming', async () => {
    const service = await started()
    service.seconds(30, aggregations(1, { lagSeconds: 400 }))
    // The last lag holds for two minutes; it fires by that alone.
    service.minutes(10)
    expect(service.told).toEqual(['aggregation_lag fired CRITICAL'])
  })

  test('a restart leaves it as it is until an aggregation tells', async () => {
    const before = (await started()).minutes(3, aggregations(1, { lagSeconds: 400 }))
    const after = await judgedService(LocationAggregatorHealthMonitor, {}, before)
    after.minutes(10)
    expect([after.told, after.open]).toEqual([[], ['aggregation_lag firing']])
    after.minutes(3, aggregations(1))
    expect(after.told).toEqual(['aggregation_lag resolved CRITICAL'])
  })

  test('reports that waited while the service was down are behind by nature: a backlog that is gone in a minute is nothing', async () => {
    const service = await started()
    service.seconds(55, (monitor) => aggregations(1, { lagSeconds: 600 })(monitor)).minutes(10, aggregations(5))
    expect(service.told).toEqual([])
  })
})

describe('slow_aggregation', () => {
  test('fires above ten seconds, is CRITICAL above a minute, and resolves', async () => {
    const service = await started()
    service.minutes(6, aggregations(10, { durationSeconds: 9 }))
    expect(service.told).toEqual([])
    service.minutes(4, aggregations(10, { durationSeconds: 20 }))
    expect(service.told).toEqual(['slow_aggregation fired WARNING'])
    expect(service.message).toMatch(/^The 95th percentile of aggregations is [\d.]+ s over \d+ min \(limit 10 s\), of \d+$/)
    service.minutes(5, aggregations(10, { durationSeconds: 90 }))
    expect(service.told.at(-1)).toBe('slow_aggregation escalated CRITICAL')
    service.minutes(40, aggregations(10))
    expect(service.told.at(-1)).toMatch(/^slow_aggregation resolved/)
  })

  test('of fewer than twenty aggregations in half an hour nothing is said', async () => {
    const service = await started()
    service.minutes(90, (monitor) => {
      if (service.clock.monotonicMs() % 120_000 === 0) aggregations(1, { durationSeconds: 59 })(monitor)
    })
    expect(service.told).toEqual([])
    expect(service.status.verdicts).toContainEqual({ rule: 'slow_aggregation', kind: 'inconclusive', reason: 'low_sample' })
  })

  test('fires for a single worker that takes most of a minute for each', async () => {
    const service = await started()
    service.minutes(30, aggregations(1, { durationSeconds: 55 }))
    expect(service.told).toEqual(['slow_aggregation fired WARNING'])
  })
})

describe('high_drop_share', () => {
  test('fires above half of the reports after it has held for a quarter of an hour, is CRITICAL above nine in ten, and resolves', async () => {
    const service = await started()
    service.minutes(20, aggregations(6, { dropped: 5 }))
    expect(service.told).toEqual([])
    service.minutes(15, aggregations(6, { dropped: 8 }))
    expect(service.told).toEqual([])
    service.minutes(30, aggregations(6, { dropped: 8 }))
    expect(service.told).toEqual(['high_drop_share fired WARNING'])
    expect(service.message).toMatch(
      /^[\d.]+ % of the reports were dropped as duplicates or as implausible over [\d.]+ (?:min|h) \(limit 50 %\): [\d,]+ of [\d,]+$/,
    )
    service.minutes(90, aggregations(6, { dropped: 10 }))
    expect(service.told.at(-1)).toBe('high_drop_share escalated CRITICAL')
    service.minutes(120, aggregations(6))
    expect(service.told.at(-1)).toMatch(/^high_drop_share resolved /)
  })

  test('reports that are given once more after a restart are duplicates, however many they are', async () => {
    const service = await started()
    service.minutes(1, aggregations(300, { dropped: 10 })).minutes(30, aggregations(6))
    expect(service.told).toEqual([])
  })

  test('a few reports at night say nothing', async () => {
    const service = await started()
    service.minutes(120, (monitor) => {
      if (service.clock.monotonicMs() % 3_600_000 === 0) monitor.recordAggregation({ received: 2, merged: 0, duplicates: 2 })
    })
    expect(service.told).toEqual([])
  })
})

describe('an operator sleeps', () => {
  test('with nothing to see at all', async () => {
    const service = await started()
    service.minutes(120)
    expect([service.told, service.status.status, service.status.reasons]).toEqual([[], 'healthy', []])
    for (const rule of ['aggregation_lag', 'slow_aggregation', 'high_drop_share']) {
      expect(service.status.verdicts).toContainEqual({ rule, kind: 'inconclusive', reason: 'no_data' })
    }
  })

  test('when no report comes for hours: stale is no fault', async () => {
    const service = await started()
    service.minutes(10, aggregations(5)).minutes(120)
    expect([service.told, service.status.status, service.status.reasons]).toEqual([[], 'healthy', []])
    expect(service.status.verdicts).toContainEqual({ rule: 'aggregation_lag', kind: 'inconclusive', reason: 'stale' })
  })

  test('when all goes well, and the wall clock is set by an hour', async () => {
    const service = await started()
    service.minutes(30, aggregations(5))
    service.clock.stepWallClock(3_600_000)
    service.minutes(30, aggregations(5))
    expect([service.told, service.status.status]).toEqual([[], 'healthy'])
  })
})

test.for([
  { rule: 'aggregation_lag', act: aggregations(5, { lagSeconds: 100 }), minutes: 3, limit: 120 },
  { rule: 'slow_aggregation', act: aggregations(5, { durationSeconds: 15 }), minutes: 8, limit: 30 },
  { rule: 'high_drop_share', act: aggregations(6, { dropped: 7 }), minutes: 60, limit: 80 },
])('$rule fires, but not with another limit, and not where it is switched off', async ({ rule, act, minutes, limit }) => {
  const told = async (rules: RulesConfig) => (await started({ rules })).minutes(minutes, act).told
  expect(await told({})).toEqual([`${rule} fired WARNING`])
  expect(await told({ [rule]: { limit } })).toEqual([])
  expect(await told({ [rule]: false })).toEqual([])
})
