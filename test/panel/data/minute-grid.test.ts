import fc from 'fast-check'
import { expect, test } from 'vitest'

import { gridUntil, MINUTE_MS, onGrid, summed, thinned } from '../../../src/panel/data/minute-grid.ts'

const grid = { from: 0, minutes: 6 }
/** Seconds and values. */
const at = (...readings: readonly (readonly [number, number | null])[]) =>
  readings.map(([seconds, value]) => ({ at: seconds * 1000, value }))

test.for<{
  readonly sentence: string
  readonly readings: readonly { at: number; value: number | null }[]
  readonly values: readonly (number | null)[]
}>([
  { sentence: 'each minute is in its place', readings: at([30, 1], [90, 2], [150, 3]), values: [1, 2, 3, null, null, null] },
  {
    sentence: 'a minute that is passed over because an instance is a little late is none that is missing',
    readings: at([59, 1], [121, 2]),
    values: [1, 2, 2, null, null, null],
  },
  { sentence: 'a gap is a gap', readings: at([30, 1], [270, 2]), values: [1, null, null, null, 2, null] },
  { sentence: 'what was not known is not known', readings: at([30, 1], [90, null], [150, 3]), values: [1, null, 3, null, null, null] },
  { sentence: 'the first speaks for nothing before it', readings: at([150, 3]), values: [null, null, 3, null, null, null] },
  { sentence: 'of two in one minute the later one counts', readings: at([5, 1], [55, 2]), values: [2, null, null, null, null, null] },
  { sentence: 'what lies outside is left out', readings: at([-100, 1], [-50, 2], [900, 3]), values: [null, null, null, null, null, null] },
])('$sentence', ({ readings, values }) => {
  expect(onGrid(readings, grid)).toEqual(values)
})

test('the last minute of a grid is the one that is not over', () => {
  expect(gridUntil(5 * MINUTE_MS + 1, 3)).toEqual({ from: 3 * MINUTE_MS, minutes: 3 })
  expect(gridUntil(5 * MINUTE_MS, 3)).toEqual({ from: 3 * MINUTE_MS, minutes: 3 })
})

test('a sum is of those that are known', () => {
  expect(
    summed([
      [1, null, null],
      [2, 3, null],
    ]),
  ).toEqual([3, 3, null])
  expect(summed([])).toEqual([])
})

test('what is few enough stays as it is', () => {
  expect(thinned([[1, null, 3]], { from: 60_000, minutes: 3 }, 3)).toEqual({ times: [60, 120, 180], lines: [[1, null, 3]] })
})

test('what is thinned has no more points than it may, keeps every extreme, invents nothing, and has no value where nothing was known', () => {
  const values = fc.array(fc.option(fc.integer({ min: -50, max: 50 })), { minLength: 1, maxLength: 400 })
  fc.assert(
    fc.property(values, fc.integer({ min: 2, max: 60 }), (line, most) => {
      const thin = thinned([line], { from: 0, minutes: line.length }, most)
      const found = thin.lines[0]!
      const known = line.filter((value) => value !== null)
      expect(found).toHaveLength(thin.times.length)
      expect(found.length).toBeLessThanOrEqual(most)
      expect(found.every((value) => value === null || known.includes(value))).toBe(true)
      if (known.length > 0) {
        const shown = found.filter((value) => value !== null)
        expect([Math.min(...shown), Math.max(...shown)]).toEqual([Math.min(...known), Math.max(...known)])
      } else expect(found.every((value) => value === null)).toBe(true)
      expect(thin.times.toSorted((a, b) => a - b)).toEqual(thin.times)
    }),
  )
})

test('a stretch of which nothing is known stays a gap', () => {
  const line = Array.from({ length: 1440 }, (_, i) => (i >= 600 && i < 700 ? null : i % 7))
  const { times, lines } = thinned([line], { from: 0, minutes: 1440 }, 360)
  const within = lines[0]!.filter((_, i) => times[i]! >= 608 * 60 && times[i]! < 692 * 60)
  expect(within.length).toBeGreaterThan(10)
  expect(within.every((value) => value === null)).toBe(true)
})
