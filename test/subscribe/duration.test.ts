import { expect, test } from 'vitest'
import { duration } from '../../src/subscribe/duration.ts'

test.for([
  { ms: -5, is: '0 s' },
  { ms: 12_400, is: '12 s' },
  { ms: 60_000, is: '1 min' },
  { ms: 3_600_000, is: '1 h' },
  { ms: 7_500_000, is: '2 h 5 min' },
  { ms: 349_200_000, is: '4 d 1 h' },
])('$ms ms are $is', ({ ms, is }) => {
  expect(duration(ms)).toBe(is)
})
