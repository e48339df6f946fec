import fc from 'fast-check'
import { expect, test } from 'vitest'

import { CountedPast } from '../../src/replay/counted-past.ts'

const MINUTE = 60_000

/** Minutes that were counted, and those in which nothing was. */
const anyMinutes = fc.array(fc.option(fc.record({ all: fc.nat(500), bad: fc.nat(500) })), { minLength: 1, maxLength: 40 })

test('of whole minutes it is their sum, of a part of one as much as its share of the time, and bad ones are never more than all', () => {
  fc.assert(
    fc.property(anyMinutes, fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 5 }), (minutes, whole, tens) => {
      const counted = minutes.map((each) => each && { all: Math.max(each.all, each.bad), bad: each.bad })
      const past = new CountedPast(counted.flatMap((each, i) => (each ? [{ at: (i + 1) * MINUTE, amounts: [each.all, each.bad] }] : [])))
      const now = counted.length * MINUTE
      const last = counted.toReversed()
      const sum = (of: 'all' | 'bad', n: number) => last.slice(0, n).reduce((total, each) => total + (each?.[of] ?? 0), 0)
      expect(past.grew(0, 60 * whole, now)).toBe(sum('all', whole))
      expect(past.grew(1, 60 * whole, now)).toBe(sum('bad', whole))
      const more = 60 * whole + 10 * tens
      const next = last[whole]?.all ?? 0
      expect(Math.abs(past.grew(0, more, now) - sum('all', whole) - (next * tens) / 6)).toBeLessThanOrEqual(0.5)
      expect(past.grew(1, more, now)).toBeLessThanOrEqual(past.grew(0, more, now))
    }),
  )
})

test('where all are bad, no part of any minute has a good one', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(500), { minLength: 1, maxLength: 30 }), fc.integer({ min: 0, max: 180 }), (counts, tens) => {
      const past = new CountedPast(counts.map((n, i) => ({ at: (i + 1) * MINUTE, amounts: [n, n] })))
      const now = counts.length * MINUTE
      expect(past.grew(0, 10 * tens, now)).toBe(past.grew(1, 10 * tens, now))
    }),
  )
})

test('what is written a moment after its minute belongs to it; what comes later does not', () => {
  const past = new CountedPast([
    { at: MINUTE + 3, amounts: [7] },
    { at: 2 * MINUTE, amounts: [5] },
  ])
  expect(past.grew(0, 60, MINUTE)).toBe(7)
  expect(past.grew(0, 600, 2 * MINUTE)).toBe(12)
  expect(past.since).toBe(3)
  expect(new CountedPast([]).since).toBeUndefined()
})
