import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { Ring } from '../../src/compute/ring.ts'

const at = (seconds: number): number => seconds * 1000
const DAY = 86_400

describe('a ring answers how much a total grew in a window', () => {
  test.for([
    { why: 'what was counted before the first push belongs to the window it was seen in', pushes: [[0, 5]], read: [300, 0], grew: 5 },
    {
      why: 'growth is counted in the window',
      pushes: [
        [0, 5],
        [100, 8],
      ],
      read: [300, 100],
      grew: 8,
    },
    {
      why: 'what is older than the window is forgotten',
      pushes: [
        [0, 5],
        [400, 8],
      ],
      read: [300, 400],
      grew: 3,
    },
    { why: 'nothing is remembered longer than the window', pushes: [[9, 5]], read: [300, 309.9], grew: 0 },
    { why: 'the shortest window holds a full bucket besides the one in progress', pushes: [[8, 5]], read: [10, 12], grew: 5 },
    { why: 'time passes without a push', pushes: [[0, 5]], read: [3600, 86_400], grew: 0 },
    {
      why: 'six hours are kept in minutes',
      pushes: [
        [0, 5],
        [7200, 6],
      ],
      read: [21_600, 21_599],
      grew: 6,
    },
    {
      why: 'a silence longer than the ring leaves nothing behind',
      pushes: [
        [0, 5],
        [100_000, 7],
      ],
      read: [21_600, 100_000],
      grew: 2,
    },
  ] as const)('$why', ({ pushes, read: [window, now], grew }) => {
    const ring = new Ring(1, 0)
    for (const [seconds, total] of pushes) ring.push([total], at(seconds))
    expect(ring.growth(0, window, at(now))).toBe(grew)
  })

  test('any window of any history equals a count of its events by bucket', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ gap: fc.integer({ min: 1, max: 5000 }), n: fc.nat(9) }), { maxLength: 60 }),
        fc.constantFrom(60, 300, 900, 3600, 21_600),
        fc.nat(20_000),
        (steps, window, wait) => {
          const ring = new Ring(2, 0)
          const events: { at: number; n: number }[] = []
          let now = 0
          let total = 0
          for (const { gap, n } of steps) {
            now += gap * 100
            total += n
            events.push({ at: now, n })
            ring.push([total, 2 * total], now)
          }
          now += wait * 100
          const bucket = window > 3600 ? 60_000 : 10_000
          const begin = (Math.floor(now / bucket) - window / (bucket / 1000) + 1) * bucket
          const expected = events.filter((event) => event.at >= begin).reduce((sum, event) => sum + event.n, 0)
          expect(ring.growth(0, window, now)).toBe(expected)
          expect(ring.growth(1, window, now)).toBe(2 * expected)
        },
      ),
    )
  })

  test('a day, with what happened before the ring began, equals a count of its events by bucket', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ ago: fc.integer({ min: 0, max: 100_000 }), n: fc.nat(9) }), { maxLength: 40 }),
        fc.array(fc.record({ gap: fc.integer({ min: 1, max: 9000 }), n: fc.nat(9) }), { maxLength: 30 }),
        fc.integer({ min: 0, max: 40_000 }),
        fc.constantFrom(10, 20, 300, 3600, 3660, 21_600, 43_200, 86_400),
        (before, steps, wait, window) => {
          const began = at(200_000)
          const ring = new Ring(2, began, at(DAY))
          const events = before.flatMap(({ ago, n }) => (ago < DAY ? [{ at: began - at(ago), n }] : []))
          ring.recall(
            before.map(({ ago, n }) => ({ agoMs: at(ago), amounts: [n, 3 * n] })),
            began,
          )
          let now = began
          let total = events.reduce((sum, { n }) => sum + n, 0)
          for (const { gap, n } of steps) {
            now += at(gap)
            total += n
            events.push({ at: now, n })
            ring.push([total, 3 * total], now)
          }
          now += at(wait)
          const bucket = window > 3600 ? 60_000 : 10_000
          const buckets = Math.max(2, at(window) / bucket)
          const begin = (Math.floor(now / bucket) - buckets + 1) * bucket
          const expected = events.filter((event) => event.at >= begin).reduce((sum, event) => sum + event.n, 0)
          expect(ring.growth(0, window, now)).toBe(expected)
          expect(ring.growth(1, window, now)).toBe(3 * expected)
        },
      ),
    )
  })

  test('a window that the ring cannot reach is an error, not a wrong number', () => {
    expect(() => new Ring(1, 0, at(DAY)).growth(0, DAY + 60, 0)).toThrow(
      'A window of 86460 s cannot be read: use more than 0 and at most 86400 s.',
    )
    const ring = new Ring(1, 0)
    expect(() => ring.growth(0, 21_601, 0)).toThrow(/21601 s cannot be read/)
    expect(() => ring.growth(0, 0, 0)).toThrow(/cannot be read/)
  })
})
