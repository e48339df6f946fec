import fc from 'fast-check'
import { expect, test } from 'vitest'

import { Ring } from '../../src/compute/ring.ts'
import { SparseRing } from '../../src/compute/sparse-ring.ts'
import { WindowStart, WindowStarts } from '../../src/compute/window-start.ts'

const steps = fc.array(
  fc.record({
    gap: fc.integer({ min: 1, max: 30_000 }),
    n: fc.integer({ min: 0, max: 9 }),
    windows: fc.array(fc.constantFrom(10, 60, 300, 3600, 7200), { maxLength: 4 }),
  }),
  { maxLength: 60 },
)

test('where a window began is what the ring says itself, whichever windows are asked for by turns', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const [ring, sparse, start, starts] = [new Ring(1, 0), new SparseRing(0), new WindowStart(), new WindowStarts()]
      let [now, total] = [0, 0]
      for (const { gap, n, windows } of all) {
        now += gap
        total += n
        ring.push([total], now)
        sparse.push([0, total, 2 * total], now)
        for (const window of windows) {
          expect(total - start.of(ring, window, now)).toBe(ring.growth(0, window, now))
          const began = starts.of(sparse, 3, window, now)
          expect([-began[0]!, total - began[1]!, 2 * total - began[2]!].map((each) => each + 0)).toEqual(
            [0, 1, 2].map((place) => sparse.growth(place, window, now)),
          )
        }
      }
    }),
  )
})
