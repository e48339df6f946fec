import { expect, test } from 'vitest'

import { quantile as quantileOf } from '../../../src/compute/quantile.ts'
import { histogram } from '../../../src/rules/metric-ref.ts'
import { quantile } from '../../../src/rules/readings.ts'
import { rule } from '../../../src/rules/rule.ts'
import type { Readings } from '../../../src/types.ts'
import { compiled } from '../compiled.ts'
import { fixedReadings } from '../fixed-readings.ts'

const time = histogram('time', { unit: 's', bounds: [1, 5, 10] })

function readingsOf(counts: readonly number[], bounds: readonly number[] = [1, 5, 10]): Readings {
  const count = counts.reduce((sum, n) => sum + n, 0)
  return {
    ...fixedReadings({}),
    distribution: () => ({ count, sum: 0, bounds, counts, windowSeconds: 300, coveredSeconds: 300 }),
    quantile: (_selector, q) => quantileOf(q, bounds, counts),
  }
}

const judged = (q: number, counts: readonly number[], limit: number) =>
  compiled(rule('slow').when(quantile(q, time)).above(limit)).judge(readingsOf(counts), undefined)

test.for([
  { why: 'no value is no data', q: 0.9, counts: [0, 0, 0, 0], expected: { reason: 'no_data' } },
  { why: 'of nine values the 90th percentile would be the highest', q: 0.9, counts: [9, 0, 0, 0], expected: { reason: 'low_sample' } },
  { why: 'of ten it is known', q: 0.9, counts: [10, 0, 0, 0], expected: { kind: 'ok', value: { current: 0.9, n: 10 } } },
  { why: 'of three values the 25th percentile would be the lowest', q: 0.25, counts: [3, 0, 0, 0], expected: { reason: 'low_sample' } },
  {
    why: 'beyond the last bound it is more than that',
    q: 0.9,
    counts: [0, 0, 0, 10],
    expected: { kind: 'breach', value: { current: 'more than 10' } },
  },
  {
    why: 'the 55th of 100 values is in its own bucket, not in the next that holds any',
    q: 0.55,
    counts: [55, 0, 0, 45],
    expected: { kind: 'ok', value: { current: 1 } },
  },
  { why: 'nor is the 7th the 8th', q: 0.07, counts: [7, 0, 93, 0], expected: { kind: 'ok', value: { current: 1 } } },
])('$why', ({ q, counts, expected }) => {
  expect(judged(q, counts, 3)).toMatchObject(expected)
})

test('an estimate is never beyond the bucket that it is in', () => {
  const found = [0.07, 0.35, 0.55, 0.7, 0.95, 0.99].flatMap((q) =>
    Array.from({ length: 2000 }, (_, n) => quantileOf(q, [1, 5, 10], [Math.round(q * (n + 20)), 0, n + 20, 0])!),
  )
  expect(found.filter((each) => !('value' in each) || each.value > each.atMost || each.value < each.atLeast)).toEqual([])
})
