import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeMetrics } from '../../src/wire/metrics-message.ts'
import { encodeStatus } from '../../src/wire/status-message.ts'
import type { Snapshot } from '../../src/types.ts'
import { alertOf, snapshotOf } from './fixtures.ts'

test.for<{ why: string; snapshot: Partial<Snapshot>; holds: Record<string, unknown> }>([
  {
    why: 'numbers that JSON cannot say are unknown',
    snapshot: { metrics: { a: NaN, b: Infinity, c: -0 } },
    holds: { metrics: { a: null, b: null, c: 0 } },
  },
  { why: 'a time that is no time does not break the message', snapshot: { since: NaN }, holds: { since: '1970-01-01T00:00:00.000Z' } },
  {
    why: 'a text of 10 KB is cut, and the message says that something was',
    snapshot: { reasons: ['x'.repeat(10_000)] },
    holds: { reasons: [`${'x'.repeat(1023)}…`], cut: 1 },
  },
  {
    why: 'a name that is a member of every object is a name',
    snapshot: { metrics: JSON.parse('{"__proto__":1,"constructor":2}') as Snapshot['metrics'] },
    holds: { metrics: JSON.parse('{"__proto__":1,"constructor":2}') as unknown },
  },
  { why: 'half a character becomes a whole one', snapshot: { reasons: ['\ud83d'] }, holds: { reasons: ['\ufffd'] } },
])('$why', ({ snapshot, holds }) => {
  expect(JSON.parse(encodeStatus(snapshotOf(snapshot), 1).json)).toMatchObject(holds)
})

test('control characters are escaped, those above 126 too', () => {
  const { json } = encodeStatus(snapshotOf({ reasons: ['\u001b[2J\n\u007f\u009b'] }), 1)
  expect(json).toContain('"\\u001b[2J\\n\\u007f\\u009b"')
  expect(json).not.toMatch(/\p{Cc}/u)
})

test('a message that would be too large keeps what it is about', () => {
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`metric_${i}`, i]))
  const alerts = Array.from({ length: 500 }, (_, i) => alertOf({ id: `a${i}`, message: '\u0001'.repeat(5000) }))
  const { json, cut } = encodeStatus(snapshotOf({ metrics: many, alerts }), 1)
  expect(Buffer.byteLength(json)).toBeLessThanOrEqual(65_536)
  expect(JSON.parse(json)).toMatchObject({ service: 'tracker_fetcher', status: 'degraded', cut })
  expect(cut).toBeGreaterThan(4000)
})

test('whatever a service records, the message is JSON of at most 64 KB with all its fields', () => {
  const short = fc.string({ unit: 'binary', maxLength: 20 })
  const text = fc.oneof(
    short,
    short.map((value) => value.repeat(500)),
  )
  const snapshot = fc.record({
    instance: text,
    reasons: fc.array(text, { maxLength: 10 }),
    metrics: fc.dictionary(text, fc.oneof(fc.double(), text, fc.boolean(), fc.constant(null))),
    evidence: fc.dictionary(text, fc.anything()),
    totals: fc.dictionary(text, fc.anything()),
  }) as fc.Arbitrary<Partial<Snapshot>>
  fc.assert(
    fc.property(snapshot, (change) => {
      for (const { json } of [encodeStatus(snapshotOf(change), 1), encodeMetrics(snapshotOf(change), 1)]) {
        expect(Buffer.byteLength(json)).toBeLessThanOrEqual(65_536)
        expect(Object.keys(JSON.parse(json) as object)).toEqual(expect.arrayContaining(['v', 'service', 'instance', 'beat', 'metrics']))
      }
    }),
    { numRuns: 100 },
  )
})
