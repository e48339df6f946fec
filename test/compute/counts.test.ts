import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { Windows } from '../../src/compute/windows.ts'
import type { CountsSelector, EventsSelector, LevelSelector, Sample, Series } from '../../src/types.ts'

const HOUR = 3600
const DAY = 24 * HOUR
const at = (seconds: number): number => seconds * 1000

const all: EventsSelector = { kind: 'events', metric: 'calls' }
const failed: EventsSelector = { kind: 'events', metric: 'calls', where: { outcome: 'failed' } }
const due: LevelSelector = { kind: 'level', metric: 'due' }
const owed = { kind: 'time_above', level: due, above: 0 } as const
const calls: CountsSelector = { kind: 'counts', of: [all, failed] }
const work: CountsSelector = { kind: 'counts', of: [all, owed] }

const ok = (name: string): Series => ({ metric: 'calls', attributes: { outcome: 'ok', name } })
const bad = (name: string): Series => ({ metric: 'calls', attributes: { outcome: 'failed', name } })
const [mailOk, mailBad, faxBad] = [ok('mail'), bad('mail'), bad('fax')]
const queue: Series = { metric: 'due', attributes: {} }
const sum = (series: Series, value: number): Sample => ({ series, kind: 'sum', value })
const level = (value: number, setAt: number): Sample => ({ series: queue, kind: 'level', value, setAt })

const kept = () => new Windows([{ selector: calls, by: 'name' }, { selector: work }], 0)

describe('counts side by side', () => {
  test('grow as their events do, in windows of a day', () => {
    const windows = kept()
    windows.ingest([sum(mailOk, 5), sum(mailBad, 1)], at(10), true)
    for (let minute = 1; minute <= 23 * 60; minute++) windows.ingest([sum(mailOk, 5), sum(mailBad, 1)], at(10 + 20 * minute), true)
    windows.ingest([sum(mailOk, 9), sum(mailBad, 4)], at(27_630), true)
    const counts = windows.readings(at(27_630)).counts(calls)
    expect([counts.grew(0, 60), counts.grew(1, 60)]).toEqual([7, 3])
    expect([counts.grew(0, DAY), counts.grew(1, DAY)]).toEqual([13, 4])
    expect([counts.grew(0, 0), counts.grew(1, 0)]).toEqual([0, 0])
  })

  test('time above is counted in milliseconds, as long as it is known', () => {
    const windows = kept()
    windows.ingest([level(5, 0)], at(10), true)
    windows.ingest([level(0, at(30))], at(30), true)
    windows.ingest([level(0, at(30))], at(50), true)
    expect(windows.readings(at(50)).counts(work).grew(1, HOUR)).toBe(20_000)
  })

  test.for([
    { why: 'of a process that has just begun', seconds: 9, reach: 0 },
    { why: 'in steps of ten seconds', seconds: 299, reach: 290 },
    { why: 'in steps of a minute beyond an hour', seconds: 3719, reach: 3660 },
    { why: 'of a day at most', seconds: 100_000, reach: DAY },
  ])('they reach back as far as anything is known: $why', ({ seconds, reach }) => {
    expect(kept().readings(at(seconds)).counts(calls).reachSeconds).toBe(reach)
  })

  test('what happens while nobody watches is none of them', () => {
    const windows = kept()
    windows.ingest([sum(mailOk, 5)], at(10), true)
    windows.ingest([sum(mailOk, 500)], at(20), false)
    windows.ingest([sum(mailOk, 900)], at(20 + 45), true)
    windows.ingest([sum(mailOk, 901)], at(20 + 55), true)
    expect(windows.readings(at(75)).counts(calls).grew(0, HOUR)).toBe(6)
    expect(windows.counted(calls)).toEqual([6, 0])
  })

  test('of values that were never seen there are none', () => {
    const counts = kept().readings(at(60)).within('name', 'none').counts(calls)
    expect([counts.grew(0, 60), counts.reachSeconds]).toEqual([0, 0])
  })

  test('asking for what nobody keeps is a mistake that is named', () => {
    const other: CountsSelector = { kind: 'counts', of: [failed, all] }
    expect(() => kept().readings(0).counts(other)).toThrow(/which it does not name in what it needs/)
  })
})

