import { expect, test } from 'vitest'
import { endOf, isAfter, isStreamId, seqOf, trimmedAfter } from '../../src/relay/stream-id.ts'

test.for([
  { a: '5-2', b: '5-1', after: true },
  { a: '6-1', b: '5-9', after: true },
  { a: '5-1', b: '5-1', after: false },
  { a: '5-10', b: '5-9', after: true },
  { a: '5-1', b: '10-1', after: false },
  { a: 'none', b: '5-1', after: false },
])('$a is after $b: $after', ({ a, b, after }) => {
  expect(isAfter(a, b)).toBe(after)
})

test.for([
  { why: 'the next one is there', after: '5-5', oldest: '3-3', newest: '6-6', seq: 6, trimmed: 0 },
  { why: 'nothing came', after: '5-5', oldest: '3-3', newest: '5-5', seq: 5, trimmed: 0 },
  { why: 'two are missing', after: '5-5', oldest: '8-8', newest: '9-9', seq: 9, trimmed: 2 },
  { why: 'the oldest is the next', after: '5-5', oldest: '6-6', newest: '9-9', seq: 9, trimmed: 0 },
  { why: 'all are missing', after: '5-5', oldest: '', newest: '', seq: 9, trimmed: 4 },
  { why: 'none was ever there', after: '0-0', oldest: '', newest: '', seq: 0, trimmed: 0 },
])('trimmed: $why', ({ after, trimmed, ...ends }) => {
  expect(trimmedAfter(after, ends)).toBe(trimmed)
  expect(trimmedAfter(endOf(ends, after), ends)).toBe(0)
})

test('what is no id is none, and has no number', () => {
  expect([isStreamId('5-5'), isStreamId('5'), isStreamId("1-1' x")]).toEqual([true, false, false])
  expect([seqOf('5-7'), seqOf('')]).toEqual([7, 0])
})
