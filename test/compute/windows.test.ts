import { describe, expect, test } from 'vitest'

import { Windows } from '../../src/compute/windows.ts'
import type { EventsSelector, LastSeenSelector, LevelSelector, Sample, Selector, Series } from '../../src/types.ts'

const failed: Series = { metric: 'attempts', attributes: { outcome: 'failed', tier: 'hot' } }
const ok: Series = { metric: 'attempts', attributes: { outcome: 'ok', tier: 'hot' } }
const hot: Series = { metric: 'queue', attributes: { tier: 'hot', state: 'due' } }
const cold: Series = { metric: 'queue', attributes: { tier: 'cold', state: 'due' } }
const up: Series = { metric: 'account', attributes: { state: 'logged_in' } }
const down: Series = { metric: 'account', attributes: { state: 'logged_out' } }
const duration: Series = { metric: 'duration', attributes: {} }

const due: LevelSelector = { kind: 'level', metric: 'queue', where: { state: 'due' }, staleAfterSeconds: 90 }
const of = {
  attempts: { kind: 'events', metric: 'attempts' },
  failures: { kind: 'events', metric: 'attempts', where: { outcome: 'failed' } },
  due,
  account: { kind: 'state', metric: 'account', attribute: 'state' },
  durations: { kind: 'distribution', metric: 'duration' },
  calls: { kind: 'events', metric: 'duration' },
  last: { kind: 'last_seen', metric: 'attempts' },
  owed: { kind: 'time_above', level: due, above: 0 },
} as const satisfies Record<string, Selector>
const selectors = Object.values(of).map((selector) => ({ selector }))
const sum = (series: Series, value: number): Sample => ({ series, kind: 'sum', value })
const level = (series: Series, value: number, setAt: number): Sample => ({ series, kind: 'level', value, setAt })

