import { expect, test } from 'vitest'
import { alertInstances } from '../../src/cli/alert-instances.ts'
import type { InstanceOfAlert } from '../../src/wire/alert-view.ts'

const at = '2026-11-22T10:00:00.000Z'
const entry = (state: InstanceOfAlert['state'], breaching: boolean): InstanceOfAlert => {
  return { state, severity: 'WARNING', since: at, breaching, seen: at }
}
const firing = entry('firing', true)
const well = entry('resolved', false)

test.for<{ why: string; instances: Record<string, InstanceOfAlert>; leftOut?: number; is: string | undefined }>([
  { why: 'nobody is known', instances: {}, is: undefined },
  { why: 'one that breaches goes without saying', instances: { a: firing }, is: undefined },
  { why: 'one that does not', instances: { a: well }, is: 'none of 1 instance' },
  { why: 'one that is gone', instances: { a: entry('gone', true) }, is: 'none of 1 instance; a is gone' },
  { why: 'some breach', instances: { b: firing, a: firing, c: well }, is: '2 of 3 instances: a, b' },
  { why: 'one of them is gone', instances: { b: firing, a: firing, c: entry('gone', true) }, is: '2 of 3 instances: a, b; c is gone' },
  {
    why: 'some do not know',
    instances: { a: firing, b: entry('unknown', true), c: entry('unknown', true) },
    is: '1 of 3 instances: a; b, c do not know',
  },
  { why: 'some are left out', instances: { a: firing }, leftOut: 20, is: '1 of 21 instances: a' },
  {
    why: 'there are many',
    instances: Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`i${i + 10}`, firing])),
    is: '12 of 12 instances: i10, i11, i12, i13, i14, i15, i16, i17, i18, i19 and 2 more',
  },
])('$why', ({ instances, leftOut, is }) => {
  expect(alertInstances({ instances, ...(leftOut !== undefined && { instances_left_out: leftOut }) })).toBe(is)
})
