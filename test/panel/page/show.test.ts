import fc from 'fast-check'
import { expect, test } from 'vitest'

import { bandsOf, extentOf, rowsOf } from '../../../src/panel/page/chart/band.ts'
import { figureName } from '../../../src/panel/page/chart/figure-name.ts'
import { rowsOnScreen, topsOf } from '../../../src/panel/page/parts/window-of-rows.ts'
import { flatFigures } from '../../../src/panel/page/service/flat-figures.ts'
import { hoursIn, piecesOf } from '../../../src/panel/page/show/bar.ts'
import { keyFigure, milliseconds, number, percent, withUnit } from '../../../src/panel/page/show/figures.ts'
import { sparkPath } from '../../../src/panel/page/show/spark.ts'
import { valueText } from '../../../src/panel/page/show/value-text.ts'
import { ago, left } from '../../../src/panel/page/show/when.ts'

const NOW = Date.UTC(2026, 10, 30, 12)

test.for([
  { ms: -5000, is: 'just now' },
  { ms: 999, is: 'just now' },
  { ms: 12_000, is: '12 s ago' },
  { ms: 3 * 60_000, is: '3 min ago' },
  { ms: 125 * 60_000, is: '2 h 5 min ago' },
  { ms: 47 * 3_600_000, is: '1 d 23 h ago' },
])('$ms ms are "$is"', ({ ms, is }) => {
  expect(ago(NOW - ms, NOW)).toBe(is)
})

test('what is longer ago says the day, and what is left how much', () => {
  expect(ago(NOW - 72 * 3_600_000, NOW)).toMatch(/^27 Nov, \d\d:00$/)
  expect(left(NOW + 7_200_000, NOW)).toBe('2 h left')
  expect(left(NOW, NOW)).toBe('over')
})

test.for([
  { says: 'a large number has its commas', is: number(12_431), text: '12,431' },
  { says: 'a huge one is short', is: number(1_234_567), text: '1.23M' },
  { says: 'a small one has three digits', is: number(0.04567), text: '0.0457' },
  { says: 'what is no number is nothing', is: number(NaN), text: '–' },
  { says: 'nearly all is not all', is: percent(99.97), text: '99.9 %' },
  { says: 'all is all', is: percent(100), text: '100 %' },
  { says: 'percent are not rounded up', is: percent(79.99), text: '79.9 %' },
  { says: 'under a second', is: milliseconds(350), text: '350 ms' },
  { says: 'over a second', is: milliseconds(1240), text: '1.24 s' },
  { says: 'over a minute', is: milliseconds(90_000), text: '1 min' },
  { says: 'what is not known is never 0', is: keyFigure('due', null), text: '–' },
  { says: 'zero is zero', is: keyFigure('due', 0), text: '0' },
  { says: 'a word has no unit', is: withUnit('logged_in', 's'), text: 'logged_in' },
  { says: 'seconds', is: withUnit(10, 's'), text: '10 s' },
  { says: 'a unit of its own', is: withUnit(4210, 'items'), text: '4,210 items' },
  { says: 'no unit', is: withUnit(4210, '1'), text: '4,210' },
])('$says: $text', ({ is, text }) => {
  expect(is).toBe(text)
})

test('neighbouring quarters that are the same are one piece', () => {
  expect(piecesOf(['healthy', 'healthy', null, 'degraded', 'degraded'])).toEqual([
    { status: 'healthy', from: 0, length: 2 },
    { status: null, from: 2, length: 1 },
    { status: 'degraded', from: 3, length: 2 },
  ])
  expect(hoursIn([null, 'healthy', 'healthy', 'healthy'])).toEqual([
    { status: 'healthy', hours: 0.75 },
    { status: null, hours: 0.25 },
  ])
})