describe('what earlier processes counted', () => {
  test('is in the windows of the next one, as long ago as it was', () => {
    const windows = kept()
    windows.ingest([sum(mailBad, 2)], at(10), true)
    windows.recall(
      calls,
      [
        { agoMs: at(600), amounts: [40, 4] },
        { agoMs: at(7200), amounts: [100, 50] },
      ],
      at(20),
    )
    windows.ingest([sum(mailBad, 3)], at(30), true)
    const counts = windows.readings(at(30)).counts(calls)
    expect([60, 900, 10_800].map((seconds) => [counts.grew(0, seconds), counts.grew(1, seconds)])).toEqual([
      [3, 3],
      [43, 7],
      [143, 57],
    ])
    expect(counts.reachSeconds).toBe(7200)
    expect(windows.counted(calls)).toEqual([3, 3])
  })

  test('is in windows that were read before it was known', () => {
    const windows = kept()
    windows.ingest([sum(mailBad, 2)], at(20), true)
    windows.recall(calls, [{ agoMs: at(900), amounts: [1, 1] }], at(20))
    const grew = () => {
      const counts = windows.readings(at(25)).counts(calls)
      return [60, 600, 0, 3600].map((seconds) => counts.grew(0, seconds))
    }
    expect(grew()).toEqual([2, 2, 0, 3])
    windows.recall(calls, [{ agoMs: at(300), amounts: [40, 4] }], at(25))
    expect(grew()).toEqual([2, 42, 0, 43])
  })

  test('is that of each value of a split rule, and begins a group of values that this process has not seen', () => {
    const windows = kept()
    windows.ingest([sum(faxBad, 1)], at(10), true)
    windows.recall(calls, [{ agoMs: at(600), amounts: [5, 5] }], at(10), { by: 'name', value: 'mail' })
    windows.recall(calls, [{ agoMs: at(600), amounts: [7, 1] }], at(10), { by: 'name', value: 'fax' })
    windows.ingest([sum(faxBad, 2), sum(mailOk, 1)], at(20), true)
    const readings = windows.readings(at(20))
    const grew = (name: string) => [0, 1].map((place) => readings.within('name', name).counts(calls).grew(place, HOUR))
    expect(grew('mail')).toEqual([6, 5])
    expect(grew('fax')).toEqual([9, 3])
    expect(windows.counted(calls, { by: 'name', value: 'fax' })).toEqual([2, 2])
    // The whole of it is told apart.
    expect(readings.counts(calls).grew(0, HOUR)).toBe(3)
  })

  test.for([
    { why: 'older than a day', block: { agoMs: at(DAY), amounts: [9, 9] } },
    { why: 'of the future', block: { agoMs: -1, amounts: [9, 9] } },
    { why: 'of other counts', block: { agoMs: at(60), amounts: [9, 9, 9] } },
  ])('is left out where it is $why', ({ block }) => {
    const windows = kept()
    windows.recall(calls, [block], at(60))
    const counts = windows.readings(at(60)).counts(calls)
    expect([counts.grew(0, DAY), counts.reachSeconds]).toEqual([0, 60])
  })

  test('by an attribute that no rule is split by is nothing that is kept', () => {
    const windows = kept()
    windows.recall(calls, [{ agoMs: at(60), amounts: [9, 9] }], at(60), { by: 'region', value: 'eu' })
    expect(windows.readings(at(60)).counts(calls).grew(0, DAY)).toBe(0)
  })

  test('adds up to what one process would have counted, whenever the others ended', () => {
    const step = fc.record({
      gap: fc.integer({ min: 1, max: 25 }),
      good: fc.nat(5),
      bad: fc.nat(3),
      isRunning: fc.boolean(),
      restarts: fc.constantFrom(false, false, false, true),
    })
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 60 }),
        fc.constantFrom(1, 100),
        fc.constantFrom(60, 900, HOUR, 21_600, DAY),
        (steps, slow, window) => {
          const seen: { at: number; amounts: [number, number] }[] = []
          let now = 0
          let windows = new Windows([{ selector: calls }], 0, slow * 25)
          let [good, wrong] = [0, 0]
          for (const each of steps) {
            if (each.restarts) {
              windows = new Windows([{ selector: calls }], now, slow * 25)
              const began = now
              windows.recall(
                calls,
                seen.map(({ at: then, amounts }) => ({ agoMs: began - then, amounts })),
                began,
              )
              ;[good, wrong] = [0, 0]
            }
            now += at(each.gap * slow)
            good += each.good
            wrong += each.bad
            windows.ingest([sum(mailOk, good), sum(mailBad, wrong)], now, each.isRunning)
            if (each.isRunning) seen.push({ at: now, amounts: [each.good + each.bad, each.bad] })
          }
          const bucket = window > HOUR ? 60_000 : 10_000
          const begin = (Math.floor(now / bucket) - at(window) / bucket + 1) * bucket
          const expected = [0, 1].map((place) =>
            seen.filter((each) => each.at >= begin).reduce((total, { amounts }) => total + amounts[place]!, 0),
          )
          const counts = windows.readings(now).counts(calls)
          expect([counts.grew(0, window), counts.grew(1, window)]).toEqual(expected)
        },
      ),
      { numRuns: 300 },
    )
  })
})
