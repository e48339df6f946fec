import fc from 'fast-check'
import { expect, test } from 'vitest'

import { quantile } from '../../src/compute/quantile.ts'

test.for([
  { why: 'an empty histogram has no quantile', q: 0.5, counts: [0, 0, 0], expected: undefined },
  { why: 'inside a bucket it is interpolated', q: 0.5, counts: [0, 4, 0], expected: { value: 3, atLeast: 1, atMost: 5 } },
  { why: 'the first bucket begins at zero', q: 0.5, counts: [2, 0, 0], expected: { value: 0.5, atLeast: 0, atMost: 1 } },
  { why: 'the open bucket says more than its bound, never the bound', q: 0.95, counts: [1, 1, 8], expected: { moreThan: 5 } },
])('$why', ({ q, counts, expected }) => {
  expect(quantile(q, [1, 5], counts)).toEqual(expected)
})

test.for([
  {
    why: 'where the first bound is 0, what is in its bucket may be below',
    q: 0.5,
    counts: [2, 1, 0],
    value: 0,
    atLeast: -Infinity,
    atMost: 0,
  },
  { why: 'the bucket after it begins at 0', q: 1, counts: [2, 2, 0], value: 1, atLeast: 0, atMost: 1 },
])('$why', ({ q, counts, value, atLeast, atMost }) => {
  expect(quantile(q, [0, 1], counts)).toEqual({ value, atLeast, atMost })
})

test('the true quantile lies between the bounds that are given', () => {
  const bounds = [0.1, 0.5, 1, 5, 10]
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.001, max: 9.9, noNaN: true }), { minLength: 1, maxLength: 200 }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
      (values, q) => {
        const counts = Array.from({ length: bounds.length + 1 }, () => 0)
        for (const value of values) counts[bounds.findIndex((bound) => value <= bound)]!++
        const exact = values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(q * values.length)) - 1]!
        const estimate = quantile(q, bounds, counts)!
        if (!('value' in estimate)) throw new Error('a value below the last bound cannot be beyond it')
        expect(exact).toBeGreaterThanOrEqual(estimate.atLeast)
        expect(exact).toBeLessThanOrEqual(estimate.atMost)
        expect(estimate.value).toBeLessThanOrEqual(estimate.atMost)
      },
    ),
  )
})
