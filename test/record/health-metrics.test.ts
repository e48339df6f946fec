/** What the status says is what the levels say: one 1 in every state metric, none once there is nothing to say. */
import { describe, expect, test } from 'vitest'

import { HEALTH_ALERT_ACTIVE, HEALTH_ALERT_STATUS, HEALTH_CHECK_STATUS, HEALTH_SERVICE_SILENT } from '../../src/catalogue.ts'
import { CellStore } from '../../src/record/cells.ts'
import type { ShownStanding } from '../../src/record/health-metrics.ts'
import { HealthMetrics } from '../../src/record/health-metrics.ts'
import type { Alert, AlertState, Severity } from '../../src/types.ts'
import { VirtualClock } from '../support/virtual-clock.ts'

const QUIET: ShownStanding = { status: 'healthy', instanceStatus: 'healthy', phase: 'running', checks: {}, alerts: [] }

function alertOf(rule: string, state: AlertState, severity: Severity): Alert {
  return {
    id: rule,
    rule,
    service: 'svc',
    state,
    severity,
    episode: 1,
    since: 0,
    message: '',
    value: null,
    breachAt: 0,
  } as unknown as Alert
}

function shown() {
  const store = new CellStore(new VirtualClock())
  const metrics = new HealthMetrics(store, ['large_queue', 'service_silent'])
  const levels = () => store.samples().flatMap((sample) => (sample.kind === 'level' ? [sample] : []))
  return {
    set: (standing: Partial<ShownStanding>, silent: Readonly<Record<string, boolean>> = {}, clockSkewMs?: number) =>
      metrics.set({ ...QUIET, ...standing }, { silent: new Map(Object.entries(silent)), clockSkewMs }, 1_700_000_000_500),
    /** Attributes of the series of `metric` that are 1. */
    ones: (metric: string) =>
      levels()
        .filter(({ series, value }) => series.metric === metric && value === 1)
        .map(({ series }) => Object.values(series.attributes).join(' ')),
    count: (metric: string) => levels().filter(({ series }) => series.metric === metric).length,
    value: (metric: string) => levels().find(({ series }) => series.metric === metric)?.value,
  }
}

test('nothing is exported before anything was judged', () => {
  expect(shown().count('health.status')).toBe(0)
})

test('the heartbeat is the Unix time of the judgement in seconds', () => {
  const { set, value } = shown()
  set({})
  expect(value('health.heartbeat.time')).toBe(1_700_000_000.5)
})

test.for([
  { why: 'the service may be worse than this instance', standing: { status: 'unhealthy', instanceStatus: 'healthy' } },
  { why: 'a graceful stop says so last', standing: { phase: 'stopped' } },
  { why: 'a paused instance is no stopped one', standing: { phase: 'paused', status: 'degraded', instanceStatus: 'degraded' } },
] as const)('$why', ({ standing }) => {
  const { set, ones } = shown()
  set({})
  set(standing)
  const { status, instanceStatus, phase } = { ...QUIET, ...standing }
  expect([ones('health.status'), ones('health.instance.status'), ones('health.instance.phase')]).toEqual([
    [status],
    [instanceStatus],
    [phase],
  ])
})

describe('alerts', () => {
  test.for([
    { state: 'pending', active: [], because: 'a pending one is not open' },
    { state: 'firing', active: ['large_queue WARNING'], because: 'a firing one is' },
    { state: 'recovering', active: ['large_queue WARNING'], because: 'until it is resolved it is open' },
    { state: 'unknown', active: ['large_queue WARNING'], because: 'nobody has said that it is over' },
  ] as const)('$state: $because', ({ state, active }) => {
    const { set, ones } = shown()
    set({ alerts: [alertOf('large_queue', state, 'WARNING')] })
    expect(ones(HEALTH_ALERT_STATUS.name)).toEqual([`large_queue ${state}`, 'service_silent inactive'])
    expect(ones(HEALTH_ALERT_ACTIVE.name)).toEqual(active)
  })

  test('one that escalates is counted once, and one that is gone is 0, not absent', () => {
    const { set, ones, count } = shown()
    set({ alerts: [alertOf('large_queue', 'firing', 'WARNING')] })
    set({ alerts: [alertOf('large_queue', 'firing', 'CRITICAL')] })
    expect(ones(HEALTH_ALERT_ACTIVE.name)).toEqual(['large_queue CRITICAL'])
    set({})
    expect(ones(HEALTH_ALERT_ACTIVE.name)).toEqual([])
    expect(ones(HEALTH_ALERT_STATUS.name)).toEqual(['large_queue inactive', 'service_silent inactive'])
    expect(count(HEALTH_ALERT_ACTIVE.name)).toBe(4)
  })
})

test('a dependency that is not checked any more is in no state', () => {
  const { set, ones, count } = shown()
  set({ checks: { redis: { status: 'healthy' }, postgres: { status: 'unhealthy', error: 'ECONNREFUSED' } } })
  expect(ones(HEALTH_CHECK_STATUS.name)).toEqual(['redis healthy', 'postgres unhealthy'])
  set({ checks: { redis: { status: 'healthy' } } })
  expect(ones(HEALTH_CHECK_STATUS.name)).toEqual(['redis healthy'])
  expect(count(HEALTH_CHECK_STATUS.name)).toBe(6)
})

test('another service that fell silent is named until it is heard of again', () => {
  const { set, ones, count } = shown()
  set({}, { geocoding: true })
  expect(ones(HEALTH_SERVICE_SILENT.name)).toEqual(['geocoding'])
  set({}, { geocoding: false })
  expect([ones(HEALTH_SERVICE_SILENT.name), count(HEALTH_SERVICE_SILENT.name)]).toEqual([[], 1])
})

test('the skew of the clock is in seconds, and absent as long as it is not known', () => {
  const { set, value, count } = shown()
  set({})
  expect(count('health.clock.skew')).toBe(0)
  set({}, {}, -1250)
  expect(value('health.clock.skew')).toBe(-1.25)
  set({}, {}, 0)
  expect(value('health.clock.skew')).toBe(0)
})
