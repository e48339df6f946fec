import fc from 'fast-check'
import { expect, test } from 'vitest'

import { CallReader, codeOf } from '../../src/zero-code/call-reading.ts'
import type { WatchedCall } from '../../src/zero-code/call-reading.ts'
import type { Reading } from '../../src/config/targets.ts'

const returned = (value: unknown, args: unknown[] = []): WatchedCall => ({ durationMs: 5, args, value, failed: false })
const threw = (error: unknown): WatchedCall => ({ durationMs: 5, args: [], error, failed: true })
const readerOf = (reading: Omit<Reading, 'records'>, told: { readonly dropped?: string[]; readonly unread?: string[] } = {}) =>
  new CallReader(
    { records: 'attempt', ...reading },
    {
      name: 'work',
      dropped: (why) => (told.dropped ? told.dropped.push(why) : expect.unreachable(why)),
      unread: (what) => void told.unread?.push(what),
    },
  )
const read = (reading: Omit<Reading, 'records'>, call: WatchedCall, dropped?: string[]) =>
  readerOf(reading, dropped && { dropped }).read(call)

test.for([
  { why: 'what returns is a success', reading: {}, call: returned(false), is: { success: true } },
  { why: 'what throws is none', reading: {}, call: threw(new TypeError('x')), is: { success: false, errorType: 'TypeError' } },
  { why: 'what throws undefined is none', reading: {}, call: threw(undefined), is: { success: false } },
  { why: 'success by a path', reading: { success: 'body.ok' }, call: returned({ body: { ok: true } }), is: { success: true } },
  { why: 'what counts as true is a success', reading: { success: 'id' }, call: returned({ id: 7 }), is: { success: true } },
  {
    why: 'a path that never led anywhere is no verdict',
    reading: { success: 'body.ok' },
    call: returned(null),
    is: { success: 'unknown' },
  },
  { why: 'what is there and null is no success', reading: { success: 'ok' }, call: returned({ ok: null }), is: { success: false } },
  { why: 'a path leads into a list', reading: { success: '0.ok' }, call: returned([{ ok: true }]), is: { success: true } },
  {
    why: 'a path leads into a Map',
    reading: { success: 'body.ok' },
    call: returned(new Map([['body', { ok: 1 }]])),
    is: { success: true },
  },
  {
    why: 'a path leads to what a getter of the class gives, as Response has it',
    reading: { success: 'ok', errorType: 'status' },
    call: returned(new Response('', { status: 503 })),
    is: { success: false, errorType: '503' },
  },
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
  { why: 'what was never there is not 0', reading: { reportsFound: 'reports' }, call: returned({}), is: { success: true } },
  {
    why: 'what a Set and a Map hold',
    reading: { reportsFound: 'found', events: 'made' },
    call: returned({ found: new Set([1, 2]), made: new Map([[1, 2]]) }),
    is: { success: true, reportsFound: 2, events: 1 },
  },
  { why: 'null is 0', reading: { reportsFound: 'reports' }, call: returned({ reports: null }), is: { success: true, reportsFound: 0 } },
  {
    why: 'an error type that is not there is the code of the failure',
    reading: { errorType: 'reason' },
    call: threw({ code: 'ECONNRESET' }),
    is: { success: false, errorType: 'ECONNRESET' },
  },
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
    why: 'success, of which nobody can tell then',
    reading: {
      success() {
        throw new Error('no idea')
      },
    },
    is: { success: 'unknown' },
  },
  {
    why: 'success that is told later, which is no answer',
    reading: { success: async () => false },
    is: { success: 'unknown' },
  },
  {
    why: 'success that is told later, and whose promise rejects',
    reading: {
      async success() {
        throw new Error('nobody handles this')
      },
    },
    is: { success: 'unknown' },
  },
])('what an extractor failed to read is told, and the call counts: $why', ({ reading, is }) => {
  const told: string[] = []
  expect(read(reading as Omit<Reading, 'records'>, returned({ name: 'x', n: 2 }), told)).toEqual({
    name: 'work',
    durationMs: 5,
    ...is,
  })
  expect(told).toHaveLength(1)
})