describe('windows', () => {
  test('series that match a selector are added up, others are not', () => {
    const windows = new Windows(selectors, 0)
    windows.ingest([sum(ok, 7), sum(failed, 3)], 1000, true)
    const readings = windows.readings(1000)
    expect(readings.events(of.attempts, 300).count).toBe(10)
    expect(readings.events(of.failures, 300).count).toBe(3)
  })

  test('covered time is the time that was watched, at most the window', () => {
    const windows = new Windows(selectors, 0)
    for (let second = 1; second <= 400; second++) windows.ingest([], second * 1000, true)
    expect(windows.readings(400_000).events(of.attempts, 3600).coveredSeconds).toBe(400)
    expect(windows.readings(400_000).events(of.attempts, 300).coveredSeconds).toBeLessThanOrEqual(300)
    expect(windows.readings(400_000).events(of.attempts, 300).coveredSeconds).toBeGreaterThan(289)
  })

  test('pauses and suspends are not covered', () => {
    const windows = new Windows(selectors, 0)
    windows.ingest([], 10_000, true)
    windows.ingest([], 30_000, false)
    windows.ingest([], 50_000, true)
    windows.ingest([], 650_000, true)
    expect(windows.readings(650_000).events(of.attempts, 3600).coveredSeconds).toBe(30)
  })

  test.for([
    { why: 'while the service is paused', at: 20_000, running: false },
    { why: 'while nobody watched', at: 20_000 + 45_000, running: true },
  ])('what happens $why is in no window, nor is its time; what comes after it is', ({ at, running }) => {
    const histogram = (counts: number[], total: number): Sample => ({
      series: duration,
      kind: 'histogram',
      value: { bounds: [1, 5], counts, count: counts.reduce((a, b) => a + b), sum: total },
    })
    const windows = new Windows(selectors, 0)
    windows.ingest([sum(ok, 10), sum(failed, 1), histogram([1, 0, 0], 0.5)], 10_000, true)
    windows.ingest([sum(ok, 500), sum(failed, 100), histogram([1, 9, 0], 30.5)], at, running)
    windows.ingest([sum(ok, 512), sum(failed, 103), histogram([1, 9, 2], 50.5)], at + 10_000, true)
    const readings = windows.readings(at + 10_000)
    expect(readings.events(of.attempts, 3600)).toMatchObject({ count: 26, coveredSeconds: 20 })
    expect(readings.events(of.failures, 3600).count).toBe(4)
    expect(readings.distribution(of.durations, 3600)).toMatchObject({ counts: [1, 0, 2], count: 3, sum: 20.5, coveredSeconds: 20 })
    expect(readings.lastSeenSeconds(of.last)).toBe(0)
  })

  test('of two collections at one instant neither is lost', () => {
    const windows = new Windows(selectors, 0)
    windows.ingest([sum(ok, 1)], 0, true)
    windows.ingest([sum(ok, 3)], 0, true)
    expect(windows.readings(0).events(of.attempts, 300).count).toBe(3)
  })

  test.for([NaN, Infinity, -Infinity])('%s is no reading', (none) => {
    const windows = new Windows(selectors, 0)
    const histogram: Sample = { series: duration, kind: 'histogram', value: { bounds: [1], counts: [1, 0], count: 1, sum: none } }
    windows.ingest([sum(ok, none), level(hot, none, 0), histogram], 10_000, true)
    windows.ingest([sum(ok, none), level(hot, none, 0), histogram], 20_000, true)
    const readings = windows.readings(20_000)
    expect(readings.events(of.attempts, 300)).toMatchObject({ count: 0, coveredSeconds: 0 })
    expect(readings.level(of.due)).toBeUndefined()
    expect(readings.timeAbove(of.owed, 300)).toEqual({ seconds: 0, coveredSeconds: 0 })
    expect(readings.distribution(of.durations, 300)).toMatchObject({ count: 0, sum: 0, coveredSeconds: 0 })
    expect(readings.quantile(of.durations, 0.5, 300)).toBeUndefined()
  })

  test('levels are added up over series and are as old as the oldest of them', () => {
    const windows = new Windows(selectors, 0)
    windows.ingest([level(hot, 4, 0), level(cold, 2, 60_000)], 100_000, true)
    expect(windows.readings(100_000).level(of.due)).toEqual({ value: 6, ageSeconds: 100, stale: true })
  })

  test('a level that was never set, or is gone, is no reading', () => {
    const windows = new Windows(selectors, 0)
    expect(windows.readings(0).level(of.due)).toBeUndefined()
    windows.ingest([level(hot, 4, 0)], 0, true)
    windows.ingest([], 1000, true)
    expect(windows.readings(1000).level(of.due)).toBeUndefined()
  })

  test('a state is the attribute value that carries the 1', () => {
    const windows = new Windows(selectors, 0)
    expect(windows.readings(0).state(of.account)).toBeUndefined()
    windows.ingest([level(up, 0, 500), level(down, 1, 500)], 1000, true)
    expect(windows.readings(1000).state(of.account)).toEqual({ value: 'logged_out', ageSeconds: 0.5, stale: false })
  })

  test('a distribution counts buckets and sum, and its count is an event count', () => {
    const windows = new Windows(selectors, 0)
    const value = (counts: number[], total: number): Sample => ({
      series: duration,
      kind: 'histogram',
      value: { bounds: [1, 5], counts, count: counts.reduce((a, b) => a + b), sum: total },
    })
    windows.ingest([value([1, 0, 0], 0.5)], 1000, true)
    for (let now = 20_000; now < 400_000; now += 20_000) windows.ingest([value([1, 0, 0], 0.5)], now, true)
    windows.ingest([value([1, 2, 1], 40.5)], 400_000, true)
    const readings = windows.readings(400_000)
    expect(readings.distribution(of.durations, 300)).toMatchObject({ count: 3, sum: 40, counts: [0, 2, 1], bounds: [1, 5] })
    expect(readings.events(of.calls, 300).count).toBe(3)
    expect(readings.quantile(of.durations, 0.5, 300)).toEqual({ value: 4, atLeast: 1, atMost: 5 })
    expect(readings.quantile(of.durations, 1, 300)).toEqual({ moreThan: 5 })
  })

  test('time above a level counts only while the level is known', () => {
    const windows = new Windows(selectors, 0)
    windows.ingest([], 10_000, true)
    windows.ingest([level(hot, 5, 10_000)], 10_000, true)
    windows.ingest([level(hot, 0, 30_000)], 30_000, true)
    windows.ingest([level(hot, 0, 30_000)], 40_000, true)
    expect(windows.readings(40_000).timeAbove(of.owed, 3600)).toEqual({ seconds: 20, coveredSeconds: 30 })
  })

  test('time above a level does not count while the service takes on no work, though what it does is watched', () => {
    const windows = new Windows(selectors, 0)
    windows.ingest([level(hot, 5, 10_000)], 10_000, true)
    windows.ingest([level(hot, 5, 20_000)], 20_000, true)
    windows.ingest([level(hot, 5, 50_000)], 50_000, true, false)
    windows.ingest([level(hot, 5, 60_000)], 60_000, true)
    expect(windows.readings(60_000).timeAbove(of.owed, 3600)).toEqual({ seconds: 20, coveredSeconds: 20 })
    expect(windows.readings(60_000).coveredSeconds(3600)).toBe(60)
  })

  test('asking for what the profile does not select is a mistake that is named', () => {
    const windows = new Windows(selectors, 0)
    expect(() => windows.readings(0).events({ kind: 'events', metric: 'nonsense' }, 300)).toThrow(
      'A rule or figure reads {"kind":"events","metric":"nonsense"}, which it does not name in what it needs.',
    )
  })

  test('a selector is known by what it says, not only by its object', () => {
    const windows = new Windows(selectors, 0)
    windows.ingest([sum(ok, 7)], 1000, true)
    expect(windows.readings(1000).events({ metric: 'attempts', kind: 'events' }, 300).count).toBe(7)
  })

  test.for([
    { why: 'a value', where: { outcome: 'failed' }, count: 3 },
    { why: 'any of several', where: { outcome: ['failed', 'ok'] }, count: 10 },
    { why: 'none of several', where: { outcome: { not: ['ok'] } }, count: 3 },
    { why: 'not a value, which a series without the attribute has not either', where: { region: { not: 'eu' } }, count: 10 },
    { why: 'the empty value, for series without the attribute', where: { region: '' }, count: 10 },
  ])('series are selected by $why', ({ where, count }) => {
    const selector: EventsSelector = { kind: 'events', metric: 'attempts', where }
    const windows = new Windows([{ selector }], 0)
    windows.ingest([sum(ok, 7), sum(failed, 3)], 1000, true)
    expect(windows.readings(1000).events(selector, 300).count).toBe(count)
  })

  test('several gauges are their sum, their highest or their lowest', () => {
    const folded = (fold: 'sum' | 'max' | 'min'): LevelSelector => ({ kind: 'level', metric: 'queue', fold })
    const [all, highest, lowest] = [folded('sum'), folded('max'), folded('min')]
    const windows = new Windows(
      [all, highest, lowest].map((selector) => ({ selector })),
      0,
    )
    windows.ingest([level(hot, 4, 0), level(cold, -2, 0)], 1000, true)
    expect([all, highest, lowest].map((selector) => windows.readings(1000).level(selector)?.value)).toEqual([2, 4, -2])
  })

  test('what was last seen is as old as the last count that grew, or the last level that was set', () => {
    const counted: LastSeenSelector = { kind: 'last_seen', metric: 'attempts' }
    const set: LastSeenSelector = { kind: 'last_seen', metric: 'queue' }
    const windows = new Windows([{ selector: counted }, { selector: set }], 0)
    expect(windows.readings(0).lastSeenSeconds(counted)).toBeUndefined()
    windows.ingest([sum(ok, 1), level(hot, 4, 500)], 1000, true)
    windows.ingest([sum(ok, 1), level(hot, 4, 500)], 9000, true)
    expect([windows.readings(9000).lastSeenSeconds(counted), windows.readings(9000).lastSeenSeconds(set)]).toEqual([8, 8.5])
  })
})

