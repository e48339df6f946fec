import fc from 'fast-check'
import { expect, test } from 'vitest'

import { binomialTail } from '../../src/judge/binomial.ts'

/** Adds up every outcome, one event after the other. */
function tailByCounting(k: number, n: number, p: number): number {
  let odds = [1]
  for (let event = 0; event < n; event++) {
    odds = Array.from({ length: odds.length + 1 }, (_, i) => (odds[i] ?? 0) * (1 - p) + (odds[i - 1] ?? 0) * p)
  }
  return odds.slice(k).reduce((sum, value) => sum + value, 0)
}

test('the tail is what counting every outcome gives', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 80 }),
      fc.integer({ min: 0, max: 81 }),
      fc.double({ min: 0.001, max: 0.999, noNaN: true }),
      (n, k, p) => {
        const exact = tailByCounting(k, n, p)
        expect(binomialTail(k, n, p)).toBeCloseTo(exact, 12)
        if (k > n * p && exact > 1e-290) expect(binomialTail(k, n, p) / exact).toBeCloseTo(1, 9)
      },
    ),
  )
})

test('up to 100,000 events the tail and its complement make one', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100_000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: -5, max: 5, noNaN: true }),
      (n, p, deviations) => {
        const k = Math.max(0, Math.min(n, Math.round(n * p + deviations * Math.sqrt(n * p * (1 - p)))))
        const tail = binomialTail(k, n, p)
        expect(tail).toBeGreaterThanOrEqual(0)
        expect(tail).toBeLessThanOrEqual(1)
        expect(tail + binomialTail(n - k + 1, n, 1 - p)).toBeCloseTo(1, 8)
        expect(binomialTail(k + 1, n, p)).toBeLessThanOrEqual(tail + 1e-12)
      },
    ),
  )
})

test.for([
  { why: 'nothing needs to happen for at least none', k: 0, n: 0, p: 0.5, expected: 1 },
  { why: 'more than all cannot happen', k: 5, n: 4, p: 0.5, expected: 0 },
  { why: 'the impossible does not happen', k: 1, n: 100_000, p: 0, expected: 0 },
  { why: 'the certain always happens', k: 100_000, n: 100_000, p: 1, expected: 1 },
  { why: 'four of four at 80 % are bad luck once in 625 times', k: 4, n: 4, p: 0.2, expected: 0.0016 },
  { why: 'three of three are not rare enough for a warning', k: 3, n: 3, p: 0.2, expected: 0.008 },
])('$why', ({ k, n, p, expected }) => {
  expect(binomialTail(k, n, p)).toBeCloseTo(expected, 12)
})
