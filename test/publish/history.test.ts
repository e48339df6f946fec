import fc from 'fast-check'
import { expect, test } from 'vitest'
import { historyEntry, increaseOf, type Minute } from '../../src/publish/history.ts'

test.for([
  { why: 'the first minute is all there was', now: { attempts: { ok: 3 } }, before: {}, is: { attempts: { ok: 3 } } },
  {
    why: 'what grew, at any depth',
    now: { a: 5, b: { c: { d: 7 } } },
    before: { a: 2, b: { c: { d: 7 } } },
    is: { a: 3, b: { c: { d: 0 } } },
  },
  { why: 'what is new', now: { a: 1, b: 4 }, before: { a: 1 }, is: { a: 0, b: 4 } },
  { why: 'what fell began anew', now: { a: 2 }, before: { a: 10 }, is: { a: 2 } },
  { why: 'texts are no counts', now: { since: 'x', a: 1 }, before: { since: 'y' }, is: { a: 1 } },
])('the increase of totals: $why', ({ now, before, is }) => {
  expect(increaseOf(now, before)).toEqual(is)
})

const minute = (counts: Minute['counts'], gauges: Minute['gauges']) => historyEntry({ instance: 'i', status: 'healthy', counts, gauges })
const of = (counts: Minute['counts'], gauges: Minute['gauges']) => minute(counts, gauges).fields.slice(4)

test.for([
  {
    why: 'counts of a kind, without those that are 0',
    counts: { a: { b: 0, c: 3, d: { e: 0 } } },
    gauges: {},
    is: ['counts.a', '{"c":3}'],
  },
  { why: 'a kind of which nothing happened keeps its field', counts: { a: { b: 0 } }, gauges: {}, is: ['counts.a', '{}'] },
  { why: 'a count of its own', counts: { a: 0 }, gauges: {}, is: ['counts.a', '0'] },
  {
    why: 'whole numbers are exact, others have four digits',
    counts: {},
    gauges: { a: 1_234_567, b: 1234.567 },
    is: ['gauges.a', '1234567', 'gauges.b', '1235'],
  },
  { why: 'what is not known is empty', counts: {}, gauges: { a: null, b: { c: null } }, is: ['gauges.a', '', 'gauges.b.c', ''] },
  { why: 'states and texts', counts: {}, gauges: { a: true, b: 'up' }, is: ['gauges.a', 'true', 'gauges.b', 'up'] },
  {
    why: 'by name, in whatever order they come',
    counts: {},
    gauges: { b: { z: 1, a: 2 }, a: 3 },
    is: ['gauges.a', '3', 'gauges.b.a', '2', 'gauges.b.z', '1'],
  },
])('an entry: $why', ({ counts, gauges, is }) => {
  expect(of(counts, gauges)).toEqual(is)
})

test('an entry says first whose it is, and how that was', () => {
  expect(minute({}, {})).toEqual({ fields: ['instance', 'i', 'status', 'healthy'], cut: 0 })
})

test('an entry is bounded, and what is left out is counted', () => {
  const many = Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [`g${i}`, i]))
  const { fields, cut } = minute({}, many)
  expect([fields.length, cut]).toEqual([2 * (2 + 1000), 1000])
})

test('the fields of a minute do not depend on its figures', () => {
  const figures = fc.record({ x: fc.option(fc.double()), y: fc.record({ z: fc.option(fc.integer()) }) })
  const counts = fc.record({ n: fc.nat(), by: fc.dictionary(fc.string({ minLength: 1 }), fc.nat()) })
  const names = (entry: readonly string[]) => entry.filter((_, i) => i % 2 === 0)
  fc.assert(
    fc.property(counts, figures, (happened, gauges) => {
      expect(names(of(happened, gauges))).toEqual(['counts.by', 'counts.n', 'gauges.x', 'gauges.y.z'])
    }),
  )
})