describe('groups', () => {
  const attempts: EventsSelector = { kind: 'events', metric: 'attempts' }
  const seriesOf = (name: string): Series => ({ metric: 'attempts', attributes: { name } })

  test('each value of an attribute has readings of its own, from its first series on', () => {
    const windows = new Windows([{ selector: attempts, by: 'name' }], 0)
    const [mail, fax] = [seriesOf('mail'), seriesOf('fax')]
    windows.ingest([sum(mail, 5)], 1000, true)
    windows.ingest([sum(mail, 6), sum(fax, 2), sum(ok, 1)], 2000, true)
    const readings = windows.readings(2000)
    expect(readings.events(attempts, 60).count).toBe(9)
    expect(readings.groups('name', [attempts])).toEqual(['mail', 'fax', ''])
    expect(['mail', 'fax', '', 'none'].map((name) => readings.within('name', name).events(attempts, 60).count)).toEqual([6, 2, 1, 0])
  })

  test('beyond 50 values further ones are judged together, and it is known', () => {
    const windows = new Windows([{ selector: attempts, by: 'name' }], 0)
    const series = Array.from({ length: 60 }, (_, i) => seriesOf(`n${i}`))
    windows.ingest(
      series.map((each) => sum(each, 1)),
      1000,
      true,
    )
    const readings = windows.readings(1000)
    expect(readings.groups('name', [attempts])).toHaveLength(51)
    expect(readings.within('name', '_OTHER').events(attempts, 60).count).toBe(10)
    expect([...windows.overflowing]).toEqual(['name'])
  })
})
