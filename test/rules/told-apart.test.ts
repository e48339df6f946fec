import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { rounded, toldApart } from '../../src/rules/told-apart.ts'

describe('a figure beside its limit', () => {
  test.for([
    { why: 'has one decimal', value: 71.43, limit: 80, shown: 71.4 },
    { why: 'has none where it is zero', value: 81.97, limit: 90, shown: 82 },
    { why: 'has as many more as tell it from its limit', value: 81.97, limit: 82, shown: 81.97 },
    { why: 'has as many more as tell it from its limit, from above', value: 80.04, limit: 80, shown: 80.04 },
    { why: 'has as many more as that takes, and no more', value: 79.99996, limit: 80, shown: 79.99996 },
    { why: 'is not shown less exactly than usual', value: 12_345.67, limit: 12_345.7, shown: 12_345.67 },
    { why: 'is the limit where only arithmetic in binary tells them apart', value: 0.1 + 0.2, limit: 0.3, shown: 0.3 },
    { why: 'has four digits where it is small', value: 0.012_345, limit: 1, shown: 0.012_35 },
    { why: 'is told from a limit of zero', value: 1e-7, limit: 0, shown: 1e-7 },
    { why: 'is told from a limit below zero', value: -5.000_01, limit: -5, shown: -5.000_01 },
  ])('$why: $value beside $limit is $shown', ({ value, limit, shown }) => {
    expect(toldApart(value, limit)).toBe(shown)
  })

  test('is on the side of the limit on which it is, and as near to what it is as a rounded one', () => {
    const number = fc.double({ min: -1e12, max: 1e12, noNaN: true })
    const near = fc.double({ min: -1e-3, max: 1e-3, noNaN: true })
    fc.assert(
      fc.property(number, fc.option(number), near, (limit, far, off) => {
        const value = far ?? limit * (1 + off)
        const shown = toldApart(value, limit)
        const isSame = Math.abs(value - limit) <= 1e-12 * Math.max(Math.abs(value), Math.abs(limit))
        expect(Math.sign(shown - limit)).toBe(isSame ? 0 : Math.sign(value - limit))
        if (!isSame) expect(Math.abs(shown - value)).toBeLessThanOrEqual(Math.abs(rounded(value) - value))
      }),
    )
  })
})