test('a result is what it is, or what the extractor makes of it', () => {
  const call = returned({ batch: 1 }, ['a'])
  expect(readerOf({}).result(call)).toEqual({ batch: 1 })
  expect(readerOf({ result: 'batch' }).result(call)).toBe(1)
  expect(readerOf({ result: (value, args) => [value, args] }).result(call)).toEqual([{ batch: 1 }, ['a']])
})

class Answer {
  readonly id = 1
  get ok(): boolean {
    return true
  }
}
const LATER = 'until one has, its calls count neither as successes nor as failures'

test.for([
  {
    why: 'a path whose beginning is there',
    reading: { success: 'okay.deep' },
    value: { okay: { shallow: true }, body: 1 },
    says: `"success" of work in health.config: no result has had okay.deep so far; okay had the keys shallow; ${LATER}`,
  },
  {
    why: 'a path of which nothing is there',
    reading: { success: 'okay.deep' },
    value: new Answer(),
    says: `"success" of work in health.config: no result has had okay.deep so far; the result had the keys id, ok; ${LATER}`,
  },
  {
    why: 'a function that forgets to return',
    reading: { success: () => {} },
    value: [1, 2],
    says: `"success" of work in health.config: its function has given undefined so far; the result was a list of 2; ${LATER}`,
  },
  {
    why: 'what was found in a Map, whose keys may be data',
    reading: { reportsFound: 'reports' },
    value: new Map([
      ['found', 1],
      ['jane@example.org', 2],
    ]),
    says: '"reportsFound" of work in health.config: no result has had reports so far; the result was a Map with the keys found and 1 more; until one has, nobody knows what it finds',
  },
  {
    why: 'what was generated, of nothing',
    reading: { events: 'made' },
    value: undefined,
    says: '"events" of work in health.config: no result has had made so far; the result was undefined; until one has, nobody knows what it generates',
  },
  {
    why: 'why a result is no success',
    reading: { success: 'ok', errorType: 'why' },
    value: { ok: false, status: 500 },
    says: '"errorType" of work in health.config: no result has had why so far; the result had the keys ok, status; until one has, what failed is told apart by its code, status or name',
  },
  {
    why: 'what cannot be looked at',
    reading: { success: 'ok' },
    value: new Proxy(
      {},
      {
        ownKeys() {
          throw new Error('hidden')
        },
      },
    ),
    says: `"success" of work in health.config: no result has had ok so far; the result could not be looked at; ${LATER}`,
  },
])('what no result has had is said once, with what was there: $why', ({ reading, value, says }) => {
  const unread: string[] = []
  const reader = readerOf(reading as Omit<Reading, 'records'>, { unread })
  for (let i = 0; i < 3; i++) reader.read(returned(value))
  expect(unread).toEqual([says])
})

test('an error without what results have is nothing to speak of', () => {
  const unread: string[] = []
  expect(readerOf({ errorType: 'why' }, { unread }).read(threw({ status: 500 }))).toMatchObject({ errorType: '500' })
  expect(unread).toEqual([])
})

test('once a result has had it, one without it is a failure, and has found nothing', () => {
  const unread: string[] = []
  const reader = readerOf({ success: 'id', reportsFound: 'reports' }, { unread })
  const next = (value: unknown) => reader.read(returned(value))
  expect(next({})).toMatchObject({ success: 'unknown', reportsFound: undefined })
  expect(next({ id: 7, reports: [1, 2] })).toMatchObject({ success: true, reportsFound: 2 })
  expect(next({ id: 8 })).toMatchObject({ success: true, reportsFound: 0 })
  expect(next({ error: 'full' })).toMatchObject({ success: false })
  expect(unread).toHaveLength(2)
})

test('whatever is returned is read without a throw', () => {
  fc.assert(
    fc.property(fc.anything(), fc.string(), (value, path) => {
      const reader = readerOf({ success: path, reportsFound: path, events: path, errorType: path }, { dropped: [], unread: [] })
      expect([true, false, 'unknown']).toContain(reader.read(returned(value)).success)
    }),
  )
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
