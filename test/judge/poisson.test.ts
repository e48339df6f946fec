import fc from 'fast-check'
import { expect, test } from 'vitest'

import { poissonAtMost } from '../../src/judge/poisson.ts'

function atMostByAdding(k: number, mean: number): number {
  let term = Math.exp(-mean)
  let sum = 0
  for (let i = 0; i <= k; i++) {
    sum += term
    term *= mean / (i + 1)
  }
  return sum
}

test('it is what adding every term gives', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 300 }), fc.double({ min: 0, max: 200, noNaN: true }), (k, mean) => {
      const exact = atMostByAdding(k, mean)
      expect(poissonAtMost(k, mean)).toBeCloseTo(exact, 11)
      if (k < mean && exact > 1e-290) expect(poissonAtMost(k, mean) / exact).toBeCloseTo(1, 9)
    }),
  )
})

test('a large mean neither overflows nor hangs, and more is never less likely', () => {
  fc.assert(
    fc.property(fc.double({ min: 1, max: 1e6, noNaN: true }), fc.double({ min: -6, max: 6, noNaN: true }), (mean, deviations) => {
      const k = Math.max(0, Math.round(mean + deviations * Math.sqrt(mean)))
      const here = poissonAtMost(k, mean)
      expect(here).toBeGreaterThanOrEqual(0)
      expect(poissonAtMost(k + 1, mean)).toBeGreaterThanOrEqual(here - 1e-9)
      expect(poissonAtMost(k + 1, mean)).toBeLessThanOrEqual(1)
    }),
  )
})

test.for([
  { why: 'nothing expected, nothing seen: no surprise', k: 0, mean: 0, expected: 1 },
  { why: 'fewer than none cannot be', k: -1, mean: 5, expected: 0 },
  { why: 'none although 4.6 were expected happens once in 100 times', k: 0, mean: 4.605170185988092, expected: 0.01 },
  { why: 'two although 10 were expected', k: 2, mean: 10, expected: 0.002769395715511576 },
])('$why', ({ k, mean, expected }) => {
  expect(poissonAtMost(k, mean)).toBeCloseTo(expected, 12)
})
