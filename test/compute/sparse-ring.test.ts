import fc from 'fast-check'
import { expect, test } from 'vitest'

import { Ring } from '../../src/compute/ring.ts'
import { SparseRing } from '../../src/compute/sparse-ring.ts'

const PLACES = 6

test('whichever places are counted when, every window is that of a ring with a column for each', () => {
  const step = fc.record({ gapMs: fc.integer({ min: 1, max: 900_000 }), place: fc.nat(PLACES - 1), n: fc.integer({ min: 1, max: 9 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom(10, 60, 300, 3600, 21_600), (steps, seconds) => {
      const sparse = new SparseRing(0)
      const whole = new Ring(PLACES, 0)
      const totals = new Array<number>(PLACES).fill(0)
      let now = 0
      for (const { gapMs, place, n } of steps) {
        now += gapMs
        totals[place]! += n
        sparse.push(totals, now)
        whole.push(totals, now)
        const grew = (of: Pick<Ring, 'growth'>) => totals.map((_, each) => of.growth(each, seconds, now))
        expect(grew(sparse)).toEqual(grew(whole))
      }
    }),
  )
})

test('what was never counted did not grow', () => {
  const ring = new SparseRing(0)
  ring.push([0, 3, 0], 1000)
  expect([0, 1, 2].map((place) => ring.growth(place, 60, 1000))).toEqual([0, 3, 0])
})
