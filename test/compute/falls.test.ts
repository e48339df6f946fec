import fc from 'fast-check'
import { expect, test } from 'vitest'

import { Windows } from '../../src/compute/windows.ts'
import type { FallsSelector, LevelSelector, Sample, TimeAboveSelector } from '../../src/types.ts'

const waiting: LevelSelector = { kind: 'level', metric: 'queue', staleAfterSeconds: 90 }
const falls: FallsSelector = { kind: 'falls', level: waiting }
const sources: LevelSelector = { kind: 'level', metric: 'sources' }
const owed: TimeAboveSelector = { kind: 'time_above', level: waiting, above: 0, unless: sources }
const level = (metric: string, value: number, setAt: number, state = 'due'): Sample => ({
  ...{ series: seriesOf(metric, state), kind: 'level', value, setAt },
})
const known = new Map<string, Sample['series']>()
function seriesOf(metric: string, state: string): Sample['series'] {
  const key = `${metric} ${state}`
  const series = known.get(key) ?? { metric, attributes: { state } }
  known.set(key, series)
  return series
}

test('falls are counted and added up, rises are not, nor what moves between series of one level', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 50 }), (sizes) => {
      const windows = new Windows([{ selector: falls }], 0)
      for (const [i, [due, held]] of sizes.entries()) {
        const now = (i + 1) * 1000
        windows.ingest([level('queue', due, now, 'due'), level('queue', held, now, 'held')], now, true)
      }
      const totals = sizes.map(([due, held]) => due + held)
      const drops = totals.slice(1).flatMap((total, i) => (total < totals[i]! ? [totals[i]! - total] : []))
      expect(windows.readings(sizes.length * 1000 + 1).falls(falls, 3600)).toEqual({
        times: drops.length,
        amount: drops.reduce((sum, each) => sum + each, 0),
      })
    }),
  )
})

test.for([
  { why: 'nobody watched meanwhile', running: false, setAt: 20_000, expected: 0 },
  { why: 'what it was is stale', running: true, setAt: -100_000, expected: 0 },
  { why: 'it was seen to', running: true, setAt: 20_000, expected: 1 },
])('a level that fell while $why fell $expected times', ({ running, setAt, expected }) => {
  const windows = new Windows([{ selector: falls }], 0)
  windows.ingest([level('queue', 9, 10_000)], 10_000, true)
  windows.ingest([level('queue', 4, setAt)], 20_000, running)
  expect(windows.readings(20_000).falls(falls, 3600).times).toBe(expected)
})

test('time without a source of work is no time in which work is owed', () => {
  const windows = new Windows([{ selector: owed }], 0)
  const at = (second: number, source: number | undefined) =>
    windows.ingest([level('queue', 5, second * 1000), ...(source === undefined ? [] : [level('sources', source, 0)])], second * 1000, true)
  for (let second = 10; second <= 100; second += 10) at(second, undefined)
  for (let second = 110; second <= 200; second += 10) at(second, 0)
  for (let second = 210; second <= 300; second += 10) at(second, 1)
  // What is so at the end of one collection holds until the next.
  expect(windows.readings(300_000).timeAbove(owed, 3600).seconds).toBe(100 + 90)
})
