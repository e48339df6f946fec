import { expect, test } from 'vitest'
import { increaseOf } from '../../src/publish/history.ts'

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