test.for([
  { says: 'nothing is known', values: [null, null], path: '' },
  { says: 'from 0 to the highest', values: [0, 5, 10], path: 'M0 10L5 5L10 0' },
  { says: 'what is not known is a gap', values: [10, 10, null, 10, 10], path: 'M0 0L2.5 0M7.5 0L10 0' },
  { says: 'one alone is a dot', values: [null, 10, null], path: 'M5 0h.01' },
  { says: 'what is always 0 lies at the bottom', values: [0, 0], path: 'M0 10L10 10' },
])('a small line: $says', ({ values, path }) => {
  expect(sparkPath(values, 10, 10)).toBe(path)
})

test('alerts are bands over a chart, as far as they lie in it', () => {
  const span = { alertId: 'a', episode: 1, rule: 'r', severity: 'WARNING' as const }
  const bands = bandsOf(
    [
      { ...span, from: 0, to: 50 },
      { ...span, from: 120, to: 120 },
      { ...span, from: 150 },
      { ...span, from: 0, to: 9 },
    ],
    10,
    200,
    (at) => at,
  )
  expect(bands.map(({ left: at, width }) => [at, width])).toEqual([
    [10, 40],
    [120, 2],
    [150, 50],
  ])
})

test('a line in words has its lowest, highest and last value', () => {
  expect(extentOf([null, 3, 1, 2, null])).toEqual({ low: 1, high: 3, last: 2 })
  expect(extentOf([null])).toBeUndefined()
})

test('a table of many points has the first, the last, and some between', () => {
  expect(rowsOf([1, 2, 3], 5)).toEqual([0, 1, 2])
  expect(rowsOf(Array.from({ length: 101 }), 5)).toEqual([0, 25, 50, 75, 100])
})

test('names of figures are words', () => {
  expect(figureName('fetch_rate_per_hour')).toBe('Fetch rate per hour')
  expect(figureName('apple_api_percentiles_ms.p95')).toBe('Apple api percentiles ms · p95')
})

test.for([
  { says: 'above the rows', count: 100, above: -500, screen: 600, rows: { from: 0, to: 21 } },
  { says: 'far above them', count: 100, above: -5000, screen: 600, rows: { from: 0, to: 11 } },
  { says: 'in the middle', count: 1000, above: 5000, screen: 100, rows: { from: 490, to: 521 } },
  { says: 'at the end', count: 100, above: 980, screen: 100, rows: { from: 88, to: 100 } },
  { says: 'below the rows', count: 10, above: 5000, screen: 100, rows: { from: 0, to: 10 } },
  { says: 'there is none', count: 0, above: 0, screen: 100, rows: { from: 0, to: 0 } },
])('of many rows those on the screen are drawn: $says', ({ count, above, screen, rows }) => {
  expect(rowsOnScreen(topsOf(Array.from({ length: count }, () => 10)), above, screen)).toEqual(rows)
})

test('whatever their heights, no row that is on the screen is left out, and not many others are in', () => {
  const heights = fc.array(fc.integer({ min: 10, max: 200 }), { maxLength: 200 })
  fc.assert(
    fc.property(heights, fc.integer({ min: -2000, max: 20_000 }), (given, above) => {
      const tops = topsOf(given)
      const { from, to } = rowsOnScreen(tops, above, 800)
      const seen = given.flatMap((height, i) => (tops[i]! + height > above && tops[i]! < above + 800 ? [i] : []))
      if (seen.length > 0) expect([from <= seen[0]!, to > seen.at(-1)!]).toEqual([true, true])
      expect(to - from).toBeLessThanOrEqual(seen.length + 24)
    }),
  )
})

test('figures within figures have one name each', () => {
  expect(flatFigures({ rate: 1, sizes: { hot: 2, cold: null }, on: true, list: [3] })).toEqual([
    ['rate', 1],
    ['sizes.hot', 2],
    ['sizes.cold', null],
    ['on', true],
    ['list.0', 3],
  ])
})

test('evidence is a line, and not longer than one reads', () => {
  expect(valueText({ current: 72.4, threshold: 80, unit: '%', of: null })).toBe('current 72.4, threshold 80, unit %')
  expect(valueText({ note: 'x'.repeat(500) }).length).toBeLessThan(100)
  expect(valueText(undefined)).toBe('')
})
