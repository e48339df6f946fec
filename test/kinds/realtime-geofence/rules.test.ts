import { describe, expect, test } from 'vitest'

import type { RealtimeGeofenceHealthMonitorOptions } from '../../../src/kinds/realtime-geofence/monitor.ts'
import { RealtimeGeofenceHealthMonitor } from '../../../src/kinds/realtime-geofence/monitor.ts'
import type { RulesConfig } from '../../../src/rules/rules-config.ts'
import { judgedService } from '../judged-service.ts'

type Act = (monitor: RealtimeGeofenceHealthMonitor) => void

/** So many reports, of which the first `events` made one each, seen so late. */
const reports =
  (n: number, events = 0, latencyMinutes = 20): Act =>
  (monitor) => {
    for (let i = 0; i < n; i++) {
      const event = { transition: 'enter', latencyMs: latencyMinutes * 60_000 } as const
      monitor.recordEvaluation({ success: true, timing: 'in_order', events: i < events ? [event] : [] })
    }
  }
const started = (options: RealtimeGeofenceHealthMonitorOptions = {}) => judgedService(RealtimeGeofenceHealthMonitor, options)

describe('slow_detection', () => {
  test('fires above 45 minutes after a quarter of an hour, and resolves once events are seen in time again', async () => {
    const service = await started()
    service.minutes(20, reports(10, 4, 44))
    expect(service.told).toEqual([])
    service.minutes(15, reports(10, 4, 50))
    expect(service.told).toEqual([])
    service.minutes(2, reports(10, 4, 50))
    expect(service.told).toEqual(['slow_detection fired WARNING'])
    expect(service.message).toMatch(/^The 95th percentile from report to event is [\d.]+ min over 15 min \(limit 45 min\), of \d+ events$/)
    service.minutes(20, reports(10, 4))
    expect(service.told).toEqual(['slow_detection fired WARNING', 'slow_detection resolved WARNING'])
  })

  test('is CRITICAL above two hours', async () => {
    const service = await started()
    service.minutes(22, reports(10, 4, 150))
    expect(service.told).toEqual(['slow_detection fired CRITICAL'])
    expect(service.message).toContain('limit 120 min')
  })

  test('one event in twenty may be late', async () => {
    const service = await started()
    service.minutes(60, (monitor) => {
      reports(20, 19)(monitor)
      reports(1, 1, 600)(monitor)
    })
    expect(service.told).toEqual([])
  })

  test('of fewer than twenty events in fifteen minutes nothing is said', async () => {
    const service = await started()
    service.minutes(60, reports(10, 1, 600))
    expect(service.told).toEqual([])
    expect(service.status.verdicts).toContainEqual({ rule: 'slow_detection', kind: 'inconclusive', reason: 'low_sample' })
  })

  test('stays as it is when no event comes any more: nobody knows whether it is over', async () => {
    const service = await started()
    service.minutes(22, reports(10, 4, 50)).minutes(60, reports(10))
    expect([service.told, service.open]).toEqual([['slow_detection fired WARNING'], ['slow_detection firing']])
    service.minutes(9, reports(10, 4))
    expect(service.told.at(-1)).toBe('slow_detection resolved WARNING')
  })

  test('a tracker that was away for a day, and all of whose reports are late, is nobody’s fault', async () => {
    const service = await started()
    service
      .minutes(30, reports(4, 2))
      .minutes(1, reports(15, 15, 24 * 60))
      .minutes(30, reports(4, 2))
    expect(service.told).toEqual([])
  })
})

