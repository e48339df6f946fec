import { describe, expect, test } from 'vitest'

import { Windows } from '../../src/compute/windows.ts'
import type { Sample, Selector, Series } from '../../src/types.ts'

const failed: Series = { metric: 'attempts', attributes: { outcome: 'failed', tier: 'hot' } }
const ok: Series = { metric: 'attempts', attributes: { outcome: 'ok', tier: 'hot' } }
const hot: Series = { metric: 'queue', attributes: { tier: 'hot', state: 'due' } }
const cold: Series = { metric: 'queue', attributes: { tier: 'cold', state: 'due' } }
const up: Series = { metric: 'account', attributes: { state: 'logged_in' } }
const down: Series = { metric: 'account', attributes: { state: 'logged_out' } }
const duration: Series = { metric: 'duration', attributes: {} }

const selectors: Record<string, Selector> = {
  attempts: { kind: 'events', metric: 'attempts' },
  failures: { kind: 'events', metric: 'attempts', where: { outcome: 'failed' } },
  due: { kind: 'level', metric: 'queue', where: { state: 'due' }, staleAfterSeconds: 90 },
  account: { kind: 'state', metric: 'account', attribute: 'state' },
  durations: { kind: 'distribution', metric: 'duration' },
  calls: { kind: 'events', metric: 'duration' },
  owed: { kind: 'time_above', level: 'due', above: 0 },
}
const sum = (series: Series, value: number): Sample => ({ series, kind: 'sum', value })
const level = (series: Series, value: number, setAt: number): Sample => ({ series, kind: 'level', value, setAt })

describe('windows', () => {
  test('series that match a selector are added up, others are not', () => {
    const windows = new Windows(selectors, 0)
    windows.ingest([sum(ok, 7), sum(failed, 3)], 1000, true)
    const readings = windows.readings(1000)
    expect(readings.events('attempts', 300).count).toBe(10)
    expect(readings.events('failures', 300).count).toBe(3)
  })

  test('covered time is the time that was watched, at most the window', () => {
    const windows = new Windows(selectors, 0)
    for (let second = 1; second <= 400; second++) windows.ingest([], second * 1000, true)
    expect(windows.readings(400_000).events('attempts', 3600).coveredSeconds).toBe(400)
    expect(windows.readings(400_000).events('attempts', 300).coveredSeconds).toBeLessThanOrEqual(300)
    expect(windows.readings(400_000).events('attempts', 300).coveredSeconds).toBeGreaterThan(289)
  })

  test('pauses and suspends are not covered', () => {
    const windows = new Windows(selectors, 0)
    windows.ingest([], 10_000, true)
    windows.ingest([], 30_000, false)
    windows.ingest([], 50_000, true)
    windows.ingest([], 650_000, true)
    expect(windows.readings(650_000).events('attempts', 3600).coveredSeconds).toBe(30)
  })

  test('levels are added up over series and are as old as the oldest of them', () => {
    const windows = new Windows(selectors, 0)
    windows.ingest([level(hot, 4, 0), level(cold, 2, 60_000)], 100_000, true)
    expect(windows.readings(100_000).level('due')).toEqual({ value: 6, ageSeconds: 100, stale: true })
  })

  test('a level that was never set, or is gone, is no reading', () => {
    const windows = new Windows(selectors, 0)
    expect(windows.readings(0).level('due')).toBeUndefined()
    windows.ingest([level(hot, 4, 0)], 0, true)
    windows.ingest([], 1000, true)
    expect(windows.readings(1000).level('due')).toBeUndefined()
  })

  test('a state is the attribute value that carries the 1', () => {
    const windows = new Windows(selectors, 0)
    expect(windows.readings(0).state('account')).toBeUndefined()
    windows.ingest([level(up, 0, 500), level(down, 1, 500)], 1000, true)
    expect(windows.readings(1000).state('account')).toEqual({ value: 'logged_out', ageSeconds: 0.5, stale: false })
  })

  test('a distribution counts buckets and sum, and its count is an event count', () => {
    const windows = new Windows(selectors, 0)
    const value = (counts: number[], total: number): Sample => ({
      series: duration,
      kind: 'histogram',
      value: { bounds: [1, 5], counts, count: counts.reduce((a, b) => a + b), sum: total },
    })
    windows.ingest([value([1, 0, 0], 0.5)], 1000, true)
    windows.ingest([value([1, 2, 1], 40.5)], 400_000, true)
    const readings = windows.readings(400_000)
    expect(readings.distribution('durations', 300)).toMatchObject({ count: 3, sum: 40, counts: [0, 2, 1], bounds: [1, 5] })
    expect(readings.events('calls', 300).count).toBe(3)
    expect(readings.quantile('durations', 0.5, 300)).toEqual({ value: 4, atLeast: 1, atMost: 5 })
    expect(readings.quantile('durations', 1, 300)).toEqual({ moreThan: 5 })
  })

  test('time above a level counts only while the level is known', () => {
    const windows = new Windows(selectors, 0)
    windows.ingest([], 10_000, true)
    windows.ingest([level(hot, 5, 10_000)], 10_000, true)
    windows.ingest([level(hot, 0, 30_000)], 30_000, true)
    windows.ingest([level(hot, 0, 30_000)], 40_000, true)
    expect(windows.readings(40_000).timeAbove('owed', 3600)).toEqual({ seconds: 20, coveredSeconds: 30 })
  })

  test('asking for what the profile does not select is a mistake that is named', () => {
    const windows = new Windows(selectors, 0)
    expect(() => windows.readings(0).events('nonsense', 300)).toThrow('The profile has no events selector named "nonsense".')
    expect(() => new Windows({ owed: { kind: 'time_above', level: 'due', above: 0 } }, 0)).toThrow(/needs a level selector named "due"/)
  })
})
