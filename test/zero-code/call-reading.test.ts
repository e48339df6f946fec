import fc from 'fast-check'
import { expect, test } from 'vitest'

import { codeOf, readCall, readResult } from '../../src/zero-code/call-reading.ts'
import type { WatchedCall } from '../../src/zero-code/call-reading.ts'
import type { Reading } from '../../src/config/targets.ts'

const returned = (value: unknown, args: unknown[] = []): WatchedCall => ({ durationMs: 5, args, value, failed: false })
const threw = (error: unknown): WatchedCall => ({ durationMs: 5, args: [], error, failed: true })
const noneDropped = (why: string): void => expect.unreachable(why)
const read = (reading: Omit<Reading, 'records'>, call: WatchedCall, dropped = noneDropped) =>
  readCall({ records: 'attempt', ...reading }, 'work', call, dropped)

test.for([
  { why: 'what returns is a success', reading: {}, call: returned(false), is: { success: true } },
  { why: 'what throws is none', reading: {}, call: threw(new TypeError('x')), is: { success: false, errorType: 'TypeError' } },
  { why: 'what throws undefined is none', reading: {}, call: threw(undefined), is: { success: false } },
  { why: 'success by a path', reading: { success: 'body.ok' }, call: returned({ body: { ok: true } }), is: { success: true } },
  { why: 'what counts as true is a success', reading: { success: 'id' }, call: returned({ id: 7 }), is: { success: true } },
  { why: 'a path that leads nowhere is no success', reading: { success: 'body.ok' }, call: returned(null), is: { success: false } },
  {
    why: 'success by a function of result and arguments',
    reading: { success: (value: unknown, args: readonly unknown[]) => value === args[0] },
    call: returned(7, [7]),
    is: { success: true },
  },
  {
    why: 'a result that is no success may say why',
    reading: { success: 'ok', errorType: 'reason' },
    call: returned({ ok: false, reason: 'quota' }),
    is: { success: false, errorType: 'quota' },
  },
  {
    why: 'a result that is no success says its status by itself',
    reading: { success: 'ok' },
    call: returned({ ok: false, status: 503 }),
    is: { success: false, errorType: '503' },
  },
  {
    why: 'what was found: a number, or the length of a list',
    reading: { reportsFound: 'reports', events: (value: unknown) => (value as { n: number }).n },
    call: returned({ reports: [1, 2, 3], n: 2 }),
    is: { success: true, reportsFound: 3, events: 2 },
  },
  { why: 'nothing there is 0', reading: { reportsFound: 'reports' }, call: returned({}), is: { success: true, reportsFound: 0 } },
  {
    why: 'a failure found nothing',
    reading: { reportsFound: 'reports' },
    call: threw({ code: 'E' }),
    is: { success: false, errorType: 'E' },
  },
])('$why', ({ reading, call, is }) => {
  expect(read(reading, call)).toEqual({ name: 'work', durationMs: 5, ...is })
})

test.for([
  { why: 'a figure that is none', reading: { reportsFound: 'name', events: 'n' }, is: { success: true, events: 2 } },
  {
    why: 'a figure whose extractor throws',
    reading: {
      events() {
        throw new Error('no events today')
      },
    },
    is: { success: true },
  },
  {
    why: 'success, for the call itself did not fail',
    reading: {
      success() {
        throw new Error('no idea')
      },
    },
    is: { success: true },
  },
])('what an extractor failed to read is told, and the call counts: $why', ({ reading, is }) => {
  const told: string[] = []
  expect(read(reading as Omit<Reading, 'records'>, returned({ name: 'x', n: 2 }), (why) => told.push(why))).toEqual({
    name: 'work',
    durationMs: 5,
    ...is,
  })
  expect(told).toHaveLength(1)
})

test('a result is what it is, or what the extractor makes of it', () => {
  const call = returned({ batch: 1 }, ['a'])
  expect(readResult({ records: 'batch' }, call)).toEqual({ batch: 1 })
  expect(readResult({ records: 'batch', result: 'batch' }, call)).toBe(1)
  expect(readResult({ records: 'batch', result: (value, args) => [value, args] }, call)).toEqual([{ batch: 1 }, ['a']])
})

test.for([
  { why: 'a code', error: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), is: 'ECONNREFUSED' },
  { why: 'a status', error: { status: 429 }, is: '429' },
  { why: 'a statusCode', error: { statusCode: 500 }, is: '500' },
  { why: 'the code of the cause, as fetch fails', error: new TypeError('fetch failed', { cause: { code: 'ENOTFOUND' } }), is: 'ENOTFOUND' },
  { why: 'the name of a class of errors', error: new RangeError('x'), is: 'RangeError' },
  { why: 'a plain Error says nothing', error: new Error('x'), is: undefined },
  { why: 'a text says nothing: it is a message', error: 'password 1234 is wrong', is: undefined },
  { why: 'the name of a time-out, which has a numeric code too', error: new DOMException('x', 'TimeoutError'), is: 'TimeoutError' },
  { why: 'undefined', error: undefined, is: undefined },
])('the code of a failure: $why', ({ error, is }) => {
  expect(codeOf(error)).toBe(is)
})

test('whatever is thrown has a code or none', () => {
  fc.assert(
    fc.property(fc.anything(), (error) => {
      expect(['string', 'undefined']).toContain(typeof codeOf(error))
    }),
  )
})