describe('no_events', () => {
  const eventsLearning = '10m'

  test('fires when twice as many reports made no event as ever before, and resolves with the next event', async () => {
    const service = await started({ eventsLearning: '40m' })
    // Every tenth report makes an event, and once it takes a hundred.
    service.minutes(30, reports(10, 1)).minutes(9, reports(10)).minutes(1, reports(10, 1))
    service.minutes(19, reports(10))
    expect([service.told, service.status.metrics['quiet_percent']]).toEqual([[], 199])
    service.minutes(3, reports(10))
    expect(service.told).toEqual(['no_events fired WARNING'])
    expect(service.message).toMatch(/^Reports without an event: 2\d\d % of the most that ever came between two events \(limit 200 %\)$/)
    service.minutes(4, reports(10, 1))
    expect(service.told).toEqual(['no_events fired WARNING', 'no_events resolved WARNING'])
  })

  test('is not judged before it has learned, nor by a handful of events', async () => {
    const untaught = await started()
    untaught.minutes(60, reports(10, 1)).minutes(60, reports(10))
    expect(untaught.told).toEqual([])
    const few = await started({ eventsLearning })
    few.minutes(20, reports(10, 1)).minutes(60, reports(10))
    expect(few.told).toEqual([])
    expect(few.status.verdicts).toContainEqual({ rule: 'no_events', kind: 'inconclusive', reason: 'no_data' })
  })

  test('many events of one report are no past', async () => {
    const service = await started({ eventsLearning })
    service.minutes(3, reports(40, 1))
    service.minutes(1, (monitor) =>
      monitor.recordEvaluation({ success: true, events: Array.from({ length: 500 }, () => ({ transition: 'exit' as const })) }),
    )
    service.minutes(30, reports(40))
    expect([service.told, service.status.status]).toEqual([[], 'healthy'])
  })

  test('a night without reports is no quiet one', async () => {
    const service = await started({ eventsLearning })
    service.minutes(30, reports(10, 1)).minutes(120).minutes(30, reports(10, 1))
    expect(service.told).toEqual([])
  })

  test('a night of reports without events is learned in the first day, and the second is like it', async () => {
    const service = await started({ eventsLearning: '24h', evaluationInterval: 30, publishingInterval: 30 })
    for (let day = 0; day < 3; day++) service.minutes(16 * 60, reports(2, 1)).minutes(8 * 60, reports(2))
    expect(service.told).toEqual([])
  })

  test('reports that fail are not quiet: low_success_rate tells of them', async () => {
    const service = await started({ eventsLearning })
    service.minutes(30, reports(10, 1))
    service.minutes(30, (monitor) => {
      for (let i = 0; i < 10; i++) monitor.recordEvaluation({ success: false, errorType: 'TypeError' })
    })
    expect(service.told[0]).toMatch(/^low_success_rate fired /)
    expect(service.status.alerts).toMatchObject([{ rule: 'low_success_rate', severity: 'CRITICAL' }])
  })

  test('a restart has to learn anew; an alert of before it stays as it was until then', async () => {
    const before = (await started({ eventsLearning })).minutes(30, reports(10, 1)).minutes(5, reports(10))
    expect(before.open).toEqual(['no_events firing'])
    const after = await judgedService(RealtimeGeofenceHealthMonitor, { eventsLearning }, before)
    after.minutes(15, reports(10))
    expect([after.told, after.open]).toEqual([[], ['no_events firing']])
    after.minutes(30, reports(10, 1))
    expect([after.told, after.open]).toEqual([['no_events resolved WARNING'], []])
  })

  test('while no report comes it stays as it was', async () => {
    const service = await started({ eventsLearning })
    service.minutes(30, reports(10, 1)).minutes(5, reports(10)).minutes(60)
    expect([service.told, service.open]).toEqual([['no_events fired WARNING'], ['no_events firing']])
  })
})

describe('an operator sleeps', () => {
  test.for([
    { why: 'nothing to see at all', options: {} },
    { why: 'nothing to see and nothing to learn', options: { eventsLearning: 0 } },
  ])('with $why', async ({ options }) => {
    const service = await started(options)
    service.minutes(120)
    expect([service.told, service.status.status, service.status.reasons]).toEqual([[], 'healthy', []])
    for (const rule of ['slow_detection', 'no_events']) {
      expect(service.status.verdicts).toContainEqual({ rule, kind: 'inconclusive', reason: 'no_data' })
    }
  })

  test('when all goes well, and the wall clock is set by an hour', async () => {
    const service = await started({ eventsLearning: '10m' })
    service.minutes(40, reports(20, 3))
    service.clock.stepWallClock(3_600_000)
    service.minutes(40, reports(20, 3))
    service.clock.stepWallClock(-7_200_000)
    service.minutes(40, reports(20, 3))
    expect([service.told, service.status.status]).toEqual([[], 'healthy'])
  })
})

test.for([
  { rule: 'slow_detection', acts: [[22, reports(10, 4, 50)]] as const, limit: 60 },
  {
    rule: 'no_events',
    acts: [
      [30, reports(10, 1)],
      [5, reports(10)],
    ] as const,
    limit: 1000,
  },
])('$rule fires, but not with another limit, and not where it is switched off', async ({ rule, acts, limit }) => {
  const told = async (rules: RulesConfig) => {
    const service = await started({ eventsLearning: '10m', rules })
    for (const [minutes, act] of acts) service.minutes(minutes, act)
    return service.told
  }
  expect(await told({})).toHaveLength(1)
  // A plain number is in the unit that the rule has: minutes, percent.
  expect(await told({ [rule]: { limit } })).toEqual([])
  expect(await told({ [rule]: false })).toEqual([])
})
